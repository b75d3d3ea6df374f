# sendmail.bats - relayguard as a milter of a real sendmail, by the stanza of
# docs/relayguard.md
#
# enclosure: sendmail sasl rsyslog

load ../lib/test
load ../mta/mta
load guard
eval "$(declare -f teardown | sed 's/^teardown/teardown_guard/')"
load mta
load systemd

start_file() {
	start_mta_file
}

teardown() {
	end_sendmail
	stop_systemd
	teardown_guard
}

# sendmail_guarded RULES [SETTING...]; MC: more lines of sendmail.mc
sendmail_guarded() {
	guard_for 'milter = unix:/run/relayguard/milter' -- "$@"
	RELAYERS=$DIR/db/relayers
	sendmail_with "$with_window" "$(page_stanza mc)" "RELAY_DOMAIN(\`example.com')dnl" ${MC+"${MC[@]}"}
	rm -f "$WORK"/mqueue/*
}

# submits COMMAND...: what sendmail -bs answers to a local program, the greeting
# and then the last line of each answer, in lines
submits() {
	local command answer from to pid
	coproc SUBMISSION { exec /usr/libexec/sendmail/sendmail -bs -ODeliveryMode=queueonly -OQueueDirectory="$WORK/mqueue"; }
	# what is bash's own goes with the program
	pid=$SUBMISSION_PID
	exec {from}<&"${SUBMISSION[0]}" {to}>&"${SUBMISSION[1]}"
	lines=()
	for command in '' "$@"; do
		[ -z "$command" ] || printf '%s\r\n' "$command" >&"$to"
		while IFS= read -r -t 60 -u "$from" answer && [[ $answer == ???-* ]]; do :; done
		lines+=("$answer")
	done
	exec {from}<&- {to}>&-
	wait "$pid"
}

@test "deny ends the session; each action; lists, clients and addresses of every kind; attempts" {
	add_addresses 2001:db8::7 2001:db8::8
	sendmail_guarded "$actions" 'delay = 1s'
	deny_closes 25
	[ -z "$(ls "$WORK/mqueue")" ]
	each_action 25
	queued=$(cat "$WORK"/mqueue/qf*)
	[ "$(grep -c '^H.*X-Spam-Warning' <<<"$queued")" = 1 ] || fail "$queued"
	[[ $queued == *'X-Spam-Warning: suspicious 127.0.1.2'* ]] || fail "$queued"
	lists_and_addresses 25
	# what sendmail refuses itself is counted
	session 25 127.0.1.3 'MAIL FROM:<>' 'RCPT TO:<x@example.net>' 'RCPT TO:<ok@example.com>' DATA 'message x'
	hears 4 250
	eventually said 'data attempt rule=0 client=[127.0.1.3] reply="1 recipients refused by the mail server"'
	# what is submitted by a pipe has no address, and is of this host
	submits 'EHLO x' 'MAIL FROM:<>' 'RCPT TO:<here@example.com>' 'RCPT TO:<ok@example.com>' QUIT
	hears 3 553 'submitted here'
	hears 4 250
	stop_guard
}

@test "limits, and recipients that wait" {
	limited_clients
	sendmail_guarded 'allow:ALL:ALL:ALL' "${limits[@]}"
	limits_hold 25
	stop_guard
	end_sendmail
	sendmail_guarded 'allow:ALL:ALL:ALL' "${pauses[@]}"
	later_ones_wait 25
	stop_guard
}

@test "no rule is dodged by another way to write an address" {
	sendmail_guarded "$by_spelling"
	no_spelling_dodges sendmail 25 "$WORK/mqueue"
	stop_guard
}

@test "the rules that are shipped, and SMTP AUTH" {
	sample_rules
	sasl_for_alice
	# the clients' addresses are this host's here, whom sendmail lets relay
	MC=("${authenticating[@]}" "FEATURE(\`accept_unresolvable_domains')dnl" "define(\`confDONT_PROBE_INTERFACES', \`True')dnl")
	sendmail_guarded "$SAMPLE" 'delay = 1s'
	as_the_sample_says 25
	# who has authenticated meets no rule; a wrong password counts for nothing
	authenticates $stranger secret 235 250
	authenticates $listed secret 235 250
	authenticates $stranger wrong 535 550
	stop_guard
}

@test "under systemd, killed once a second" {
	short && sessions=90 || sessions=500
	place_guard "$actions" 'milter = unix:/run/relayguard/milter' 'delay = 0'
	start_systemd
	eventually unit_is active relayguard.service
	RELAYERS=/var/lib/relayers/relayers
	sendmail_with "$with_window" "$(page_stanza mc)" "RELAY_DOMAIN(\`example.com')dnl"
	killed_each_second 25 $sessions
	session 25 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<noto@example.com>'
	hears 1 553
}
