# sendmail.bats - FEATURE(`relayers') and relayers.cf in a real sendmail: who may relay, when, and what if something is missing
#
# enclosure: sendmail sasl rsyslog

load ../lib/test
load mta

start_file() {
	start_mta_file
}

setup() {
	fresh_rows
}

teardown() {
	end_sendmail
	[ ! -e /usr/bin/date.aside ] || mv /usr/bin/date.aside /usr/bin/date
}

@test "with a window, IPv6 as sendmail spells it and compressed" {
	for compressed in False True; do
		sendmail_with "$with_window" "define(\`confUSE_COMPRESSED_IPV6_ADDRESSES', \`$compressed')dnl"
		table window
		end_sendmail
	done
}

@test "without a window every listed address may relay" {
	sendmail_with "$without_window"
	table open
}

@test "a window in seconds, minutes, hours and days; other words are refused when the file is made" {
	cp "$SOURCES/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	cp "$BUILD/placed/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	while read -r given seconds; do
		relayers_mc "FEATURE(\`relayers', \`hash -o /map', \`$given')dnl"
		[ "$(m4 "$SCRATCH/sendmail.mc" | grep '^D{RelayersWindow}')" = "D{RelayersWindow}$seconds" ] || fail "$given"
	done <<<$'3600 3600\n90s 90\n60m 3600\n1h 3600\n30d 2592000\n'
	for given in 0 0m 060m m 1h30m 60x 6m0 -5 1e3 h1 999999d '60 m'; do
		relayers_mc "FEATURE(\`relayers', \`hash -o /map', \`$given')dnl"
		run m4 "$SCRATCH/sendmail.mc"
		[ "$status" != 0 ] || fail "$given is taken"
		[[ $output == *"expected a window such as 60m, 1h or 3600, got \"$given\""* ]] || fail "$given: $output"
	done
	relayers_mc "FEATURE(\`relayers', \`hash -o /map', \`60m', \`more')dnl"
	run m4 "$SCRATCH/sendmail.mc"
	[ "$status" != 0 ]
	[[ $output == *'takes two arguments'* ]]
}

again() {
	smtp RSET
	smtp 'MAIL FROM:<>'
}

message() {	# in place of RSET: the message is delivered to the queue; after a refusal there is nothing to send
	if [[ $REPLY == 250* ]]; then
		smtp DATA
		smtp .
		[[ $REPLY == 250* ]] || fail "$REPLY"
	else
		smtp RSET
	fi
	smtp 'MAIL FROM:<>'
}

@test "stamp + window = now is refused, to the second: in one transaction, after RSET, after delivered messages" {
	sendmail_with "$with_window"
	for between in : again message; do
		soon 127.0.1.1
		end=$END
		"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" add 127.0.1.1 $((end - WINDOW))
		smtp_open -b 127.0.1.1
		smtp 'MAIL FROM:<>'
		exact $end 'Relaying denied' $between
		smtp_close
	done
}

@test "a session that idles across the end of its window is refused, in the transaction that is open and in the next" {
	sendmail_with "$with_window"
	soon 127.0.1.1
	end=$END
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" add 127.0.1.1 $((end - WINDOW))
	smtp_open -b 127.0.1.1
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<a@example.net>'
	[[ $REPLY == 250* ]]
	until [ $EPOCHSECONDS -ge $((end + 1)) ]; do
		nap 0.1
	done
	smtp 'RCPT TO:<b@example.net>'
	[[ $REPLY == 550* ]]
	again
	smtp 'RCPT TO:<b@example.net>'
	[[ $REPLY == 550* ]]
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" add 127.0.1.1		# fetches mail again
	smtp 'RCPT TO:<b@example.net>'
	[[ $REPLY == 250* ]]
	smtp_close
}

@test "an expired client is refused in every transaction of a session, a listed one in none" {
	sendmail_with "$with_window"
	for client in 127.0.1.1 127.0.1.3 127.0.1.5 127.0.1.9; do
		smtp_open -b $client
		smtp 'MAIL FROM:<>'
		for between in again message again message again; do
			smtp 'RCPT TO:<a@example.net>'
			[[ $REPLY == 250* && $client == *[15] || $REPLY == 550* && $client == *[39] ]] || fail "$client: $REPLY"
			$between
		done
		smtp_close
	done
}

@test "a row with an odd value lets nobody else in; one without a value nobody" {
	values=('' ' ' '-5' '1e9' '12abc' '0x7fffffff' '9999999999999' '99999999999999999999' 'REJECT no' '"' '(' '\\' '>' '< >'
		'a $| RELAY' '$# RELAY' 'RELAY' '\200\377' '<' 'TRUE' '> < 9999999999' '0000000000000')
	rows=()
	for i in "${!values[@]}"; do
		rows+=("127.0.2.$((i + 1))" "${values[i]}")
	done
	rm -f "$RELAYERS.db"
	"$BUILD/tests/cli/prog_rows" "$RELAYERS.db" "${rows[@]}" 127.0.1.3 $LONG_AGO
	sendmail_with "$with_window"
	refuses 127.0.2.1
	for i in "${!values[@]}"; do
		ask "127.0.2.$((i + 1))" '<somebody@example.net>'
		echo "# ${values[i]}: $REPLY" >>"$SCRATCH/odd"
		[[ $REPLY == [2-5][0-9][0-9]\ * ]] || fail "${values[i]}: $REPLY"
		# sendmail reads the value as an address: with half a pair in it it takes nothing at all from this client
		takes_local "127.0.2.$((i + 1))" || [[ $REPLY == '553 5.0.0 '*'... Unbalanced'* ]] || fail "${values[i]}: $REPLY"
	done
	for i in 3 4 5 6 7 8; do
		relays "127.0.2.$i" || fail "${values[i - 1]}: $REPLY"
	done
	refuses 127.0.1.3
	refuses 127.0.1.9
}

# date_is SCRIPT: what /bin/date is until the end of the test
date_is() {
	[ -e /usr/bin/date.aside ] || mv /usr/bin/date /usr/bin/date.aside
	printf '#!/bin/sh\n%s\n' "$1" >/usr/bin/date
	chmod 755 /usr/bin/date
}

@test "without a clock nobody with a time may relay; who is permanent, may" {
	sendmail_with "$with_window"
	for clock in 'exit 1' 'exit 0' 'echo' 'echo now' 'echo -1' 'echo 1e3' 'echo 99999999999999999999' 'echo 5; exit 1' \
		'kill -9 $$' 'echo "$# RELAY"' 'echo \"'; do
		date_is "$clock"
		for client in 127.0.1.1 127.0.1.6; do
			ask $client '<somebody@example.net>'
			[[ $REPLY == [45]* ]] || fail "$clock: $client: $REPLY"
		done
		relays 127.0.1.5
		takes_local 127.0.1.9
	done
	rm /usr/bin/date
	refuses 127.0.1.1
	relays 127.0.1.5
	mv /usr/bin/date.aside /usr/bin/date
	relays 127.0.1.1
}

@test "SMTP AUTH relays as before: without a row, with an old one; and nobody else does" {
	sasl_for_alice
	for delay in dnl "FEATURE(\`delay_checks')dnl"; do
		sendmail_with "$with_window" "${authenticating[@]}" "$delay"
		for client in 127.0.1.1 127.0.1.3 127.0.1.9; do
			authenticates $client secret 235 250
		done
		authenticates 127.0.1.9 wrong 535 550
		end_sendmail
	done
}

@test "no map: nobody relays, mail for this host is taken; the map that comes is found" {
	rm "$RELAYERS.db"
	for feature in "$with_window" "$without_window"; do
		sendmail_with "$feature"
		refuses 127.0.1.1
		takes_local 127.0.1.1
		takes_local 127.0.1.9
		fresh_rows
		relays 127.0.1.1
		rm "$RELAYERS.db"
		end_sendmail
	done
}

# With a damaged page sendmail itself, not a rule, answers 451 to the client whose row would be there; the mail comes again.
@test "a damaged map: nobody relays because of it, mail for this host is taken" {
	cp "$RELAYERS.db" "$SCRATCH/whole"
	size=$(stat -c %s "$SCRATCH/whole")
	sendmail_with "$with_window"
	for damage in empty half text zeros meta pages; do
		cp "$SCRATCH/whole" "$RELAYERS.db"
		case $damage in
		empty) : >"$RELAYERS.db" ;;
		half) truncate -s $((size / 2 - 100)) "$RELAYERS.db" ;;
		text) seq 1 5000 >"$RELAYERS.db" ;;
		zeros) head -c "$size" /dev/zero >"$RELAYERS.db" ;;
		meta) printf 'xxxxxxxxxxxx' | dd of="$RELAYERS.db" bs=1 seek=8 conv=notrunc status=none ;;
		pages) damage_pages "$RELAYERS.db" ;;
		esac
		touch -d "@$((EPOCHSECONDS + 60))" "$RELAYERS.db"
		ask 127.0.1.9 '<somebody@example.net>'
		[[ $REPLY == [45]* ]] || fail "$damage: absent: $REPLY"
		ask 127.0.1.3 '<somebody@example.net>'
		[[ $REPLY == [45]* ]] || fail "$damage: expired: $REPLY"
		for client in 127.0.1.1 127.0.1.9; do
			takes_local $client || [[ $damage == pages && $REPLY == '451 4.0.0 db_map_lookup'* ]] || fail "$damage: $REPLY"
		done
	done
}

@test "a map in a directory that its group may write to is not read when -o stands there, and vsmtprelay check says so" {
	sendmail_with "$with_window"
	relays 127.0.1.1
	chmod 775 "$SCRATCH"
	refuses 127.0.1.1
	refuses 127.0.1.5
	takes_local 127.0.1.1
	run "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check
	chmod 755 "$SCRATCH"
	[ "$status" = 1 ]
	[[ $output == *sendmail* ]] || fail "$output"
	relays 127.0.1.1
}

@test "IPv4 clients of a socket of IPv6" {
	sendmail_with "$with_window"
	quietly sendmail6 /usr/libexec/sendmail/sendmail -bD -ODeliveryMode=queueonly -OQueueDirectory="$WORK/mqueue" \
		-ORefuseLA=0 -OQueueLA=0 -OPidFile="$WORK/6.pid" -ODaemonPortOptions=Name=MTA6,Family=inet6,Addr=::,Port=2526 -OTimeout.ident=0 3>&- &
	other=$!
	comes_up sendmail6 $other listens 2526
	relays 127.0.1.1 -p 2526 || fail "$REPLY"
	refuses 127.0.1.3 -p 2526
	stop $other
	for spelling in IPv6:::ffff:192.0.2.1 IPv6:0:0:0:0:0:ffff:192.0.2.1 192.0.2.1; do
		[ "$(rule_set RelayersAddress $spelling)" = 192.0.2.1 ]
	done
}

# recipients that name this host, or none, and mean another
routed='<somebody%example.net@mx.example.test>
<example.net!somebody@mx.example.test>
<there!somebody@mx.example.test>
<somebody@example.net@mx.example.test>
<"somebody@example.net"@mx.example.test>
<"somebody%example.net"@mx.example.test>
<"example.net!somebody"@mx.example.test>
<@mx.example.test:somebody@example.net>
<@mx.example.test,@example.org:somebody@example.net>
<example.net!somebody>
<there!somebody>
<somebody%example.net>
<somebody%example.net@MX.Example.TEST>
<somebody%example.net@[127.0.0.1]>
<somebody%example.net%mx.example.test@mx.example.test>
<example.org!example.net!somebody%mx.example.test@mx.example.test>
<somebody%example.net@localhost>
somebody%example.net@mx.example.test'

@test "relay probes are refused to strangers, and to those who may relay, with the reason" {
	for delay in dnl "FEATURE(\`delay_checks')dnl" "FEATURE(\`loose_relay_check')dnl" "FEATURE(\`nocanonify')dnl"; do
		sendmail_with "$with_window" "$delay"
		for client in 127.0.1.9 127.0.1.1; do
			while read -r recipient; do
				ask $client "$recipient"
				[[ $REPLY == 55[03]\ 5.* ]] || fail "$client $recipient: $REPLY"
				[[ $REPLY == *'Not routed through this host'* || $recipient == *@*@mx* ]] || fail "$client $recipient: $REPLY"
			done <<<"$routed"
		done
		# what only looks like it: other hosts' local parts, and local mail
		for recipient in '<a%b@example.net>' '<a!b@example.net>' '<"a b"@example.net>' '<"a@b"@example.net>' '<a+b=c@example.net>'; do
			ask 127.0.1.1 "$recipient"
			[[ $REPLY == 250* ]] || fail "$recipient: $REPLY"
			ask 127.0.1.9 "$recipient"
			[[ $REPLY == 550*'Relaying denied'* ]] || fail "$recipient: $REPLY"
		done
		for recipient in '<root>' '<root@mx.example.test>' '<"root"@mx.example.test>' '<root%mx.example.test@mx.example.test>' \
			'<@mx.example.test:root@mx.example.test>'; do
			for client in 127.0.1.1 127.0.1.9; do
				ask $client "$recipient"
				[[ $REPLY == 250* ]] || fail "$client $recipient: $REPLY"
			done
		done
		end_sendmail
	done
}

@test "IPv6 clients with zeros in every place" {
	sendmail_with "$with_window"
	shapes
}

@test "IPv6 clients whose address begins like one that has a row are refused" {
	sendmail_with "$with_window"
	neighbours
	end_sendmail
	sendmail_with "$without_window"
	neighbours
}

@test "400 random IPv6 addresses come out as inet_ntop(3) writes them" {
	relayers_mc "$with_window"
	configure_sendmail "$SCRATCH/sendmail.mc"
	"$BUILD/tests/interop/prog_addresses" 400 >"$SCRATCH/addresses"
	cut -d ' ' -f 2 "$SCRATCH/addresses" | diff - <(rule_set RelayersAddress $(sed 's/^/IPv6:/; s/ .*//' "$SCRATCH/addresses"))
	cut -d ' ' -f 2 "$SCRATCH/addresses" | diff - <(rule_set RelayersAddress $(sed 's/.* /IPv6:/' "$SCRATCH/addresses"))
}

# ---- relayers.cf ----

# by_hand SED-SCRIPT: sendmail with a sendmail.cf that knows nothing of the feature, relayers.cf at its end and the window in it
by_hand() {
	relayers_mc dnl
	configure_sendmail "$SCRATCH/sendmail.mc"
	! grep -i relayers /etc/mail/sendmail.cf | grep -v sample || fail "it knows"
	sed -e "s,/var/lib/relayers/relayers,$RELAYERS," -e "s/^D{RelayersWindow}.*/D{RelayersWindow}$WINDOW/" \
		"$SOURCES/sendmail-cf/relayers.cf" >>/etc/mail/sendmail.cf
	sed -i "$1" /etc/mail/sendmail.cf
	start_as_it_is sendmail
}

@test "relayers.cf at the end of a sendmail.cf" {
	by_hand ''
	table window
	ask 127.0.1.1 '<somebody%example.net@mx.example.test>'
	[[ $REPLY == '550 5.7.1 '*'Not routed through this host'* ]]
	takes_local 127.0.1.9
}

@test "relayers.cf in a sendmail.cf with a check_rcpt of its own" {
	# as its last section says; what would ask otherwise is made a comment
	sed -n '/^# ---- if sendmail.cf has no line/,$s/^#R/R/p' "$SOURCES/sendmail-cf/relayers.cf" >"$SCRATCH/rules"
	[ "$(wc -l <"$SCRATCH/rules")" = 5 ]
	by_hand "/\$>\"Local_Relay_Auth\"/s/^/#/; s/\$>\"Local_check_rcpt\" \$1/OK/; /^Scheck_rcpt/r $SCRATCH/rules"
	table window
	ask 127.0.1.1 '<somebody%example.net@mx.example.test>'
	[[ $REPLY == '550 5.7.1 '*'Not routed through this host'* ]]
	takes_local 127.0.1.9
}

@test "relayers.cf has the rules that the feature makes" {
	cp "$SOURCES/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	cp "$BUILD/placed/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	rules() { sed -E -e 's/\t+/\t/g' -e '/^[KDSR]/!d' "$@"; }
	relayers_mc "$without_window"
	m4 "$SCRATCH/sendmail.mc" | rules >"$SCRATCH/with"
	relayers_mc dnl
	m4 "$SCRATCH/sendmail.mc" | rules >"$SCRATCH/without"
	diff "$SCRATCH/without" "$SCRATCH/with" | sed -n 's/^> //p' >"$SCRATCH/feature"
	rules "$SOURCES/sendmail-cf/relayers.cf" | diff "$SCRATCH/feature" -
}
