# postfix.bats - the stanzas of docs/postfix.md in a real Postfix
#
# enclosure: postfix rsyslog

load ../lib/test
load mta

start_file() {
	start_mta_file
}

setup() {
	fresh_rows
}

teardown() {
	[ -z "${POSTFIX_PID-}" ] || stop_postfix
	POSTFIX_PID=
	[ -z "${DNS_PID-}" ] || stop "$DNS_PID"
	DNS_PID=
}

# postfix_with WORD...: Postfix runs with these blocks of the page; recipients of this host are root, nobody else
postfix_with() {
	local word
	configure_postfix
	sed -i '/^smtpd_relay_restrictions/d; /^mydestination/d; /^local_recipient_maps/d' /etc/postfix/main.cf
	printf '%s\n' 'mydestination = mx.example.test, localhost' 'local_recipient_maps = inline:{root=root}' >>/etc/postfix/main.cf
	sed -i '/^relayers =/d' /etc/postfix/main.cf
	for word in ${MAP-map} "$@"; do
		stanza postfix "$word" >>/etc/postfix/main.cf
	done
	start_as_it_is postfix
}

@test "with mynetworks and without: every listed address may relay; what cron leaves is the window" {
	for block in relay no-mynetworks; do
		fresh_rows
		postfix_with $block
		table open -p 2525
		"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" expire $((WINDOW / 60))
		table window -p 2525
		takes_local 127.0.1.9 -p 2525
		stop_postfix
	done
	POSTFIX_PID=
}

@test "mynetworks relay without a row only where it is allowed to" {
	for block in relay no-mynetworks; do
		postfix_with $block
		sed -i 's,^mynetworks = .*,mynetworks = 127.0.1.9/32,' /etc/postfix/main.cf
		stop_postfix
		start_as_it_is postfix
		if [ $block = relay ]; then
			relays 127.0.1.9 -p 2525
		else
			refuses 127.0.1.9 -p 2525
		fi
		stop_postfix
	done
	POSTFIX_PID=
}

@test "IPv6 clients with zeros in every place" {
	postfix_with relay
	shapes -p 2525
}

@test "IPv6 clients whose address begins like one that has a row are refused" {
	postfix_with relay
	neighbours -p 2525
}

@test "the map of a Postfix before 3.7: the same" {
	page_block postfix map-file >/etc/postfix/relayers.regexp
	MAP=map-before-3.7 postfix_with relay
	table open -p 2525
	neighbours -p 2525
}

@test "what the page warns of: with the plain table they may relay" {
	MAP= postfix_with
	echo "relayers = hash:$RELAYERS" >>/etc/postfix/main.cf
	stanza postfix relay >>/etc/postfix/main.cf
	postfix reload >/dev/null 2>&1
	add_addresses 2001:db8::1:7
	relays 2001:db8::1:7 -s ::1 -p 2525
}

# old_line_found WORDS...: vsmtprelay check names the place, the line and what to write
old_line_found() {
	local out status=0
	out=$("$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check) || status=$?
	[ "$status" = 1 ] || fail "status $status: $out"
	grep -A 1 "^fault: $1 .*check_client_access hash:$RELAYERS" <<<"$out" | grep -q "fix: .*pipemap:{regexp:.*,hash:$RELAYERS}" ||
		fail "no $1 in: $out"
}

old_line_not_found() {
	! "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check | grep check_client_access
}

@test "vsmtprelay check finds the line of 0.1.0 wherever it is, and nothing in what the page says" {
	postfix_with relay blocklist
	stop_postfix
	POSTFIX_PID=
	old_line_not_found
	cp /etc/postfix/main.cf "$SCRATCH/main.cf"
	cp /etc/postfix/master.cf "$SCRATCH/master.cf"
	stanza postfix submission >>/etc/postfix/master.cf
	old_line_not_found
	cp "$SCRATCH/master.cf" /etc/postfix/master.cf
	printf '%s\n' 'smtpd_client_restrictions =' '# now and then' "  check_client_access hash:$RELAYERS" >>/etc/postfix/main.cf
	old_line_found "smtpd_client_restrictions in Postfix's main.cf"
	mv /usr/sbin/postconf "$SCRATCH/postconf"
	old_line_found "smtpd_client_restrictions in Postfix's main.cf"
	printf '%s\n' "old = hash:$RELAYERS" 'smtpd_client_restrictions = check_client_access ${old}' >>/etc/postfix/main.cf
	old_line="smtpd_client_restrictions in Postfix's main.cf"
	old_line_found "$old_line"
	mv "$SCRATCH/postconf" /usr/sbin/postconf
	old_line_found "$old_line"
	cp "$SCRATCH/main.cf" /etc/postfix/main.cf
	old_line_not_found
	printf '%s\n' '2527 inet n - n - - smtpd' \
		"  -o { smtpd_relay_restrictions = permit_mynetworks, check_client_access hash:$RELAYERS, reject }" >>/etc/postfix/master.cf
	old_line_found "2527/inet/smtpd_relay_restrictions in Postfix's master.cf"
	mv /etc/postfix "$SCRATCH/elsewhere"
	old_line_not_found
	MAIL_CONFIG=$SCRATCH/elsewhere old_line_found "2527/inet/smtpd_relay_restrictions in Postfix's master.cf"
	mv "$SCRATCH/elsewhere" /etc/postfix
}

# in_order LIST...: Postfix runs with these lists of restrictions
in_order() {
	MAP=map postfix_with
	printf '%s\n' "$@" >>/etc/postfix/main.cf
	stop_postfix
	start_as_it_is postfix
}

# too_late SETTING WORD: Postfix refuses who has logged in, for this reason
too_late() {
	local out status=0 said="$1 in Postfix's main.cf has $2"
	not relays 127.0.1.1 -p 2525 || fail "$1: it relays"
	out=$("$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check) || status=$?
	[[ $status = 1 && $out == *"fault: $said"* ]] || fail "check: status $status: $out"
	status=0
	out=$("$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" why 127.0.1.1) || status=$?
	[[ $status = 1 && $out == *"refuses it: $said"* ]] || fail "why: status $status: $out"
	stop_postfix
}

@test "a restriction in front of the map decides: check and why say which" {
	asks='check_client_access $relayers'
	in_order "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination, $asks"
	too_late smtpd_relay_restrictions 'reject_unauth_destination before it asks the database'
	in_order "smtpd_relay_restrictions = permit_mynetworks, $asks, reject_unauth_destination" \
		'smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination'
	too_late smtpd_recipient_restrictions 'reject_unauth_destination and does not ask the database'
	# a list of Postfix's own
	in_order 'compatibility_level = 3.6' "smtpd_recipient_restrictions = permit_mynetworks, $asks, reject_unauth_destination"
	too_late smtpd_relay_restrictions 'defer_unauth_destination and does not ask the database'
	in_order 'smtpd_relay_restrictions =' "smtpd_recipient_restrictions = permit_mynetworks, $asks, reject_unauth_destination"
	relays 127.0.1.1 -p 2525
	not grep -F ' has ' <("$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check | grep restrictions)
	stop_postfix
	POSTFIX_PID=
}

@test "missing or damaged map: put off, mail for this host is taken" {
	postfix_with relay
	cp "$RELAYERS.db" "$SCRATCH/whole"
	for damage in missing empty text; do
		cp "$SCRATCH/whole" "$RELAYERS.db"
		case $damage in
		missing) rm "$RELAYERS.db" ;;
		empty) : >"$RELAYERS.db" ;;
		text) seq 1 5000 >"$RELAYERS.db" ;;
		esac
		postfix reload >/dev/null 2>&1
		for client in 127.0.1.9 127.0.1.3; do
			ask $client '<somebody@example.net>' -p 2525
			[[ $REPLY == [45]* ]] || fail "$damage: $client: $REPLY"
			takes_local $client -p 2525 || fail "$damage"
		done
	done
}

@test "a damaged page: the session of who wants to relay breaks off" {
	postfix_with relay
	takes_local 127.0.1.1 -p 2525
	damage_pages "$RELAYERS.db"
	touch -d "@$((EPOCHSECONDS + 60))" "$RELAYERS.db"
	ask 127.0.1.3 '<somebody@example.net>' -p 2525
	[[ $REPLY == [45]* || $REPLY == 000* ]] || fail "$REPLY"
}

@test "other values mean what access(5) says" {
	rm "$RELAYERS.db"
	"$BUILD/tests/cli/prog_rows" "$RELAYERS.db" 127.0.2.1 OK 127.0.2.2 REJECT 127.0.2.3 12abc 127.0.2.4 '' 127.0.3 OK
	postfix_with relay
	relays 127.0.2.1 -p 2525
	refuses 127.0.2.2 -p 2525
	ask 127.0.2.3 '<somebody@example.net>' -p 2525
	[[ $REPLY == 451* ]] || fail "$REPLY"
	ask 127.0.2.4 '<somebody@example.net>' -p 2525
	[[ $REPLY == 451* ]] || fail "$REPLY"
	refuses 127.0.3.77 -p 2525
}

@test "a client on a DNS blocklist that has logged in may relay" {
	start_names 1.1.0.127.zen.spamhaus.org=127.0.0.2 9.1.0.127.zen.spamhaus.org=127.0.0.2
	postfix_with relay blocklist
	relays 127.0.1.1 -p 2525 || fail "$REPLY"
	takes_local 127.0.1.1 -p 2525
	ask 127.0.1.9 '<root@mx.example.test>' -p 2525
	[[ $REPLY == *'blocked using zen.spamhaus.org'* ]] || fail "$REPLY"
	takes_local 127.0.1.11 -p 2525 || fail "$REPLY"
}

@test "listed senders are refused, also to clients that may relay" {
	mkdir -p /etc/mail
	printf '%s\n' 'Spam@bad.example' worse.example '[192.0.2.66]' >/etc/mail/spammers
	"$BUILD/vnewspammers/vnewspammers" /etc/mail/spammers
	postfix_with relay spammers
	for sender in spam@bad.example SPAM@Bad.Example any@worse.example any@a.b.WORSE.example any@[192.0.2.66]; do
		smtp_open -b 127.0.1.1 -p 2525
		smtp "MAIL FROM:<$sender>"
		smtp 'RCPT TO:<somebody@example.net>'
		[[ $REPLY == *'Sender address rejected'* ]] || fail "$sender: $REPLY"
		smtp_close
	done
	for sender in ham@bad.example any@notworse.example ''; do
		smtp_open -b 127.0.1.1 -p 2525
		smtp "MAIL FROM:<$sender>"
		smtp 'RCPT TO:<somebody@example.net>'
		[[ $REPLY == 250* ]] || fail "$sender: $REPLY"
		smtp_close
	done
}

@test "mail that would be routed through this host is refused to strangers, and with the reason to clients that may relay" {
	postfix_with relay routing
	for recipient in '<somebody%example.net@mx.example.test>' '<example.net!somebody@mx.example.test>' \
		'<somebody@example.net@mx.example.test>' '<"somebody@example.net"@mx.example.test>' '<"somebody%example.net"@localhost>'; do
		ask 127.0.1.9 "$recipient" -p 2525
		[[ $REPLY == 5* ]] || fail "$recipient: $REPLY"
		ask 127.0.1.1 "$recipient" -p 2525
		[[ $REPLY == 550*'Not routed through this host'* ]] || fail "$recipient: $REPLY"
	done
	ask 127.0.1.1 '<a%b@example.net>' -p 2525
	[[ $REPLY == 250* ]] || fail "$REPLY"
	takes_local 127.0.1.9 -p 2525
}
