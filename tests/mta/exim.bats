# exim.bats - the stanzas of docs/exim.md in a real Exim
#
# enclosure: exim rsyslog

load ../lib/test
load mta
load exim

start_file() {
	start_exim_file
}

setup() {
	fresh_rows
}

teardown() {
	stop_exim
	[ -z "${DNS_PID-}" ] || stop "$DNS_PID"
	DNS_PID=
}

# exim_with WORD...: Exim runs with the blocks acl, rcpt and these of the page
exim_with() {
	configure_exim acl rcpt "$@"
	start_exim "$SCRATCH/exim.conf"
}

@test "the table, with the window at each recipient" {
	exim_with
	table window -p 2526
	takes_local 127.0.1.9 -p 2526
	[ "$(stat -c %U:%G:%a "$RELAYERS.db")" = root:relayers:660 ]
}

@test "the table without a window" {
	stanza exim acl >/dev/null
	open=$(grep -o '^ *`${lookup{$sender_host_address}dbmnz{[^`]*{yes}{no}}`' "$SOURCES/docs/exim.md" | tr -d ' `' |
		sed "s,/var/lib/relayers/relayers,$RELAYERS,")
	[ -n "$open" ]
	exim_with
	stop $EXIM_PID
	awk -v open="$open" '
		/^ *condition = \$\{lookup\{/ { print "         condition = " open; skip = 1 }
		!skip { print }
		/^ *\{no\}\}$/ { skip = 0 }' "$SCRATCH/exim.conf" >"$SCRATCH/open.conf"
	grep -cF "$open" "$SCRATCH/open.conf"
	start_exim "$SCRATCH/open.conf"
	table open -p 2526
}

@test "stamp + window = now is refused, in a session that is open" {
	exim_with
	soon 127.0.1.1 -p 2526
	end=$END
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" add 127.0.1.1 $((end - WINDOW))
	smtp_open -b 127.0.1.1 -p 2526
	smtp 'MAIL FROM:<>'
	exact $end 'relay not permitted' :
	smtp_close
}

@test "IPv6 clients with zeros in every place" {
	exim_with
	shapes -p 2526
}

@test "IPv6 clients whose address begins like one that has a row are refused" {
	exim_with
	neighbours -p 2526
}

@test "odd values, and none" {
	rm "$RELAYERS.db"
	"$BUILD/tests/cli/prog_rows" "$RELAYERS.db" 127.0.2.1 OK 127.0.2.2 '' 127.0.2.3 12abc 127.0.2.4 -5 \
		127.0.2.5 99999999999999999999 127.0.2.6 '}' 127.0.2.7 '${run{/bin/false}}' 127.0.2.8 0906502527
	chmod 644 "$RELAYERS.db"
	exim_with
	for i in 1 3 4 5 6 7; do
		relays 127.0.2.$i -p 2526 || fail "$i: $REPLY"
	done
	refuses 127.0.2.2 -p 2526
	refuses 127.0.2.8 -p 2526
}

@test "missing or damaged map: nobody relays because of it, mail for this host is taken" {
	exim_with
	cp "$RELAYERS.db" "$SCRATCH/whole"
	for damage in missing empty text pages unreadable; do
		cat "$SCRATCH/whole" >"$RELAYERS.db"
		case $damage in
		missing) rm "$RELAYERS.db" ;;
		empty) : >"$RELAYERS.db" ;;
		text) seq 1 5000 >"$RELAYERS.db" ;;
		pages) damage_pages "$RELAYERS.db" ;;
		unreadable) chgrp root "$RELAYERS.db" ;;
		esac
		for client in 127.0.1.9 127.0.1.3; do
			ask $client '<somebody@example.net>' -p 2526
			[[ $REPLY == [45]* || $damage == pages && $REPLY == 000* ]] || fail "$damage: $client: $REPLY"
			takes_local $client -p 2526 || fail "$damage"
		done
	done
}

@test "a client on a DNS blocklist that has logged in may relay" {
	start_names 1.1.0.127.zen.spamhaus.org=127.0.0.2 9.1.0.127.zen.spamhaus.org=127.0.0.2
	exim_with blocklist
	relays 127.0.1.1 -p 2526 || fail "$REPLY"
	takes_local 127.0.1.1 -p 2526
	ask 127.0.1.9 '<root@mx.example.test>' -p 2526
	[[ $REPLY == 550*'listed at zen.spamhaus.org'* ]] || fail "$REPLY"
	takes_local 127.0.1.11 -p 2526 || fail "$REPLY"
}

@test "listed senders are refused, also to clients that may relay" {
	mkdir -p /etc/mail
	printf '%s\n' 'Spam@bad.example' worse.example top >/etc/mail/spammers
	chmod 644 /etc/mail/spammers
	"$BUILD/vnewspammers/vnewspammers" /etc/mail/spammers
	exim_with spammers
	for sender in spam@bad.example SPAM@Bad.Example any@worse.example any@a.b.WORSE.example any@x.top; do
		smtp_open -b 127.0.1.1 -p 2526
		smtp "MAIL FROM:<$sender>"
		smtp 'RCPT TO:<somebody@example.net>'
		[[ $REPLY == 550*'Mail from this sender is not accepted'* ]] || fail "$sender: $REPLY"
		smtp_close
	done
	for sender in ham@bad.example any@notworse.example any@top.example ''; do
		smtp_open -b 127.0.1.1 -p 2526
		smtp "MAIL FROM:<$sender>"
		smtp 'RCPT TO:<somebody@example.net>'
		[[ $REPLY == 250* ]] || fail "$sender: $REPLY"
		smtp_close
	done
}

@test "mail that would be routed through this host is refused to everybody, with the reason" {
	exim_with
	for recipient in '<somebody%example.net@mx.example.test>' '<example.net!somebody@mx.example.test>' \
		'<"somebody@example.net"@mx.example.test>' '<"somebody%example.net"@localhost>'; do
		for client in 127.0.1.9 127.0.1.1; do
			ask $client "$recipient" -p 2526
			[[ $REPLY == 550*'restricted characters in address'* ]] || fail "$client $recipient: $REPLY"
		done
	done
}
