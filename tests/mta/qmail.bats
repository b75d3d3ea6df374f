# qmail.bats - `vsmtprelay tcprules` and popwatch's cdb in a real tcpserver
#
# enclosure: ucspi

load ../lib/test
load ../daemon/daemon

PORT=2527

setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	DB=$DIR/relayers.db
	CDB=$DIR/tcp.smtp.cdb
	RULES=$DIR/tcp.smtp
	mkdir -p "$DIR"
	chmod 755 "$DIR"
	: >"$DIR/stderr"
	printf '%s\n' '127.0.0.9:allow,RELAYCLIENT=""' '127.0.0.66:deny' '127.7.:deny' \
		'127.8.:allow,SCAN="no"' ':allow,SCAN="yes"' >"$RULES"
}

teardown() {
	[ -z "${SERVER_PID-}" ] || stop "$SERVER_PID"
	[ -z "${POPWATCH_PID-}" ] || stop "$POPWATCH_PID"
	SERVER_PID= POPWATCH_PID=
}

relay() {
	"$VSMTPRELAY" -f "$DB" "$@"
}

# what a program behind tcpserver sees of a client: its variables, or nothing
serve() {
	quietly tcpserver tcpserver -RHl0 -x "$CDB" 0 "$PORT" \
		sh -c 'echo "relay=${RELAYCLIENT-no} scan=${SCAN-}"' 3>&- &
	SERVER_PID=$!
	comes_up tcpserver $! listens "$PORT"
}

client() {
	tcpclient -RHl0 -i "$1" 127.0.0.1 "$PORT" sh -c 'cat <&6'
}

client_is() {		# client_is ADDRESS ANSWER
	[ "$(client "$1")" = "$2" ]
}

@test "RELAYCLIENT is set for a client that logged in and for no other; the rules win" {
	relay add 127.0.0.2
	relay add 127.0.0.3 $(($(date +%s) - 4000))
	relay add 127.0.0.4 $(($(date +%s) + 4000))
	relay add 127.0.0.66
	relay add 127.7.0.1
	relay add 127.8.0.1
	relay add 2001:db8::7
	relay tcprules "$RULES" "$CDB"
	serve
	client_is 127.0.0.2 'relay= scan=yes'
	client_is 127.0.0.3 'relay=no scan=yes'
	client_is 127.0.0.4 'relay=no scan=yes'
	client_is 127.0.0.5 'relay=no scan=yes'
	client_is 127.0.0.9 'relay= scan='
	client_is 127.0.0.66 ''
	client_is 127.7.0.1 ''
	client_is 127.8.0.1 'relay= scan=no'
	client_is 127.8.0.2 'relay=no scan=no'
	# the window is an argument; the next connection sees it
	relay tcprules "$RULES" "$CDB" 2h
	client_is 127.0.0.3 'relay= scan=yes'
	relay delete 127.0.0.2
	relay tcprules "$RULES" "$CDB"
	client_is 127.0.0.2 'relay=no scan=yes'
}

@test "rules mean what they mean to tcprules" {
	printf '%s\n' '# a comment' '' '127.0.0.5-7:allow,A="x",B=/y"/  ' 'u@127.0.0.8:deny' '=Mail.Example:allow' \
		'127.1-2.:deny' '127.0.0.5:deny' ':allow,EMPTY=""' >"$RULES"
	tcprules "$DIR/theirs.cdb" "$DIR/theirs.tmp" <"$RULES"
	relay add 192.0.2.1
	relay tcprules "$RULES" "$CDB"
	for address in 127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.7 127.1.2.3 127.2.9.9 127.3.0.1; do
		TCPREMOTEIP=$address tcprulescheck "$DIR/theirs.cdb" >"$DIR/theirs" || :
		TCPREMOTEIP=$address tcprulescheck "$CDB" >"$DIR/ours" || :
		diff "$DIR/theirs" "$DIR/ours"
	done
	TCPREMOTEIP=127.0.0.8 TCPREMOTEINFO=u tcprulescheck "$CDB" | grep deny
	TCPREMOTEIP=127.0.0.8 TCPREMOTEHOST=mail.example tcprulescheck "$CDB" | not grep EMPTY
}

@test "bad rules, no rules and no room change nothing" {
	relay add 127.0.0.2
	relay tcprules "$RULES" "$CDB"
	cp "$CDB" "$DIR/before"
	for line in 'no colon' '1.2.3.4:maybe' '1.2.3.4:allow,X' '1.2.3.4:allow,X="y' '1.2.3.x-9:deny' '1.2.3.4:denyall'; do
		printf '%s\n' ':allow' "$line" >"$RULES.bad"
		status=0
		relay tcprules "$RULES.bad" "$CDB" 2>"$DIR/said" || status=$?
		[ "$status" = 65 ]
		grep -F "$RULES.bad, line 2 is no rule" "$DIR/said"
	done
	status=0
	relay tcprules "$DIR/none" "$CDB" 2>"$DIR/said" || status=$?
	[ "$status" = 66 ]
	status=0
	(ulimit -f 1; trap '' XFSZ; relay tcprules "$RULES" "$CDB" 2>"$DIR/said") || status=$?
	[ "$status" = 73 ]
	cmp "$CDB" "$DIR/before"
	[ ! -e "$CDB.tmp" ]
}

@test "killed at any call, the cdb is the old one or the new one" {
	relay add 127.0.0.2
	relay tcprules "$RULES" "$CDB"
	serve
	local call n=0 status
	for call in openat flock ftruncate pwrite64 write fchmod fsync renameat; do
		for ((n = 1; n <= 200; n++)); do
			status=0
			strace -qq -o /dev/null -e "inject=$call:signal=KILL:when=$n" \
				"$VSMTPRELAY" -f "$DB" tcprules "$RULES" "$CDB" 2>/dev/null || status=$?
			client_is 127.0.0.2 'relay= scan=yes'
			client_is 127.0.0.5 'relay=no scan=yes'
			[ "$status" != 0 ] || break
		done
		[ "$status" = 0 ]
	done
	relay tcprules "$RULES" "$CDB"
	client_is 127.0.0.2 'relay= scan=yes'
}

popwatch_with_cdb() {
	LOG=$DIR/mail.log
	: >"$LOG"
	printf '%s\n' "definitions = $SOURCES/popwatch/servers.d" "database = $DB" "state = $DIR/popwatch.state" \
		'ignore = none' 'user =' 'commit-interval = 0' "window = $1" "cdb = $CDB" "cdb-rules = $RULES" \
		"log = $LOG" >"$DIR/popwatch.conf"
	start_popwatch
	eventually [ -s "$CDB" ]
}

# leaves_soon ADDRESS: it has an entry that is in the cdb and has some seconds to
# go: the more, the slower this machine is
leaves_soon() {
	local left end
	for left in 6 12 24 48; do
		end=$(($(date +%s) + left))
		relay add "$1" $((end - 3600))
		until client_is "$1" 'relay= scan=yes'; do
			[ "$(date +%s)" -lt $end ] || continue 2
		done
		return 0
	done
	fail "$1 is not in the cdb in time"
}

@test "popwatch keeps the cdb current: logins, others' changes, the rules, the window" {
	popwatch_with_cdb 60m
	serve
	client_is 127.0.0.2 'relay=no scan=yes'
	login 127.0.0.2 >>"$LOG"
	eventually client_is 127.0.0.2 'relay= scan=yes'
	relay add 127.0.0.3			# somebody else
	eventually client_is 127.0.0.3 'relay= scan=yes'
	relay delete 127.0.0.2
	eventually client_is 127.0.0.2 'relay=no scan=yes'
	client_is 127.0.0.3 'relay= scan=yes'
	# nobody changes the database: the entry leaves the window in a few seconds
	leaves_soon 127.0.0.4
	eventually client_is 127.0.0.4 'relay=no scan=yes'
	recorded 127.0.0.4
	# rules that are wrong leave it as it is, and are complained about
	echo nonsense >"$RULES.new"
	mv "$RULES.new" "$RULES"
	eventually grep -q 'line 1 is no rule' "$DIR/stderr"
	client_is 127.0.0.3 'relay= scan=yes'
	echo ':allow,SCAN="new"' >"$RULES.new"
	mv "$RULES.new" "$RULES"
	eventually client_is 127.0.0.3 'relay= scan=new'
	rm "$CDB"
	eventually client_is 127.0.0.3 'relay= scan=new'
	stop_popwatch
}
