# service.bats - relayguard(8) as a program: checking, trying out, starting,
# reloading, counting, stopping

load ../lib/test
load guard

@test "-n names every error of the configuration, with its line" {
	prepare 'allow:ALL:ALL:ALL'
	printf '%s\n' 'milter = nowhere' 'window = long' 'throttle = 5' 'resolver = dns.example' 'tag-header = a b' \
		'colour = red' >"$DIR/relayguard.conf"
	run "$RELAYGUARD" -n -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	for word in "1: milter = 'nowhere', expected unix:/PATH" "2: window = 'long'" "3: throttle = '5', expected no" \
		"4: resolver = 'dns.example'" "5: tag-header = 'a b'" "6: unknown setting 'colour'"; do
		[[ $output == *"relayguard.conf:$word"* ]] || fail "no $word in: $output"
	done
}

@test "-n: what no line by itself shows" {
	prepare 'allow:ALL:ALL:ALL' 'dns-timeout = 8s'
	run "$RELAYGUARD" -n -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	[[ $output == *'dns-timeout is 8 seconds, expected less than answer-within'* ]]
	echo "rules = $DIR/rules" >"$DIR/relayguard.conf"
	run "$RELAYGUARD" -n -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	[[ $output == *'nothing to listen at'* ]]
	configure "policy = unix:$DIR/run/milter"
	run "$RELAYGUARD" -n -c "$DIR/relayguard.conf"
	[[ $status = 78 && $output == *'is given to two listeners'* ]]
}

@test "-n: errors and warnings of the rules, with line and column; a good file says so" {
	prepare $'permit:ALL:ALL:ALL\nnoto:10.0.0.1/8:ALL:ALL'
	run "$RELAYGUARD" -n -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	[[ $output == *"$DIR/rules:1:1: unknown action"* && $output == *"$DIR/rules:2:6: not a network"* ]]
	echo 'noto:*my.example:ALL:ALL' >"$DIR/rules"
	run "$RELAYGUARD" -n -c "$DIR/relayguard.conf"
	[ "$status" = 0 ]
	[[ $output == *':1:6: warning: *my.example matches evilmy.example too'* && $output == *'is good'* ]]
}

@test "-n: a list that fails its self-test, one that passes, one that says nothing" {
	prepare $'noto:RBL.good.test RBL.wild.test RBL.dead.test RBL.mute.test:ALL:ALL'
	start_dns '2.0.0.127.good.test a 127.0.0.2' '*.wild.test a 127.0.0.2' '*.mute.test drop'
	run "$RELAYGUARD" -n -v -c "$DIR/relayguard.conf"
	[ "$status" = 0 ]
	[[ $output == *'blocklist good.test is on'* ]]
	[[ $output == *'blocklist wild.test is off, nobody is refused by it: it lists 127.0.0.1'* ]]
	[[ $output == *'blocklist dead.test is off, nobody is refused by it: it does not list 127.0.0.2'* ]]
	[[ $output == *'blocklist mute.test did not answer its self-test'* ]]
}

@test "-t: each rule that was looked at, why it did not match, the DNS, the reply" {
	prepare $'allow:POP:ALL:ALL\nnoto:ALL:NS=UNKNOWN:ALL:550 5.1.8 no %F\nnoto:RBL.bl.test:ALL:ALL:550 5.7.1 %I listed'
	start_dns 'good.test a 192.0.2.80' '2.0.0.127.bl.test a 127.0.0.2' '66.100.51.198.bl.test a 127.0.0.4'
	run "$RELAYGUARD" -t -c "$DIR/relayguard.conf" client=198.51.100.66 'from=<x@good.test>' to=b@example.com pop=no
	[ "$status" = 0 ] || fail "$output"
	[[ $output == *$'rule 1, line 1: allow:POP:ALL:ALL\n    no: clients are not among '\''POP'\'* ]]
	[[ $output == *"rule 2, line 2: "*"    no: senders are not among 'NS=UNKNOWN'"* ]]
	[[ $output == *'DNS: A of 66.100.51.198.bl.test: 127.0.0.4'* ]]
	[[ $output == *'rule 3 decides: noto: 550 5.7.1 198.51.100.66 listed' ]]
	run "$RELAYGUARD" -t -c "$DIR/relayguard.conf" client=198.51.100.66 from=x@nx.test to=b@example.com pop=yes
	[[ $output == *'rule 1 decides: allow' ]]
	rows "198.51.100.66 $EPOCHSECONDS"
	run "$RELAYGUARD" -t -c "$DIR/relayguard.conf" client=198.51.100.66 from=x@nx.test to=b@example.com
	[[ $output == *'rule 1 decides: allow' ]]
	rows "198.51.100.66 OK"
	run "$RELAYGUARD" -t -c "$DIR/relayguard.conf" client=198.51.100.66 from=x@nx.test to=b@example.com
	[[ $output == *'rule 2 decides: noto: 550 5.1.8 no <x@nx.test>' ]]
}

@test "-t: facts that make no sense" {
	prepare 'allow:ALL:ALL:ALL'
	for facts in client=300.1.1.1 colour=red resolve=PERHAPS pop=perhaps from=a@b; do
		run "$RELAYGUARD" -t -c "$DIR/relayguard.conf" $facts
		[ "$status" = 64 ] || fail "$facts: $status"
		[[ $output == *-t* ]]
	done
	run "$RELAYGUARD" -t -c "$DIR/relayguard.conf"
	[ "$status" = 64 ]
}

@test "a start with a broken rule file is refused with 78, and no socket is there" {
	prepare 'permit:ALL:ALL:ALL'
	run "$RELAYGUARD" -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	[[ $output == *"$DIR/rules:1:1: unknown action"* ]]
	[ ! -e "$DIR/run/milter" ]
}

@test "SIGHUP: new rules for open sessions too; with a broken file the old ones stay" {
	prepare 'noto:192.0.2.1:ALL:ALL:550 5.7.1 old'
	start_guard
	policy policy
	[ "$REPLY" = '550 5.7.1 old' ]
	echo 'noto:192.0.2.1:ALL:ALL:550 5.7.1 new' >"$DIR/rules"
	kill -HUP "$GUARD_PID"
	eventually said 'using the new configuration, with 1 rules'
	policy policy
	[ "$REPLY" = '550 5.7.1 new' ]
	printf 'noto:192.0.2.1:ALL:ALL:550 5.7.1 newer\nnoto:ALL\n' >"$DIR/rules"
	kill -HUP "$GUARD_PID"
	eventually said 'keeping the old configuration and rules'
	said "$DIR/rules:2:"
	policy policy
	[ "$REPLY" = '550 5.7.1 new' ]
	echo 'allow:ALL:ALL:ALL' >"$DIR/rules"
	configure "milter = unix:$DIR/run/other"
	kill -HUP "$GUARD_PID"
	eventually said "restart needed for the new value of 'milter'"
	policy policy
	[ "$REPLY" = '550 5.7.1 new' ]
	stop_guard
}

@test "a log line for each decision; counters by SIGUSR1 and in the stats file" {
	prepare $'debug:192.0.2.1:ALL:ALL\nallow:POP:ALL:ALL\nnoto:ALL:ALL:bad@*:550 5.7.1 no'
	rows "192.0.2.7 $EPOCHSECONDS"
	start_guard
	policy policy recipient=bad@example.com 'sender=x"] client=[1.2.3.4'
	[ "$REPLY" = '550 5.7.1 no' ]
	policy policy client_address=192.0.2.7
	[ "$REPLY" = DUNNO ]
	said 'rcpt debug rule=1 client=[192.0.2.1] reply='
	said 'rcpt noto rule=3 client=[192.0.2.1] reply="550 5.7.1 no" name=UNKNOWN from=<x\x22\x5d client\x3d\x5b1.2.3.4> to=<bad@example.com>'
	said 'rcpt allow rule=2 client=[192.0.2.7]'
	kill -USR1 "$GUARD_PID"
	eventually said 'stats: rule=3 line=3 hits=1 noto:ALL:ALL:bad@*:550 5.7.1 no'
	said 'stats: accepted_total=1'
	stop_guard
	grep -qx 'relayguard_rule_hits_total{rule="3",line="3",action="noto"} 1' "$DIR/state/stats"
	grep -qx 'relayguard_connections_total{listener="policy"} 2' "$DIR/state/stats"
}

@test "policy: no rule is dodged by what only quotes let into an address" {
	prepare $'noto:ALL:*@junk.test:ALL:550 5.7.1 junk\nnoto:ALL:ALL:*@list.test:550 5.7.1 list'
	start_guard
	for local in 'a b' $'a\tb' $'a\x01b' '<x> y' 'x>' '(x' '"x' ' ' '"a b"' 'a\'; do
		policy policy "sender=$local@junk.test"
		[ "$REPLY" = '550 5.7.1 junk' ] || fail "$local: $REPLY"
		policy policy "recipient=$local@list.test"
		[ "$REPLY" = '550 5.7.1 list' ] || fail "$local: $REPLY"
	done
	stop_guard
}

@test "what the throttle has counted is kept over a restart" {
	prepare 'allow:ALL:ALL:ALL' 'throttle = 2/1h' 'delay = 0'
	for want in continue continue 450; do
		start_guard
		milter 'connect 192.0.2.1' 'mail <a@b.test>' 'rcpt <c@d.test>'
		answers 2 $want
		stop_guard
	done
	[[ ${lines[2]} == '450 4.7.1 '* ]]
}

@test "a disk that hangs holds up no answer" {
	prepare 'noto:ALL:ALL:noto@*:553 5.7.1 no'
	# each fsync(2) takes ten minutes; -D: ours is the program, not strace
	UNDER=(strace -D -f -qq -o "$DIR/trace" -e trace=fsync -e inject=fsync:delay_enter=600000000)
	start_guard
	eventually test -e "$DIR/state/stats.tmp"
	policy policy recipient=noto@example.com
	[[ $REPLY == '553 5.7.1 no' ]] || fail "$REPLY"
	# and it still is at it
	[ -e "$DIR/state/stats.tmp" ]
}

@test "one relayguard a state file; a socket that is in use is not taken" {
	prepare 'allow:ALL:ALL:ALL'
	start_guard
	run "$RELAYGUARD" -c "$DIR/relayguard.conf"
	[ "$status" = 75 ]
	configure "state = $DIR/state/other"
	run "$RELAYGUARD" -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	[[ $output == *'Address already in use'* ]]
	stop_guard
}

@test "-d: ready when it returns; the pid file is held" {
	prepare 'noto:ALL:ALL:ALL:550 5.7.1 no'
	"$RELAYGUARD" -d -c "$DIR/relayguard.conf" -p "$DIR/pid" 2>"$DIR/stderr" 3>&-
	GUARD_PID=$(cat "$DIR/pid")
	policy policy
	[ "$REPLY" = '550 5.7.1 no' ]
	kill "$GUARD_PID"
	eventually is_gone "$GUARD_PID"
	GUARD_PID=
}

@test "a socket that systemd passes is taken by its address" {
	prepare 'noto:ALL:ALL:ALL:550 5.7.1 no'
	: >"$DIR/stderr"
	python3 - "$DIR/run/policy" "$RELAYGUARD" -v -c "$DIR/relayguard.conf" 2>>"$DIR/stderr" 3>&- <<-'END' &
		import os, socket, sys
		held = socket.socket(socket.AF_UNIX)
		held.bind(sys.argv[1])
		held.listen()
		os.dup2(held.fileno(), 3)
		os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="relayguard.socket")
		os.execv(sys.argv[2], sys.argv[2:])
	END
	GUARD_PID=$!
	eventually guarding
	policy policy
	[ "$REPLY" = '550 5.7.1 no' ]
	policy relay
	[ "$REPLY" = DUNNO ]
	stop_guard
}

@test "thousands of clients that never end what they send: so much memory and no more, and others are answered" {
	prepare 'noto:ALL:ALL:ALL:550 5.7.1 no'
	# 64 MiB for all of them, and some KiB for each
	each=200 most=100000
	short || each=2500 most=200000
	ulimit -n "$(ulimit -H -n)"
	start_guard
	peak=$(timeout 1200 python3 "$SOURCES/tests/relayguard/hostile.py" "$GUARD_PID" milter "$DIR/run/milter" $each \
		sender "$DIR/run/milter" $each policy "$DIR/run/policy" $each policy "$DIR/run/relay" $each)
	[ "$peak" -lt $most ] || fail "$peak KiB"
	said 'milter connection of uid 0 closed'
	milter 'connect 192.0.2.1' 'mail <>' 'rcpt <a@b.test>'
	answers 2 '550 5.7.1 no'
	policy policy
	[ "$REPLY" = '550 5.7.1 no' ]
	stop_guard
}
