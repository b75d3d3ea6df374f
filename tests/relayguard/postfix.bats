# postfix.bats - relayguard as a milter and as a policy service of a real Postfix,
# by the stanzas of docs/relayguard.md
#
# enclosure: postfix rsyslog

load ../lib/test
load ../mta/mta
load guard
eval "$(declare -f teardown | sed 's/^teardown/teardown_guard/')"
load mta
load systemd

start_file() {
	start_mta_file
	add_addresses 2001:db8::7 2001:db8::8
}

teardown() {
	[ -z "${POSTFIX_PID-}" ] || stop_postfix
	POSTFIX_PID=
	stop_systemd
	! mountpoint -q /var/spool/postfix || umount /var/spool/postfix
	teardown_guard
}

# postfix_guarded WORDS RULES [SETTING...]: with these blocks of the page for
# Postfix, and the sockets that they name
postfix_guarded() {
	local words=$1 word sockets=() queue=$WORK/postfix/queue
	shift
	configure_postfix
	mkdir -p "$queue/relayguard"
	sed -i '/^smtpd_relay_restrictions/d' /etc/postfix/main.cf
	[[ $words == *relay* ]] || page_block postfix relay >>/etc/postfix/main.cf
	printf '%s\n' 'relay_domains = example.com' 'relay_recipient_maps =' >>/etc/postfix/main.cf
	for word in $words; do
		page_stanza $word >>/etc/postfix/main.cf
		case $word in
		milter) sockets+=("milter = unix:$queue/relayguard/milter") ;;
		policy) sockets+=("policy = unix:$queue/relayguard/policy") ;;
		relay-*) sockets+=("policy-relay = unix:$queue/relayguard/policy-relay") ;;
		esac
	done
	guard_for "${sockets[@]}" -- "$@"
	sed -i "s,^relayers = .*,relayers = pipemap:{regexp:{{/^([0-9a-f.:]+)\$\$/ \$\$1}}\,hash:$DIR/db/relayers}," /etc/postfix/main.cf
	start_as_it_is postfix
}

queued_headers() {
	local id
	for id in $(find "$WORK/postfix/queue" -path '*/incoming/*' -o -path '*/active/*' -o -path '*/deferred/*' | grep '/[0-9A-F]\{6,\}$'); do
		postcat -h "$id"
	done
}

@test "milter: deny ends the session; each action; lists, clients and addresses of every kind; attempts" {
	postfix_guarded milter "$actions" 'delay = 1s'
	deny_closes 2525
	[ -z "$(queued_headers)" ]
	each_action 2525
	eventually tagged
	[ "$(queued_headers | grep -c '^X-Spam-Warning')" = 1 ]
	lists_and_addresses 2525
	session 2525 127.0.1.4 'MAIL FROM:<>' 'RCPT TO:<x@example.net>'
	eventually said 'rcpt attempt rule=0 client=[127.0.1.4] reply="'
	# a client whose address its proxy does not know is nobody, not this host
	postconf -e 'smtpd_authorized_xclient_hosts = 127.0.1.5'
	postfix reload
	session 2525 127.0.1.5 'MAIL FROM:<>' 'RCPT TO:<here@example.com>'
	hears 1 553 'submitted here'
	session 2525 127.0.1.5 'XCLIENT NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE]' 'EHLO x' 'MAIL FROM:<>' \
		'RCPT TO:<here@example.com>' 'RCPT TO:<noto@example.com>'
	hears 0 220
	hears 3 250
	hears 4 553 'from unknown'
	stop_guard
}

@test "the rules that are shipped, as a milter" {
	sample_rules
	postfix_guarded milter "$SAMPLE" 'delay = 1s'
	as_the_sample_says 2525
	# a domain that does not exist, one that does; addresses beyond ASCII
	says 2525 $stranger '<a@nowhere.example>' '<ok@example.com>' 550 'the domain of <a@nowhere.example> does not exist'
	says 2525 $stranger '<a@known.example>' '<ok@example.com>' 250
	says 2525 $stranger '<jürgen@known.example> SMTPUTF8' '<ok@example.com>' 250
	says 2525 $stranger '<jürgen@known.example> SMTPUTF8' '<everybody@example.com>' 550 'may not write to <everybody@example.com>'
	says 2525 $stranger '<jürgen@nowhere.example> SMTPUTF8' '<ok@example.com>' 550 'does not exist'
	says 2525 $stranger '<> SMTPUTF8' '<jürgen%x@example.com>' 55
	stop_guard
}

tagged() {
	queued_headers | grep -q '^X-Spam-Warning: suspicious 127.0.1.2'
}

@test "policy: deny ends the session; each action; lists, clients and addresses of every kind" {
	postfix_guarded policy "$actions" 'delay = 1s'
	DENY_CODE=521 deny_closes 2525
	each_action 2525
	lists_and_addresses 2525
	stop_guard
}

@test "limits, and recipients that wait: milter, policy" {
	local words
	limited_clients
	for words in milter policy; do
		postfix_guarded $words 'allow:ALL:ALL:ALL' "${limits[@]}"
		limits_hold 2525
		stop_guard
		rm "$DIR/state/state"	# what was counted
		stop_postfix
		postfix_guarded $words 'allow:ALL:ALL:ALL' "${pauses[@]}"
		later_ones_wait 2525
		stop_guard
		stop_postfix
		POSTFIX_PID=
	done
}

@test "no rule is dodged by another way to write an address: milter, policy" {
	local words
	for words in milter policy; do
		postfix_guarded $words "$by_spelling"
		no_spelling_dodges postfix 2525 "$WORK/postfix/queue"
		stop_postfix
		POSTFIX_PID=
		stop_guard
	done
}

@test "policy-relay instead of the map: exact to the second; dead: nobody relays" {
	postfix_guarded relay-instead 'allow:ALL:ALL:ALL'
	session 2525 127.0.1.1 'MAIL FROM:<>' 'RCPT TO:<x@example.net>'
	hears 1 250
	session 2525 127.0.1.3 'MAIL FROM:<>' 'RCPT TO:<x@example.net>'
	hears 1 554
	RELAYERS=$DIR/db/relayers
	soon 127.0.1.1 -p 2525
	end=$END
	"$VSMTPRELAY" -f "$DB" add 127.0.1.1 $((end - WINDOW))
	smtp_open -b 127.0.1.1 -p 2525
	smtp 'MAIL FROM:<>'
	until_refused
	[ $EPOCHSECONDS -ge $end ]
	smtp_close
	stop_guard
	session 2525 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<x@example.net>' 'RCPT TO:<ok@example.com>'
	hears 1 554
	hears 2 250
}

until_refused() {
	local yes=0 deadline=$((EPOCHSECONDS + 300))
	smtp 'RCPT TO:<x@example.net>'
	while [[ $REPLY == 250* ]]; do
		yes=$((yes + 1))
		[ $EPOCHSECONDS -lt $deadline ] || fail 'it does not end'
		nap 0.1
		smtp 'RCPT TO:<x@example.net>'
	done
	[ $yes -gt 0 ]
	[[ $REPLY == 554* ]] || fail "$REPLY"
}

@test "policy-relay behind the map: a login during an open session counts" {
	postfix_guarded relay-behind 'allow:ALL:ALL:ALL'
	smtp_open -b 127.0.1.5 -p 2525
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<x@example.net>'
	[[ $REPLY == 554* ]]
	"$VSMTPRELAY" -f "$DB" add 127.0.1.5
	smtp 'RCPT TO:<x@example.net>'
	[[ $REPLY == 250* ]] || fail "$REPLY"
	smtp_close
	stop_guard
	session 2525 127.0.1.5 'MAIL FROM:<>' 'RCPT TO:<x@example.net>'
	hears 1 250
}

@test "under systemd, killed once a second, as a milter and as a policy service" {
	short && sessions=90 || sessions=500
	configure_postfix
	sed -i '/^smtpd_relay_restrictions/d' /etc/postfix/main.cf
	page_block postfix relay >>/etc/postfix/main.cf
	printf '%s\n' 'relay_domains = example.com' 'relay_recipient_maps =' >>/etc/postfix/main.cf
	page_stanza milter >>/etc/postfix/main.cf
	page_stanza policy >>/etc/postfix/main.cf
	mkdir -p /var/spool/postfix
	mount --bind "$WORK/postfix/queue" /var/spool/postfix
	place_guard "$actions" "$(page_stanza conf)" "$(page_stanza policy-conf)" 'delay = 0'
	start_systemd
	eventually unit_is active relayguard.service
	sed -i "s,^relayers = .*,relayers = pipemap:{regexp:{{/^([0-9a-f.:]+)\$\$/ \$\$1}}\,hash:/var/lib/relayers/relayers}," /etc/postfix/main.cf
	start_as_it_is postfix
	killed_each_second 2525 $sessions
	# its rules are in force
	session 2525 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<noto@example.com>'
	hears 1 553
}

@test "under systemd: with an error in the rules the sockets close; started again, they open" {
	mkdir -p /var/spool/postfix
	place_guard 'noto:ALL:ALL:ALL' "$(page_stanza conf)"
	start_systemd
	eventually unit_is active relayguard.service
	echo permit >/etc/relayers/rules
	control reload relayguard.service
	unit_is active relayguard.service
	control kill -s KILL relayguard.service
	eventually unit_is failed relayguard.service
	eventually unit_is inactive relayguard-postfix.socket
	[ "$(control show -P ExecMainStatus relayguard.service)" = 78 ]
	echo 'noto:ALL:ALL:ALL' >/etc/relayers/rules
	control start relayguard.service
	unit_is active relayguard.service
	unit_is active relayguard-postfix.socket
	control stop relayguard.socket relayguard-postfix.socket relayguard.service
	unit_is inactive relayguard.service
	[ "$(stat -c %U /var/lib/relayguard/state.lock)" = relayguard ]
}
