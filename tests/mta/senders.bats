# senders.bats - FEATURE(`spammers') with FEATURE(`relayers') and delay_checks, and DNS blocklists, in a real sendmail
#
# enclosure: sendmail rsyslog

load ../lib/test
load mta

start_file() {
	export RELAYERS=$SCRATCH/relayers
	start_rsyslog
	printf '%s\n' '# from whom no mail is taken' 'Spam@bad.Example' 'worse.example   # all of it' 'top' '[192.0.2.66]' \
		>"$SCRATCH/spammers"
	fresh_rows
}

setup() {
	spammers="FEATURE(\`spammers', \`hash -o $SCRATCH/spammers')dnl"
	"$BUILD/vnewspammers/vnewspammers" "$SCRATCH/spammers"
}

teardown() {
	end_sendmail
	[ -z "${DNS_PID-}" ] || stop "$DNS_PID"
	DNS_PID=
}

delay="FEATURE(\`delay_checks')dnl"
unresolvable="FEATURE(\`accept_unresolvable_domains')dnl"

# mail_from CLIENT SENDER [COMMAND...]: leaves the answer to MAIL in REPLY, that to RCPT of a remote recipient in RCPT_REPLY
mail_from() {
	local answer client=$1 sender=$2
	shift 2
	smtp_open -b "$client"
	for command; do
		smtp "$command"
	done
	smtp "MAIL FROM:$sender"
	answer=$REPLY
	smtp 'RCPT TO:<somebody@example.net>'
	RCPT_REPLY=$REPLY
	smtp_close
	REPLY=$answer
}

listed() {
	cat <<-'END'
	<spam@bad.example>
	<SPAM@BAD.EXAMPLE>
	<Spam@Bad.Example.>
	spam@bad.example
	<anybody@worse.example>
	<anybody@WORSE.example>
	<anybody@mail.worse.example>
	<anybody@a.b.c.d.worse.example>
	<"any body"@worse.example>
	<a+b@spam.top>
	<anybody@[192.0.2.66]>
	<@relay.example:spam@bad.example>
	END
}

unlisted() {
	cat <<-'END'
	<ham@bad.example>
	<spam@good.example>
	<spam@sub.bad.example>
	<anybody@notworse.example>
	<anybody@worse.example.net>
	<worse.example@good.example>
	<anybody@top.example>
	<anybody@[192.0.2.6]>
	<anybody@example>
	END
}

# refuses_senders FEATURE-LINE...: in this order in the configuration
refuses_senders() {
	local client sender
	sendmail_with "$@"
	for client in 127.0.1.1 127.0.1.9; do
		while read -r sender; do
			mail_from $client "$sender"
			[[ $REPLY == '550 5.7.1 '*'Mail from this sender is not accepted'* ]] || fail "$*: $client $sender: $REPLY"
			[[ $RCPT_REPLY == 503* ]] || fail "$RCPT_REPLY"
		done < <(listed)
		while read -r sender; do
			mail_from $client "$sender"
			[[ $REPLY == 250* ]] || fail "$*: $client $sender: $REPLY"
			[[ $RCPT_REPLY == 250* && $client == *1 || $RCPT_REPLY == 550*'Relaying denied'* && $client == *9 ]] || fail "$RCPT_REPLY"
		done < <(unlisted)
		mail_from $client '<>'
		[[ $REPLY == 250* ]]
	done
	end_sendmail
}

@test "listed by address, host or parent domain: refused at MAIL, to strangers and to those who may relay" {
	refuses_senders "$with_window" "$unresolvable" "$spammers"
}

@test "the same with delay_checks, wherever it stands" {
	refuses_senders "$with_window" "$unresolvable" "$delay" "$spammers"
	refuses_senders "$spammers" "$unresolvable" "$with_window" "$delay"
}

@test "without a map, or with an empty one, every sender is taken; rules of one's own in the same hook are asked too" {
	rm "$SCRATCH/spammers.db"
	for rules in SLocal_check_mail Scheck_mail; do
		[ $rules = SLocal_check_mail ] && more=dnl || more=$delay
		sendmail_with "$with_window" "$unresolvable" "$more" "$spammers" LOCAL_RULESETS $rules \
			$'R<own@$*>\t$#error $@ 5.7.1 $: "550 own rule"'
		mail_from 127.0.1.1 '<spam@bad.example>'
		[[ $REPLY == 250* && $RCPT_REPLY == 250* ]] || fail "$REPLY, $RCPT_REPLY"
		mail_from 127.0.1.1 '<own@good.example>'
		[[ $REPLY == '550 5.7.1 '*'own rule'* ]] || fail "$REPLY"
		end_sendmail
	done
}

@test "the lines of sendmail-cf/README.md, all together" {
	mkdir -p /etc/mail
	cp "$SCRATCH/spammers" /etc/mail/spammers
	"$BUILD/vnewspammers/vnewspammers" /etc/mail/spammers
	sendmail_with "$(stanza ../sendmail-cf/README mc)" "$(stanza ../sendmail-cf/README more)" "$unresolvable"
	relays 127.0.1.1
	refuses 127.0.1.3
	mail_from 127.0.1.1 '<spam@bad.example>'
	[[ $REPLY == '550 5.7.1 '* ]]
}

@test "a second argument is refused" {
	cp "$SOURCES/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	cp "$BUILD/placed/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	relayers_mc "FEATURE(\`spammers', \`hash /map', \`more')dnl"
	run m4 "$SCRATCH/sendmail.mc"
	[ "$status" != 0 ]
	[[ $output == *'takes one argument'* ]]
}

@test "a client on a DNS blocklist that has logged in may relay with delay_checks, and is refused without" {
	zone=bl.example.test
	start_names 1.1.0.127.$zone=127.0.0.2 9.1.0.127.$zone=127.0.0.2 3.1.0.127.$zone=127.0.0.2
	dnsbl="FEATURE(\`dnsbl', \`$zone', \`\"550 5.7.1 listed at $zone\"')dnl"

	sendmail_with "$with_window" "$dnsbl" "$delay"
	relays 127.0.1.1 || fail "$REPLY"			# listed there, logged in
	grep -q "^1 1.1.0.127.$zone" "$WORK/log/dns.out" && fail "it was asked for all the same"
	takes_local 127.0.1.1 || fail "$REPLY"
	relays 127.0.1.2 || fail "$REPLY"			# not listed, logged in
	for client in 127.0.1.9 127.0.1.3; do			# listed, not logged in or too long ago
		ask $client '<root@mx.example.test>'
		[[ $REPLY == *"listed at $zone"* ]] || fail "$REPLY"
		refuses $client
	done
	grep -q "^1 9.1.0.127.$zone" "$WORK/log/dns.out"
	takes_local 127.0.1.11 || fail "$REPLY"			# neither
	end_sendmail

	sendmail_with "$with_window" "$dnsbl"
	ask 127.0.1.1 '<somebody@example.net>'
	[[ $REPLY == 55[04]* ]] || fail "$REPLY"
	relays 127.0.1.2 || fail "$REPLY"
}
