# life as a service: signals, reload, counters, pid file, service manager, standard input, check of the configuration

load ../lib/test
load daemon

said() {	# said TEXT: on stderr
	grep -qF -- "$1" "$DIR/stderr"
}

@test "HUP takes a new configuration over" {
	prepare
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	echo 'ignore = 192.0.2.0/24' >>"$DIR/popwatch.conf"
	echo "log = $DIR/log/second.log" >>"$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
	eventually said 'using the new configuration'
	login 192.0.2.2 >>"$LOG"
	login 198.51.100.1 >"$DIR/log/second.log"
	eventually recorded 198.51.100.1
	not recorded 192.0.2.2
	[ "$(grep -c 'from 192.0.2.1:' "$DIR/stderr")" -eq 1 ]
	stop_popwatch
}

@test "HUP with an error keeps the old configuration, and every error is logged" {
	prepare
	start_popwatch
	cp "$DIR/popwatch.conf" "$DIR/good.conf"
	printf '%s\n' 'window = soon' 'colour = red' >>"$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
	eventually said 'keeping the old configuration'
	said "window = 'soon', expected a duration"
	said "unknown setting 'colour'"
	login 192.0.2.1 >"$LOG"
	eventually recorded 192.0.2.1
	stop_popwatch
}

@test "HUP with a path outside the sandbox is refused: restart needed" {
	prepare
	mkdir "$SCRATCH/elsewhere"
	start_popwatch
	echo "log = $SCRATCH/elsewhere/mail.log" >>"$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
	eventually said "restart needed for the new value of 'log'"
	said 'keeping the old configuration'
	login 192.0.2.1 >"$LOG"
	eventually recorded 192.0.2.1
	stop_popwatch
}

@test "USR1 logs the counters" {
	prepare
	{ login 192.0.2.1; login 192.0.2.1; echo 'Nov 20 10:00:00 vm cron[1]: hello'; echo 'nonsense'; } >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	kill -USR1 "$POPWATCH_PID"
	eventually said '4 lines (1 of other programs, 1 of another layout, 0 without a time, 0 broken, 0 doubted); 1 logins recorded, 1 recent'
	said 'dovecot: 2 lines, 2 logins'
	stop_popwatch
}

@test "the counters are written for Prometheus" {
	prepare "stats-file = $SCRATCH/$BATS_TEST_NUMBER/db/popwatch.prom"
	login 192.0.2.1 >"$LOG"
	once
	prom=$DIR/db/popwatch.prom
	[ "$(stat -c %a "$prom")" = 644 ]
	grep -qx 'popwatch_server_lines_total{server="dovecot",means="login"} 1' "$prom"
	grep -qx 'popwatch_logins_total{verdict="recorded"} 1' "$prom"
	grep -qx 'popwatch_commits_total 1' "$prom"
	# the text format: every line is a comment or NAME{LABELS} VALUE, every metric has its type
	not grep -Evq '^(# (HELP|TYPE) popwatch_[a-z_]+ .+|popwatch_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9]+)$' "$prom"
	for name in $(sed -n 's/^\(popwatch_[a-z_]*\).*/\1/p' "$prom" | sort -u); do
		grep -q "^# TYPE $name " "$prom" || fail "$name has no type"
	done
}

@test "in the background: the start waits until it is ready, the pid file holds it, a second one is refused" {
	prepare "pid-file = $SCRATCH/$BATS_TEST_NUMBER/db/popwatch.pid"
	login 192.0.2.1 >"$LOG"
	"$POPWATCH" -c "$DIR/popwatch.conf" -d 3>&-
	POPWATCH_PID=$(cat "$DIR/db/popwatch.pid")
	for fd in 0 1 2; do
		[ "$(readlink "/proc/$POPWATCH_PID/fd/$fd")" = /dev/null ] || fail "descriptor $fd: $(readlink "/proc/$POPWATCH_PID/fd/$fd")"
	done
	eventually recorded 192.0.2.1
	run "$POPWATCH" -c "$DIR/popwatch.conf" -d 3>&-
	[ "$status" -ne 0 ]
	[[ $output == *'another popwatch is running'* ]]
	kill "$POPWATCH_PID"
	eventually is_gone "$POPWATCH_PID"
	POPWATCH_PID=
}

@test "a second one with the same state is refused before it touches the socket, also without a pid file" {
	prepare "socket = $SCRATCH/$BATS_TEST_NUMBER/db/sock"
	start_popwatch
	before=$(stat -c %i "$DIR/db/sock")
	run "$POPWATCH" -c "$DIR/popwatch.conf" 3>&-
	[ "$status" -eq 75 ] || fail "status $status"
	[[ $output == *"popwatch.state.lock: another popwatch is running"* ]]
	[ "$(stat -c %i "$DIR/db/sock")" = "$before" ]
	run "$POPWATCH" -o -c "$DIR/popwatch.conf" 3>&-
	[ "$status" -eq 75 ]
	# standard input has no state
	login 192.0.2.1 | "$POPWATCH" -c "$DIR/popwatch.conf" -
	recorded 192.0.2.1
	stop_popwatch
	[ "$(stat -c %a "$DIR/db/popwatch.state.lock")" = 600 ]
	once
}

@test "the lock that root makes is the user's, a link in its place is refused" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, who changes users"
	prepare
	sed -i 's/^user.*/user = daemon/' "$DIR/popwatch.conf"
	chown daemon "$DIR/db"
	once
	[ "$(stat -c %U "$DIR/db/popwatch.state.lock")" = daemon ]
	setpriv --reuid=daemon --regid=daemon --clear-groups "$POPWATCH" -c "$DIR/popwatch.conf" -o
	rm "$DIR/db/popwatch.state.lock"
	echo precious >"$DIR/precious"
	ln -s ../precious "$DIR/db/popwatch.state.lock"
	run once
	[ "$status" -eq 73 ] || fail "status $status"
	rm "$DIR/db/popwatch.state.lock"
	ln "$DIR/precious" "$DIR/db/popwatch.state.lock"
	run once
	[ "$status" -eq 73 ] || fail "status $status"
	[ "$(stat -c %U "$DIR/precious")" = root ]
}

@test "in the background: a start that fails says so with its status" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, who changes users"
	prepare
	sed -i '/^user/d' "$DIR/popwatch.conf"
	echo 'user = no-such-user-here' >>"$DIR/popwatch.conf"
	run "$POPWATCH" -c "$DIR/popwatch.conf" -d 3>&-
	[ "$status" -eq 78 ] || fail "status $status"
	[[ $output == *"popwatch.conf:6: user = 'no-such-user-here': there is no such user" ]] || fail "$output"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 78 ] || fail "status $status"
	[[ $output == *"popwatch.conf:6: user = 'no-such-user-here': there is no such user"* ]] || fail "$output"
}

@test "the service manager hears when it is ready, that it lives, and that it stops" {
	prepare
	python3 - "$DIR/notify" >"$DIR/heard" 3>&- <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(20)
		while True:
		    text = s.recv(4096).decode()
		    print(text, flush=True)
		    if "STOPPING=1" in text:
		        break
	END
	listener=$!
	eventually test -S "$DIR/notify"
	NOTIFY_SOCKET=$DIR/notify WATCHDOG_USEC=1000000 start_popwatch
	eventually grep -q READY=1 "$DIR/heard"
	watchdogs() { [ "$(grep -c WATCHDOG=1 "$DIR/heard")" -ge 3 ]; }
	eventually watchdogs
	stop_popwatch
	wait "$listener"
	grep -q STOPPING=1 "$DIR/heard"
}

@test "lines from standard input, until its end" {
	prepare
	login 192.0.2.1 >"$LOG"			# the configured logs are not read
	{ login 192.0.2.2; login 192.0.2.3; } | "$POPWATCH" -c "$DIR/popwatch.conf" -
	recorded 192.0.2.2 192.0.2.3
	not recorded 192.0.2.1
}

@test "standard input that stays open is recorded as it comes" {
	prepare
	mkfifo "$DIR/pipe"
	"$POPWATCH" -v -c "$DIR/popwatch.conf" - <"$DIR/pipe" 2>"$DIR/stderr" 3>&- &
	POPWATCH_PID=$!
	exec 7>"$DIR/pipe"
	login 192.0.2.1 >&7
	eventually recorded 192.0.2.1
	exec 7>&-
	wait "$POPWATCH_PID"
	POPWATCH_PID=
}

@test "-n: a right configuration is fine, in a wrong one every error is reported with its line" {
	prepare
	touch "$LOG"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 0 ] || fail "$output"
	cat >"$DIR/popwatch.conf" <<-'END'
		log = mail.log
		format = fancy
		window = 0
		ignore = 192.0.2.1/24
		ignore = host.example
		socket-users = no-such-user-here
		expire
		[section]
		refresh = 5
		user = no-such-user-here
		servers = no-such-server
		refresh = 6
		[x]
	END
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 78 ]
	for error in "1: log = 'mail.log', expected an absolute path" "2: format = 'fancy', expected syslog" "3: window = '0', expected a duration" \
		"4: ignore = '192.0.2.1/24', expected an address or a network" "5: ignore = 'host.example'" "6: socket-users = 'no-such-user-here'" \
		"7: 'expire': expected NAME = VALUE" \
		"8: section '[section]', expected no sections" "10: user = 'no-such-user-here': there is no such user" \
		"11: servers: no definition 'no-such-server'" "12: refresh = '6', expected it once" "13: section '[x]'"; do
		[[ $output == *"popwatch.conf:$error"* ]] || fail "not reported: $error; but: $output"
	done
}

@test "-n reports a configuration without anything to watch, and one that cannot be read" {
	prepare
	sed -i '/^log/d' "$DIR/popwatch.conf"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 78 ]
	[[ $output == *'popwatch.conf: nothing to watch'* ]] || fail "$output"
	run "$POPWATCH" -n -c "$DIR"
	[ "$status" -eq 78 ]
	[[ $output == *"$DIR: cannot read it: it is not a file" ]] || fail "$output"
	run "$POPWATCH" -n -c "$DIR/nowhere.conf"
	[ "$status" -eq 78 ]
	[[ $output == *'nowhere.conf: cannot read it: No such file or directory'* ]]
}

@test "HUP to a server that has no definition names the line" {
	prepare
	start_popwatch
	echo 'servers = nosuch' >>"$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
	eventually said 'keeping the old configuration'
	said "popwatch.conf:7: servers: no definition 'nosuch'"
	stop_popwatch
}

@test "a log that is a directory is refused with its line; one that becomes a directory is no file" {
	prepare
	mkdir "$LOG"
	for how in -n -o; do
		run "$POPWATCH" $how -c "$DIR/popwatch.conf"
		[ "$status" -eq 78 ] || fail "$how: $status"
		[[ $output == *"popwatch.conf:6: log = '$LOG' is not a file" ]] || fail "$how: $output"
	done
	rmdir "$LOG"
	start_popwatch
	mkdir "$LOG"
	eventually said "cannot read $LOG: it is not a file"
	stop_popwatch
}

@test "-n says as whom it looked, and that it takes root to look as somebody else" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, who changes users"
	prepare
	sed -i 's/^user.*/user = daemon/' "$DIR/popwatch.conf"
	install -m 600 /dev/null "$LOG"
	run setpriv --reuid=nobody --regid=nogroup --clear-groups "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 77 ] || fail "$output"
	[[ $output == *"nobody cannot read $LOG: Permission denied"* ]] || fail "$output"
	[[ $output == *"looked at as nobody: what daemon can read and write, root alone can test"* ]] || fail "$output"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 77 ] || fail "$output"
	[[ $output == *"daemon cannot read $LOG: Permission denied"* ]] || fail "$output"
	[[ $output != *'looked at as'* ]] || fail "$output"
}

@test "the directory of the state or the pid file is missing: that, and how to make it" {
	prepare
	sed -i "s,^state = .*,state = $DIR/none/state," "$DIR/popwatch.conf"
	sed -i 's/^user.*/user = daemon/' "$DIR/popwatch.conf"
	missing="there is no directory $DIR/none; make it: install -d -m 755 $DIR/none && chown daemon: $DIR/none"
	run "$POPWATCH" -o -c "$DIR/popwatch.conf"
	[ "$status" -eq 73 ] || fail "$status"
	[ "$output" = "popwatch: lock $DIR/none/state.lock: $missing" ] || fail "$output"
	chmod 777 "$DIR/db"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 77 ] || fail "$status"
	[[ $output == *"$DIR/none/state: $missing"* ]] || fail "$output"
	sed -i "s,^state = .*,state = $DIR/db/state,; s/^user.*/user =/" "$DIR/popwatch.conf"
	run "$POPWATCH" -o -c "$DIR/popwatch.conf" -p "$DIR/none/pid"
	[ "$status" -eq 73 ] || fail "$status"
	[[ $output == *"pid file $DIR/none/pid: there is no directory $DIR/none; make it: install -d -m 755 $DIR/none" ]] || fail "$output"
}

@test "one log, two logs" {
	prepare
	start_popwatch
	said 'watching 1 log with'
	stop_popwatch
	echo "log = $DIR/log/second.log" >>"$DIR/popwatch.conf"
	start_popwatch
	said 'watching 2 logs with'
	stop_popwatch
}

@test "used wrongly: the reason, where to read on, status 64" {
	while IFS='|' read -r arguments why; do
		run "$POPWATCH" $arguments
		[ "$status" -eq 64 ] || fail "$arguments: $status"
		[ "${#lines[@]}" -eq 2 ] || fail "$arguments: $output"
		[ "${lines[0]}" = "popwatch: $why" ] || fail "$arguments: $output"
		[ "${lines[1]}" = 'Try "popwatch --help".' ] || fail "$arguments: $output"
	done <<-'END'
	-x|option -x is unknown or takes no argument
	-ox|option -x is unknown or takes no argument
	--once|option --once is unknown or takes no argument
	--help=x|option --help=x is unknown or takes no argument
	-c|option -c needs an argument
	foo|unexpected argument 'foo': only - (standard input) may follow the options
	- foo|unexpected argument 'foo': only - (standard input) may follow the options
	-h x|unexpected argument 'x': only - (standard input) may follow the options
	-F fancy -t /dev/null|-F fancy, expected syslog, nohost, dovecot, courier, zimbra or any
	-s all|-s and -F are for -t
	-F any|-s and -F are for -t
	-n -o|-n can only be combined with -c and -v
	-n -d|-n can only be combined with -c and -v
	-n -p /no/pid|-n can only be combined with -c and -v
	-n -|-n can only be combined with -c and -v
	-n -t /dev/null|-n can only be combined with -c and -v
	-t /dev/null -o|-t can only be combined with -c, -F, -s and -v (-t - reads standard input)
	-t /dev/null -|-t can only be combined with -c, -F, -s and -v (-t - reads standard input)
	-d -|-d detaches from standard input and cannot be used with -
	END
	run "$POPWATCH" -t /dev/null -s dovecot,dovecot
	[ "$status" -eq 64 ]
	[[ $output == *"-s has 'dovecot' twice"* ]]
	run "$POPWATCH" --help
	[ "$status" -eq 0 ]
	[[ $output == *'usage: popwatch'* ]]
}

@test "what cannot be read as lines is reported, with status 66" {
	prepare
	for file in "$DIR/db" "$DIR/nowhere" /proc/self/mem; do
		run "$POPWATCH" -c "$DIR/popwatch.conf" -t "$file"
		[ "$status" -eq 66 ] || fail "$file: $status $output"
		[[ $output == "popwatch: cannot read $file: "* ]] || fail "$file: $output"
		[ "${#lines[@]}" -eq 1 ] || fail "$file: $output"
	done
	for how in '-t -' -; do
		run "$POPWATCH" -c "$DIR/popwatch.conf" $how <"$DIR/db"
		[ "$status" -eq 66 ] || fail "$how: $status $output"
		[ "$output" = 'popwatch: cannot read standard input: Is a directory' ] || fail "$how: $output"
		run "$POPWATCH" -c "$DIR/popwatch.conf" $how 0>/dev/null
		[ "$status" -eq 66 ] || fail "$how: $status $output"
		[ "$output" = 'popwatch: cannot read standard input: Bad file descriptor' ] || fail "$how: $output"
	done
}

@test "the sample configuration is right" {
	# (there need not be a user relayers, nor an installation)
	{ echo "definitions = $SOURCES/popwatch/servers.d"; cat "$BUILD/placed/popwatch/popwatch.conf.sample"; } >"$SCRATCH/sample.conf"
	run "$POPWATCH" -n -c "$SCRATCH/sample.conf"
	[[ $output != *sample.conf:[0-9]* ]] || fail "$output"
	# and every setting's default in it is the built-in one: taking the comments away changes nothing
	sed -n 's/^#\([a-z-]* = .*\)/\1/p' "$SCRATCH/sample.conf" >"$SCRATCH/defaults.conf"
	echo "definitions = $SOURCES/popwatch/servers.d" >>"$SCRATCH/defaults.conf"
	run "$POPWATCH" -n -c "$SCRATCH/defaults.conf"
	[[ $(grep -v "user = 'relayers': there is no such user" <<<"$output") != *defaults.conf:[0-9]* ]] || fail "$output"
}
