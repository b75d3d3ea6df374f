# relay.bats - policy-relay says OK for an entry within the window and for nothing
# else; policy never says OK

load ../lib/test
load guard

WINDOW=3600

@test "policy-relay: an entry within the window is OK, every other row is DUNNO" {
	prepare 'noto:ALL:ALL:ALL' 'rules = no'
	now=$EPOCHSECONDS
	rows "192.0.2.1 $now" "192.0.2.2 $((now - WINDOW + 600))" "192.0.2.3 $((now - WINDOW - 1))" '192.0.2.4 OK' \
		'192.0.2.5 REJECT' "192.0.2.6 $((now + 86400 * 365))" '192.0.2.7 253402300799' '192.0.2.8 0' \
		"192.0.3 $now" '192.0.4.0/24 OK' "192.0.2.10 $((now + 600))" '192.0.2.11 RELAY' "192.0.2.12 $now x" \
		"2001:db8::1 $now" "2001:db8::2 $((now - WINDOW - 1))" '2001:db8::3 OK' "2001:db8 $now"
	start_guard
	for client in 192.0.2.1 192.0.2.2 2001:db8::1 2001:db8:0:0:0:0:0:1 ::ffff:192.0.2.1; do
		policy relay client_address=$client
		[ "$REPLY" = OK ] || fail "$client: $REPLY"
	done
	for client in 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7 192.0.2.8 192.0.2.9 192.0.2.10 192.0.2.11 192.0.2.12 \
		192.0.3.1 192.0.4.1 192.0.3 192.0.4.0/24 192.0.2.1/32 2001:db8::2 2001:db8::3 2001:db8::1:1 2001:db8 \
		'192.0.2.1 ' ' 192.0.2.1' 192.0.2.01 3221225985 localhost '' 127.0.0.1 '[192.0.2.1]' 2001:db8::1%lo; do
		policy relay "client_address=$client"
		[ "$REPLY" = DUNNO ] || fail "$client: $REPLY"
	done
	stop_guard
}

@test "policy-relay: each attribute missing, doubled or hostile is DUNNO for a client with an entry" {
	prepare 'allow:ALL:ALL:ALL'
	rows "192.0.2.1 $EPOCHSECONDS"
	start_guard
	policy relay
	[ "$REPLY" = OK ]
	for name in request protocol_state protocol_name helo_name queue_id sender recipient client_address client_name; do
		policy relay "-$name"
		[ "$REPLY" = DUNNO ] || fail "without $name: $REPLY"
		for value in 192.0.2.1 RCPT smtpd_access_policy ''; do
			policy relay "+$name=$value"
			[ "$REPLY" = DUNNO ] || fail "$name twice: $REPLY"
		done
		policy relay "+$name"
		[ "$REPLY" = DUNNO ] || fail "$name without =: $REPLY"
	done
	for state in '' rcpt 'RCPT ' CONNECT EHLO HELO MAIL DATA END-OF-MESSAGE VRFY ETRN; do
		policy relay "protocol_state=$state"
		[ "$REPLY" = DUNNO ] || fail "state $state: $REPLY"
	done
	for change in request=junk request=SMTPD_ACCESS_POLICY $'sender=a\rb' $'sender=a\tb' '+Client_Address=192.0.2.1' '+=x' \
		'+ client_address=192.0.2.1' '+client_address =192.0.2.1'; do
		policy relay "$change"
		[ "$REPLY" = DUNNO ] || fail "$change: $REPLY"
	done
	for address in 192.0.2.2 $'192.0.2.2\r' 192.0.2.1.example; do
		policy relay "client_address=$address" "client_name=192.0.2.1" "helo_name=192.0.2.1" 'sender=192.0.2.1@192.0.2.1'
		[ "$REPLY" = DUNNO ] || fail "$address: $REPLY"
	done
	# what a client may choose is no reason to refuse one with an entry
	for change in $'sender=\xff\xfe' 'sender=a=b=c@d' 'recipient="a b"@c' 'helo_name=%s%n' 'sender='; do
		policy relay "$change"
		[ "$REPLY" = OK ] || fail "$change: $REPLY"
	done
	stop_guard
}

@test "policy never says OK, whatever the rules and the database say" {
	prepare $'tag:ALL:ALL:tagged@*:spam\nallow:POP AUTH LOCAL KNOWN:ALL:ALL\nnoto:192.0.2.9:ALL:ALL:450 4.7.1 OK\ndeny:192.0.2.10:ALL:ALL:421 4.7.1 OK'
	rows "192.0.2.1 $EPOCHSECONDS" '192.0.2.4 OK'
	start_guard
	for change in client_address=192.0.2.1 client_address=192.0.2.4 client_address=127.0.0.1 sasl_username=alice \
		client_name=mx.example.org recipient=tagged@example.com client_address= client_address=192.0.2.9 \
		client_address=192.0.2.10 protocol_state=DATA request=junk -client_address +sender=x; do
		policy policy "$change"
		case $REPLY in
		DUNNO | '450 4.7.1 OK' | '421 4.7.1 OK' | 'PREPEND X-Spam-Warning: spam') ;;
		*) fail "$change: $REPLY" ;;
		esac
	done
	stop_guard
	# the word is in one place of the program, and that is the relay endpoint's
	[ "$(grep -l 'action=OK' "$SOURCES"/relayguard/*.c)" = "$SOURCES/relayguard/policyservice.c" ]
	[ "$(grep -c 'action=OK' "$SOURCES/relayguard/policyservice.c")" = 1 ]
	[ "$(grep -l 'policyservice_relay(' "$SOURCES"/relayguard/*.c | xargs -n 1 basename | tr '\n' ' ')" = 'policyservice.c relaysession.c ' ]
}

@test "a login is seen by the next request, a deleted one is not; again and again" {
	prepare $'allow:POP:ALL:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no'
	rows "192.0.2.200 $EPOCHSECONDS"
	start_guard
	rounds=10	# a second for each commit
	! short || rounds=3
	for ((i = 1; i <= rounds; i++)); do
		policy relay client_address=192.0.2.1
		[ "$REPLY" = DUNNO ] || fail "round $i: $REPLY"
		"$VSMTPRELAY" -f "$DB" add 192.0.2.1
		policy relay client_address=192.0.2.1
		[ "$REPLY" = OK ] || fail "round $i: $REPLY"
		policy policy client_address=192.0.2.1
		[ "$REPLY" = DUNNO ] || fail "round $i: $REPLY"
		"$VSMTPRELAY" -f "$DB" delete 192.0.2.1
	done
	stop_guard
}

@test "no database, one that comes, a damaged one, one that is closed to us" {
	prepare $'allow:POP:ALL:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no'
	start_guard
	eventually said 'relayers.db does not exist'
	policy relay
	[ "$REPLY" = DUNNO ]
	policy policy
	[ "$REPLY" = '550 5.7.1 no' ]
	rows "192.0.2.1 $EPOCHSECONDS"
	policy relay
	[ "$REPLY" = OK ]
	cp "$DB" "$DIR/whole"
	seq 1 5000 >"$DB"
	# nobody may relay by it, and nobody is refused for good
	policy relay
	[ "$REPLY" = DUNNO ]
	policy policy
	[[ $REPLY == '451 4.4.3 '* ]] || fail "$REPLY"
	cp "$DIR/whole" "$DB"
	policy relay
	[ "$REPLY" = OK ]
	said 'can be read again'
	stop_guard
}

@test "while somebody holds the lock, requests are answered" {
	prepare $'allow:POP:ALL:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no'
	rows "192.0.2.1 $EPOCHSECONDS"
	start_guard
	policy relay
	[ "$REPLY" = OK ]
	exec 8<"$DB"
	flock -x 8
	policy relay
	[ "$REPLY" = OK ]
	policy policy client_address=192.0.2.2
	[ "$REPLY" = '550 5.7.1 no' ]
	touch "$DB"		# it may have changed, and cannot be read
	policy relay
	[ "$REPLY" = OK ]
	policy policy client_address=192.0.2.2
	[[ $REPLY == '451 4.4.3 '* ]] || fail "$REPLY"
	policy relay client_address=192.0.2.2
	[ "$REPLY" = DUNNO ]
	flock -u 8
	exec 8<&-
	eventually refused_again
	stop_guard
}

refused_again() {
	policy policy client_address=192.0.2.2
	[ "$REPLY" = '550 5.7.1 no' ]
}

@test "a million rows that change: every request is answered beside the copy" {
	prepare $'allow:POP:ALL:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no'
	rows=1000000
	! short || rows=200000
	awk -v rows=$rows -v now=$EPOCHSECONDS 'BEGIN { for (i = 0; i < rows; i++)
		printf "10.%d.%d.%d %d\n", i / 65536, i / 256 % 256, i % 256, now }' >"$DIR/dump"
	"$VSMTPRELAY" -f "$DB" load <"$DIR/dump"
	start_guard
	eventually copied
	# a copy begins; meanwhile one that was there, and one that is in no copy
	"$VSMTPRELAY" -f "$DB" add 192.0.2.1
	asked=0
	until policy relay && [ "$REPLY" = OK ]; do
		[ "$REPLY" = DUNNO ] || fail "$REPLY"
		policy relay client_address=10.0.0.1
		[ "$REPLY" = OK ] || fail "while it is copied: $REPLY"
		policy policy client_address=192.0.2.2
		case $REPLY in
		'550 5.7.1 no' | '451 4.4.3 '*) ;;
		*) fail "while it is copied: $REPLY" ;;
		esac
		asked=$((asked + 1))
		[ $asked -lt 3000 ] || fail 'it is never copied'
	done
	stop_guard
}

copied() {
	policy relay client_address=10.0.0.1
	[ "$REPLY" = OK ]
}

@test "the database in its other forms" {
	for form in lmdb sqlite; do
		prepare $'allow:POP:ALL:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no'
		DB=$DIR/db/relayers.$form
		configure "database = $DB"
		rows "192.0.2.1 $EPOCHSECONDS" '192.0.2.4 OK'
		start_guard
		policy relay
		[ "$REPLY" = OK ] || fail "$form: $REPLY"
		policy relay client_address=192.0.2.4
		[ "$REPLY" = DUNNO ] || fail "$form: $REPLY"
		for _ in 1 2 3; do
			"$VSMTPRELAY" -f "$DB" add 192.0.2.5
			policy relay client_address=192.0.2.5
			[ "$REPLY" = OK ] || fail "$form: $REPLY"
			"$VSMTPRELAY" -f "$DB" delete 192.0.2.5
			policy relay client_address=192.0.2.5
			[ "$REPLY" = DUNNO ] || fail "$form: $REPLY"
			policy policy client_address=192.0.2.5
			[ "$REPLY" = '550 5.7.1 no' ] || fail "$form: $REPLY"
		done
		stop_guard
	done
}
