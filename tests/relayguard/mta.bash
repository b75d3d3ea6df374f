# mta.bash - relayguard between a real mail server and its clients; load
# ../lib/test, guard and this

# guard_for SOCKETS... -- RULES [SETTING...]: relayguard runs with sockets at the
# places that docs/relayguard.md has, below the queue of the tests' Postfix; with
# the rows ROWS besides, and the names of ZONE, if there are any
guard_for() {
	local sockets=()
	while [ "$1" != -- ]; do
		sockets+=("$1")
		shift
	done
	shift
	prepare "$@"
	sed -i '/^milter =/d; /^policy/d' "$DIR/relayguard.conf"
	printf '%s\n' "${sockets[@]}" >>"$DIR/relayguard.conf"
	[ -z "${ZONE-}" ] || start_dns "${ZONE[@]}"
	rm -f "$DB"
	rows "127.0.1.1 $EPOCHSECONDS" "127.0.1.3 1000" ${ROWS+"${ROWS[@]}"}
	mkdir -p /run/relayguard
	start_guard
}

# session [-p] PORT CLIENT COMMAND...: the answers, a line each, in lines
session() {
	asks smtp "$@"
}

# rules that have each action; example.com is a domain that the server takes all
# mail for
actions='debug:ALL:ALL:*
allow:POP AUTH:ALL:ALL
noto:ALL:ALL:noto@*:553 5.7.1 %T from %I %C 100%%
deny:ALL:ALL:deny@*:554 5.7.1 go away
noto_delay:ALL:ALL:slow@*:550 5.7.1 slowly
deny_delay:ALL:ALL:slowdeny@*:450 4.7.1 slowly away
noto:ALL:ALL:*%*@* *!*@*:550 5.7.1 relay attempt
tag:ALL:ALL:tag@*:suspicious %I
noto:ALL:ALL:first@*:550 5.7.1 the first rule
allow:127.0.0.0/8:ALL:first@*
noto:127.0.1.0/24 EXCEPT 127.0.1.8/29 EXCEPT 127.0.1.9:ALL:except@*:550 5.7.1 except
noto:[2001:db8::7]:ALL:ALL:550 5.7.1 six %I
noto:LOCAL:ALL:here@*:553 5.7.1 submitted here
noto:ALL:/\xc3/:ALL:550 5.7.1 eight bits'

# hears N CODE [WORDS]: answer N, from 0, begins with CODE and has WORDS
hears() {
	[[ ${lines[$1]} == "$2"*"${3:-}"* ]] || fail "answer $1: ${lines[$1]}, expected $2 ${3:-} in:" "${lines[@]}"
}

# page_stanza WORD: the block of docs/relayguard.md with the tests' places
page_stanza() {
	page_block relayguard "$1"
}

# each action as a client sees it at PORT
each_action() {
	local port=$1
	session $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<noto@example.com>' 'RCPT TO:<ok@example.com>' 'RCPT TO:<tag@example.com>' \
		'RCPT TO:<first@example.com>' RSET 'MAIL FROM:<>' 'RCPT TO:<noto@example.com>' 'RCPT TO:<tag@example.com>' \
		'RCPT TO:<ok@example.com>' DATA 'message X-Spam-Warning: forged\nSubject: x\n\nx' 'MAIL FROM:<>' \
		'RCPT TO:<ok@example.com>' 'RCPT TO:<slow@example.com>' DATA 'message Subject: second\n\nx'
	hears 1 553 '<noto@example.com> from 127.0.1.2 : 100%'
	hears 2 250
	hears 3 250
	hears 4 550 'the first rule'
	hears 7 553
	hears 8 250
	hears 9 250
	hears 10 354
	hears 11 250
	hears 13 250
	hears 14 550 slowly
	hears 16 250
}

# deny ends the session at PORT, in lock step and pipelined; those who were
# accepted before lose the message
deny_closes() {
	local port=$1 how
	for how in '' -p; do
		session $how $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<ok@example.com>' 'RCPT TO:<deny@example.com>' \
			'RCPT TO:<ok@example.com>' NOOP
		hears 1 250
		hears 2 "${DENY_CODE:-554}" 'go away'
		[ -n "${DENY_CODE-}" ] || hears 3 421
		hears 4 closed
		session $how $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<slowdeny@example.com>' RSET 'MAIL FROM:<>' NOOP
		hears 1 4 'slowly away'
		[ -n "${TEMPORARY_STAYS-}" ] || hears 4 closed
	done
	session $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<ok@example.com>' 'RCPT TO:<deny@example.com>' DATA
	hears 2 "${DENY_CODE:-554}"
	[[ ${lines[3]} == 421* || ${lines[3]} == closed ]] || fail "${lines[3]}"
}

# lists, addresses of every kind, and clients with rights at PORT
lists_and_addresses() {
	local port=$1 client sender recipient
	for client in 127.0.1.2 127.0.1.9; do
		session $port $client 'MAIL FROM:<>' 'RCPT TO:<except@example.com>'
		hears 1 550 except
	done
	session $port 127.0.1.12 'MAIL FROM:<>' 'RCPT TO:<except@example.com>'
	hears 1 250
	session $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<a%b@example.com>' 'RCPT TO:<a!b@example.com>'
	hears 1 55
	hears 2 55
	# who has logged in meets no rule but the first; who has not, the server
	session $port 127.0.1.1 'MAIL FROM:<>' 'RCPT TO:<deny@example.net>' 'RCPT TO:<noto@example.net>'
	hears 1 250
	hears 2 250
	session $port 127.0.1.4 'MAIL FROM:<>' 'RCPT TO:<x@example.net>'
	[[ ${lines[1]} == 55* ]] || fail "${lines[1]}"
	session $port 2001:db8::7 'MAIL FROM:<>' 'RCPT TO:<ok@example.com>'
	hears 1 550 'six 2001:db8::7'
	session $port 2001:db8::8 'MAIL FROM:<>' 'RCPT TO:<ok@example.com>'
	hears 1 250
	# a rule is not dodged by another way to write the address
	for recipient in '<"noto"@example.com>' '<no\to@example.com>' '<noto@example.com.>' '<noto(x)@example.com>' \
		'<noto(>)@example.com>' '(x)<noto@example.com>' 'x<noto @ example.com>' '<noto@example.com(@x)>' \
		'<<noto@example.com>>' '<x:noto@example.com;>'; do
		session $port 127.0.1.2 'MAIL FROM:<>' "RCPT TO:$recipient"
		hears 1 "${DODGE_CODE:-553}"
	done
	for sender in '<">\" client=[1.2.3.4]"@localhost>' '<%s%n%s@localhost>' "<$(printf 'x%.0s' {1..200})@localhost>"; do
		session $port 127.0.1.2 "MAIL FROM:$sender" 'RCPT TO:<noto@example.com>'
		[[ ${lines[1]} == [45]* ]] || fail "$sender: ${lines[1]}"
	done
}

# ---- what the server makes of an address ----

# rules by which spellings.py asks
by_spelling='noto:127.0.1.2:ALL:noto@example.com:553 5.7.1 by rule
allow:127.0.1.4:ALL:friend@example.com
noto:127.0.1.4:ALL:ALL:553 5.7.1 by rule'

# no_spelling_dodges SERVER PORT QUEUE: a rule about an address is about what the
# server delivers to it, whatever is written
no_spelling_dodges() {
	local count=1500 to_noto to_friend
	! short || count=40
	python3 "$SOURCES/tests/relayguard/spellings.py" "$@" $count ${SEED-} >"$SCRATCH/spellings" 2>&1 3>&- ||
		fail "$(tail "$SCRATCH/spellings")"
	read -r _ _ _ to_noto _ _ to_friend _ < <(tail -n 1 "$SCRATCH/spellings")
	# nothing else is there, and the server took many
	[ "$(wc -l <"$SCRATCH/spellings")" = 1 ] || fail "$(cat "$SCRATCH/spellings")"
	((${to_noto%,} >= 25 && ${to_friend%,} >= 25)) || fail "$(cat "$SCRATCH/spellings")"
}

# ---- pauses and limits ----

# of strangers: two messages, five recipients; of who has logged in: one message;
# the second recipient of a session waits
limits=('throttle = 2/1h' 'throttle-recipients = 5/1h' 'throttle-pop = 1/1h' 'delay = 0')
pauses=('tarpit-after = 1' 'tarpit = 6s')

# limited_clients: they are there
limited_clients() {
	ROWS=("203.0.113.1 $EPOCHSECONDS")
	add_addresses 203.0.113.{1..6}
}

# limits_hold PORT: a message counts once, whatever its recipients; each client
# has limits of its own, and what is too much is refused for now
limits_hold() {
	local port=$1 message=(DATA 'message Subject: x\n\nx')
	session $port 203.0.113.2 'MAIL FROM:<>' 'RCPT TO:<a@example.com>' 'RCPT TO:<b@example.com>' "${message[@]}" \
		'MAIL FROM:<>' 'RCPT TO:<a@example.com>' "${message[@]}" 'MAIL FROM:<>' 'RCPT TO:<a@example.com>'
	hears 2 250
	hears 4 250
	hears 6 250
	hears 8 250
	hears 10 450 'too much mail'
	# nor by another session
	session $port 203.0.113.2 'MAIL FROM:<>' 'RCPT TO:<a@example.com>'
	hears 1 450 'too much mail'
	session $port 203.0.113.3 'MAIL FROM:<>' 'RCPT TO:<'{a,b,c,d,e,f}'@example.com>'
	hears 5 250
	hears 6 450 'too much mail'
	session $port 203.0.113.1 'MAIL FROM:<>' 'RCPT TO:<a@example.net>' 'RCPT TO:<b@example.net>' "${message[@]}" \
		'MAIL FROM:<>' 'RCPT TO:<a@example.net>'
	hears 2 250
	hears 4 250
	hears 6 450 'too much mail'
	# this host has none
	session $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<'{a,b,c,d,e,f}'@example.com>'
	hears 6 250
	said 'rcpt throttle rule=1 client=[203.0.113.2] reply="450 4.7.1 '
}

# later_ones_wait PORT: a recipient that waits keeps no other client waiting
later_ones_wait() {
	local port=$1 waiter
	python3 "$SOURCES/tests/relayguard/peers.py" smtp $port 203.0.113.4 'MAIL FROM:<>' 'RCPT TO:<a@example.com>' \
		'RCPT TO:<b@example.com>' >"$DIR/waits" 3>&- &
	waiter=$!
	eventually one_pauses
	session $port 203.0.113.5 'MAIL FROM:<>' 'RCPT TO:<a@example.com>'
	hears 1 250
	# the other has its first answer, and not the second
	[ "$(wc -l <"$DIR/waits")" = 2 ] || skip 'this machine is slower than a pause'
	wait $waiter
	[[ $(tail -n 1 "$DIR/waits") == 250* ]] || fail "$(cat "$DIR/waits")"
	session $port 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<'{a,b,c}'@example.com>'
	hears 3 250
}

one_pauses() {
	kill -USR1 "$GUARD_PID"
	said 'stats: pauses=1'
}

# ---- the rules that are shipped ----

# clients of the sample's rules, none of them of this host or its loopback
member=203.0.113.1	stranger=203.0.113.2	former=203.0.113.3	office=192.0.2.7	junk=198.51.100.5
listed=203.0.113.66	listed_member=203.0.113.67
member6=2001:db8:2::1	office6=2001:db8:1::1	stranger6=2001:db8:2::2

# sample_rules: the shipped sample is in SAMPLE, with the blocklist it offers; who
# has logged in is in ROWS, and what the DNS has in ZONE
sample_rules() {
	ROWS=("$member $EPOCHSECONDS" "$listed_member $EPOCHSECONDS" "$member6 $EPOCHSECONDS" "$former 1000")
	ZONE=('example.org a 203.0.113.9' 'example.com a 203.0.113.9' 'known.example a 203.0.113.9'
		'2.0.0.127.bl.example.org a 127.0.0.2'
		'66.113.0.203.bl.example.org a 127.0.0.4' '67.113.0.203.bl.example.org a 127.0.0.4'
		'2.113.0.203.bl.example.org a 127.0.0.3')
	add_addresses $member $stranger $former $office $junk $listed $listed_member $member6 $office6 $stranger6
	SAMPLE=$(sed 's/^#noto:RBL/noto:RBL/' "$SOURCES/relayguard/rules.sample")
}

# says PORT CLIENT SENDER RECIPIENT CODE [WORDS]: what RCPT is answered
says() {
	session "$1" "$2" "MAIL FROM:$3" "RCPT TO:$4"
	hears 1 "$5" "${6-}"
}

# as_the_sample_says PORT: what its comments promise
as_the_sample_says() {
	local port=$1 client
	# who has logged in relays, from a listed address too, and meets no rule; the
	# same address without an entry, or with an old one, does not relay
	for client in $member $listed_member $member6; do
		session $port $client 'MAIL FROM:<a@example.org>' 'RCPT TO:<x@example.org>' 'RCPT TO:<everybody@example.com>' \
			'RCPT TO:<ok@example.com>' DATA 'message Subject: x\n\nx'
		hears 1 250
		hears 2 250
		hears 3 250
		hears 5 250
	done
	for client in $stranger $former $stranger6 $listed; do
		says $port $client '<>' '<x@example.org>' 55
	done
	# mail for this site is taken from strangers and from the office alike
	for client in $stranger $former $stranger6 $office $office6; do
		says $port $client '<>' '<ok@example.com>' 250
	done
	eventually says_listed $port
	says $port $listed '<>' '<abuse@example.com>' 250
	says $port $stranger '<>' '<a%b@example.com>' 55
	says $port $stranger '<>' '<everybody@example.com>' 550 '<> may not write to <everybody@example.com>'
	says $port $stranger '<a@example.com>' '<everybody@example.com>' 250
	says $port $office '<>' '<everybody@example.com>' 250
	says $port $junk '<>' '<postmaster@example.com>' 250
	session $port $junk 'MAIL FROM:<>' 'RCPT TO:<postmaster@example.com>' 'RCPT TO:<ok@example.com>' \
		'RCPT TO:<postmaster@example.com>' NOOP
	hears 1 250
	hears 2 550 'no mail is taken from'
	hears 3 421
	hears 4 closed
}

# a list has to pass its test first, and its first hit asks for a proof
says_listed() {
	session "$1" $listed 'MAIL FROM:<>' 'RCPT TO:<ok@example.com>'
	[[ ${lines[1]} == "550"*"$listed is listed"* ]]
}
