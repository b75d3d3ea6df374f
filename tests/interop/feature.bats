# feature.bats - FEATURE(`relayers'): who may relay, in sendmail's own words
#
# enclosure: sendmail rsyslog

load ../lib/test

start_file() {
	export RELAYERS=$SCRATCH/relayers
	ip address add 2001:db8::a:0:0:7/128 dev lo
	ip address add 2001:db8::a:0:0:8/128 dev lo
	start_rsyslog
}

setup() {
	rm -f "$RELAYERS".db*
	printf '%s\n' '127.0.0.5 1000' '127.0.0.6 OK' '2001:db8::a:0:0:7 1000' '127.0.7 1000' | makemap hash "$RELAYERS"
}

teardown() {
	[ -z "${SENDMAIL_PID-}" ] || stop_sendmail
}

# mc LINES: the sample with LINES before its mailers
mc() {
	while IFS= read -r line; do
		[[ $line != "MAILER(\`local')"* ]] || printf '%s\n' "$1"
		printf '%s\n' "$line"
	done <"$LIB/../../sendmail-cf/sample.mc" >"$SCRATCH/sendmail.mc"
}

@test "listed clients relay, with a time or another value; others do not" {
	start_sendmail
	relays 127.0.0.5
	relays 127.0.0.6
	refuses 127.0.0.7
	[[ $REPLY == '550 5.7.1 '*'Relaying denied'* ]]
	refuses 127.0.0.55
}

@test "IPv6, in both spellings of sendmail" {
	for compressed in False True; do
		mc "define(\`confUSE_COMPRESSED_IPV6_ADDRESSES', \`$compressed')dnl"
		start_sendmail "$SCRATCH/sendmail.mc"
		relays 2001:db8:0:0:a::7 -s ::1
		refuses 2001:db8::a:0:0:8 -s ::1
		stop_sendmail
		SENDMAIL_PID=
	done
}

@test "every recipient, and every transaction of a session, is asked for" {
	start_sendmail
	for client in 127.0.0.5 127.0.0.7; do
		smtp_open -b $client
		for transaction in 1 2 3; do
			smtp 'MAIL FROM:<>'
			for recipient in a b; do
				smtp "RCPT TO:<$recipient@example.net>"
				[[ $REPLY == 250* && $client == *5 || $REPLY == 550* && $client == *7 ]] || fail "$client: $REPLY"
			done
			smtp RSET
		done
		smtp_close
	done
}

@test "no map: nobody relays, mail for this host is taken" {
	rm "$RELAYERS.db"
	start_sendmail
	refuses 127.0.0.5
	[[ $REPLY == 550* ]]
	smtp_open -b 127.0.0.5
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<root@mx.example.test>'
	[[ $REPLY == 250* ]]
	smtp_close
	setup
	relays 127.0.0.5
}

@test "rules of the administrator in the same hook are asked too, before ours and after them" {
	mc "$(printf '%s\n' LOCAL_RULESETS SLocal_Relay_Auth $'R$*\t$: $1 $| $&{client_addr}' $'R$* $| 127.0.0.8\t$# RELAY' \
		$'R$* $| $*\t$: $1')"
	feature=$(grep "^FEATURE(\`relayers'" "$SCRATCH/sendmail.mc")
	cp "$SCRATCH/sendmail.mc" "$SCRATCH/after.mc"		# after ours, and before
	grep -vF "$feature" "$SCRATCH/sendmail.mc" | while IFS= read -r line; do
		[[ $line != "MAILER(\`local')"* ]] || printf '%s\n' "$feature"
		printf '%s\n' "$line"
	done >"$SCRATCH/before.mc"
	for order in before after; do
		start_sendmail "$SCRATCH/$order.mc"
		relays 127.0.0.5 || fail "$order, listed: $REPLY"
		relays 127.0.0.8 || fail "$order, the administrator's: $REPLY"
		refuses 127.0.0.7
		stop_sendmail
		SENDMAIL_PID=
	done
}

@test "400 random IPv6 addresses come out as RFC 5952 writes them" {
	configure_sendmail
	"$BUILD/tests/interop/prog_addresses" 400 >"$SCRATCH/addresses"		# sendmail's spelling, blank, inet_ntop(3)'s
	sed 's/^\([^ ]*\) .*/RelayersAddress IPv6:\1/' "$SCRATCH/addresses" | /usr/libexec/sendmail/sendmail -bt |
		sed -n 's/^RelayersAddress  *returns: //p' | tr -d ' ' >"$SCRATCH/returned"
	cut -d ' ' -f 2 "$SCRATCH/addresses" | diff - "$SCRATCH/returned"
}
