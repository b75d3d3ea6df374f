# dns.bats - no failure of the DNS or of a blocklist makes a refusal for good

load ../lib/test
load guard

listed=66.100.51.198		# 198.51.100.66, asked for by its reverse

# the last zone file is read by the next question
zone() {
	printf '%s\n' "$@" >"$DIR/zone.new"
	mv "$DIR/zone.new" "$DIR/zone"
}

# verdict N: what the server says now to listed client at the N-th list
refused() {
	policy policy client_address=198.51.100.66
	[[ $REPLY == 5* ]]
}

taken() {
	policy policy client_address=198.51.100.66
	[[ $REPLY == DUNNO ]]
}

# denied SENDER REPLY: to be waited for: on a slow machine the DNS may fail to
# answer in time at first
denied() {
	policy policy "sender=$1"
	[ "$REPLY" = "$2" ]
}

# answered CLIENT RECIPIENT REPLY: a refusal once the list has answered, anything
# else at once
answered() {
	policy policy "client_address=$1" "recipient=$2"
	if [[ $3 == 5* && $REPLY == DUNNO ]]; then
		eventually turned_away "$@"
	fi
	[[ $REPLY == "$3"* ]] || fail "$1 $2: $REPLY"
}

turned_away() {
	policy policy "client_address=$1" "recipient=$2"
	[[ $REPLY == "$3"* ]]
}

@test "a good list refuses whom it lists; POP, AUTH and this host are exempt" {
	prepare 'noto:RBL.bl.test:ALL:ALL:550 5.7.1 listed'
	rows "198.51.100.66 $((EPOCHSECONDS - 7200))"
	start_dns '2.0.0.127.bl.test a 127.0.0.2' "$listed.bl.test a 127.0.0.2"
	start_guard
	eventually refused
	policy policy client_address=198.51.100.67
	[ "$REPLY" = DUNNO ]
	policy policy client_address=198.51.100.66 sasl_username=alice
	[ "$REPLY" = DUNNO ]
	"$VSMTPRELAY" -f "$DB" add 198.51.100.66
	taken
	said 'blocklist bl.test is on'
	kill -USR1 "$GUARD_PID"
	eventually said 'stats: blocklist=bl.test state="on"'
	stop_guard
}

@test "answers that are none, and answers that are filtered" {
	prepare $'noto:RBL.bl.test=127.0.0.4-11:ALL:a@*:550 5.7.1 a\nnoto:RBL.bl.test:ALL:b@*:550 5.7.1 b'
	start_dns '2.0.0.127.bl.test a 127.0.0.2' "$listed.bl.test a 127.0.0.2" '1.2.0.192.bl.test a 127.0.0.5' \
		'2.2.0.192.bl.test a 127.255.255.254' '3.2.0.192.bl.test a 127.0.0.1' '4.2.0.192.bl.test a 192.0.2.1' \
		'5.2.0.192.bl.test fail' '6.2.0.192.bl.test drop' '7.2.0.192.bl.test nodata'
	start_guard
	eventually said 'blocklist bl.test is on'
	while read -r client a b; do
		answered "$client" a@example.com "$a"
		answered "$client" b@example.com "$b"
	done <<-'END'
		198.51.100.66 DUNNO 550
		192.0.2.1 550 550
		192.0.2.2 DUNNO DUNNO
		192.0.2.3 DUNNO DUNNO
		192.0.2.4 DUNNO DUNNO
		192.0.2.5 DUNNO DUNNO
		192.0.2.6 DUNNO DUNNO
		192.0.2.7 DUNNO DUNNO
		192.0.2.8 DUNNO DUNNO
		2001:db8::1 DUNNO DUNNO
	END
	stop_guard
}

@test "a list that answers everything, lists nothing, or is silent, from the start: nobody is refused" {
	for zone in '*.bl.test a 127.0.0.2' 'x.test a 127.0.0.1' '*.bl.test fail' '*.bl.test drop' '*.bl.test a 127.255.255.254'; do
		prepare 'noto:RBL.bl.test:ALL:ALL:550 5.7.1 listed'
		start_dns "$zone"
		start_guard
		for _ in 1 2 3; do
			taken || fail "$zone: $REPLY"
		done
		stop_guard
		stop_dns
	done
}

@test "a list that goes wild while relayguard runs: off, and said so; on again when it is well" {
	prepare 'noto:RBL.bl.test:ALL:ALL:550 5.7.1 listed'
	start_dns '2.0.0.127.bl.test a 127.0.0.2' "$listed.bl.test a 127.0.0.2"
	start_guard
	eventually said 'blocklist bl.test is on'
	eventually refused
	zone '*.bl.test a 127.0.0.2'
	# a test is due every hour, and a proof a minute (unit/relayguard_blocklist has
	# the clock); a list that is new to the rules is tested at once
	eventually off_after_reload
	taken
	zone '2.0.0.127.bl.test a 127.0.0.2' "$listed.bl.test a 127.0.0.2"
	eventually on_after_reload
	stop_guard
}

retest() {
	if grep -q notest "$DIR/rules"; then
		sed -i 's/;notest//' "$DIR/rules"
	else
		sed -i 's/bl.test/bl.test;notest/' "$DIR/rules"
	fi
	kill -HUP "$GUARD_PID"
}

off_after_reload() {
	retest
	taken
	said 'blocklist bl.test is off, nobody is refused by it: it lists 127.0.0.1'
}

on_after_reload() {
	retest
	refused
}

@test "whether an allow matches is unknown: what a later rule refuses is put off" {
	prepare $'allow:ALL:*@NS=KNOWN:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no' 'dns-timeout = 40s' 'answer-within = 50s'
	start_dns 'good.test a 192.0.2.1' '*.broken.test fail' '*.silent.test drop'
	start_guard
	policy policy sender=x@good.test
	[ "$REPLY" = DUNNO ]
	# libunbound, which sees how quick these are, soon gives up what is not
	# answered: long before our time is over
	for i in {1..10}; do
		eventually denied "x@nx$i.test" '550 5.7.1 no'
	done
	for domain in a.silent.test a.broken.test; do
		policy policy "sender=x@$domain"
		[[ $REPLY == '451 4.4.3 '* ]] || fail "$domain: $REPLY"
	done
	stop_guard
}

@test "a list that answers slowly: in time, and nothing for good" {
	prepare $'allow:RBL.wl.test;notest:ALL:ALL\nnoto:192.0.2.1:ALL:ALL:550 5.7.1 not on the list\nnoto:RBL.bl.test:ALL:ALL:550 5.7.1 listed' \
		'dns-timeout = 1s' 'answer-within = 4s'
	start_dns '2.0.0.127.bl.test a 127.0.0.2' "$listed.bl.test a 127.0.0.2" '1.2.0.192.wl.test a 127.0.0.2' \
		'*.test slow 2.5'
	start_guard
	policy policy client_address=192.0.2.1
	[[ $REPLY == '451 4.4.3 '* ]] || fail "$REPLY"
	policy policy client_address=198.51.100.66
	[[ $REPLY == DUNNO || $REPLY == '451 4.4.3 '* ]] || fail "$REPLY"
	# what comes too late may be known the next time, and is as true as before
	for _ in {1..5}; do
		policy policy client_address=192.0.2.1
		[[ $REPLY == DUNNO || $REPLY == '451 4.4.3 '* ]] || fail "$REPLY"
		policy policy client_address=192.0.2.2
		[[ $REPLY == DUNNO || $REPLY == '451 4.4.3 '* ]] || fail "$REPLY"
	done
	stop_guard
}

@test "whether a refusing rule matches is unknown: passed by, or put off, as on-dns-failure says" {
	for how in pass defer; do
		prepare 'noto:ALL:NS=UNKNOWN:ALL:550 5.1.8 no domain' "on-dns-failure = $how"
		start_dns '*.broken.test fail'
		start_guard
		policy policy sender=x@a.broken.test
		[[ $how = pass && $REPLY == DUNNO || $how = defer && $REPLY == '451 4.4.3 '* ]] || fail "$how: $REPLY"
		eventually denied x@nx.test '550 5.1.8 no domain'
		stop_guard
		stop_dns
	done
}

@test "a resolver that hangs, or is not there: answered within the time, and never for good" {
	prepare $'allow:ALL:*@NS=KNOWN:ALL\nnoto:RBL.bl.test:ALL:ALL\nnoto:ALL:NS=UNKNOWN:ALL\ndeny:ALL:NS=mx.bad.test:ALL\nnoto:ALL:ALL:ALL' \
		'dns-timeout = 1s' 'answer-within = 3s'
	start_dns '* drop' '*.test drop'
	start_guard
	for sender in x@a.test x@b.c.test ''; do
		policy policy "sender=$sender"
		[[ $REPLY == 4* || $sender == '' ]] || fail "$sender: $REPLY"
	done
	milter 'connect 198.51.100.66 mx.test TEMP' 'mail <x@a.test>' 'rcpt <b@example.com>'
	answers 2 451
	stop_dns
	milter 'connect 198.51.100.66 mx.test TEMP' 'mail <x@d.test>' 'rcpt <b@example.com>'
	answers 2 451
	stop_guard
}

# to be waited for, as denied() is
named() {	# named NAME STATE REPLY
	milter "connect 198.51.100.66 $1 $2" 'mail <>' 'rcpt <b@example.com>'
	[[ ${lines[2]} == "$3"* ]]
}

@test "names of clients: none, forged, confirmed, and unknown for now" {
	prepare $'noto:FORGED:ALL:ALL:550 5.7.1 forged\nnoto:UNKNOWN:ALL:ALL:550 5.7.1 none\nnoto:mx.bad.test *.bad.test:ALL:ALL:550 5.7.1 bad'
	start_dns '*.broken.test fail' 'mx.well.test a 198.51.100.66'
	start_guard
	while read -r name state want; do
		eventually named "$name" "$state" "$want" || answers 2 "$want"
	done <<-'END'
		mx.bad.test FORGED 550 5.7.1 forged
		mx.bad.test FAIL 550 5.7.1 none
		mx.bad.test OK 550 5.7.1 bad
		mx.bad.test TEMP continue
		mx.broken.test FORGED continue
		mx.well.test FORGED continue
		mx.good.test OK continue
	END
	stop_guard
}
