# needs: root
# logins that hooks hand over in a datagram each: who may send, what is taken, what a flood does

load ../lib/test
load daemon

send() {	# send UID COUNT TEXT
	"$BUILD/tests/daemon/prog_send" "$DIR/db/sock" "$@"
}

prepare_socket() {
	prepare "socket = $SCRATCH/$BATS_TEST_NUMBER/db/sock" "$@"
}

counters() {	# the counters' line of the socket
	kill -USR1 "$POPWATCH_PID"
	eventually grep -q 'socket: ' "$DIR/stderr"
	grep 'socket: ' "$DIR/stderr" | tail -n 1
}

@test "a login of root is recorded, with its own words in the log" {
	prepare_socket
	start_popwatch
	send 0 1 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	eventually grep -q "login from 192.0.2.1: user 'alice', server socket, session 'pop3'" "$DIR/stderr"
	send 0 1 'login ::ffff:192.0.2.2 - imap'
	eventually recorded 192.0.2.2
	stop_popwatch
}

@test "others cannot even write to the socket, unless they are configured" {
	prepare_socket
	start_popwatch
	[ "$(send 65534 1 'login 203.0.113.9 x y' | cut -d ' ' -f 1)" = 0 ]
	send 0 1 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	not recorded 203.0.113.9
	stop_popwatch
}

@test "of configured users logins are taken, of others they are counted as strangers' and reported" {
	prepare_socket 'socket-users = daemon'
	start_popwatch
	send 1 1 'login 192.0.2.1 alice pop3'
	send 65534 1 'login 203.0.113.9 x y'
	eventually recorded 192.0.2.1
	eventually grep -q 'uid 65534 sends to the socket and is not in socket-users' "$DIR/stderr"
	not recorded 203.0.113.9
	[[ $(counters) == *'1 logins, 1 of strangers, 0 malformed'* ]]
	stop_popwatch
}

reload() {	# reload TEXT: and what is said then
	kill -HUP "$POPWATCH_PID"
	eventually grep -qF -- "$1" "$DIR/stderr"
	: >"$DIR/stderr"
}

@test "HUP takes users away, adds numbers, and keeps the names it has" {
	prepare_socket 'socket-users = daemon'
	start_popwatch
	# another setting, the users as they were
	echo 'window = 1h' >>"$DIR/popwatch.conf"
	reload 'using the new configuration'
	send 1 1 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	# one goes, one comes
	sed -i 's/^socket-users.*/socket-users = 2/' "$DIR/popwatch.conf"
	reload 'using the new configuration'
	send 1 1 'login 203.0.113.9 x y'
	send 2 1 'login 192.0.2.2 bob pop3'
	eventually recorded 192.0.2.2
	not recorded 203.0.113.9
	# all go
	sed -i '/^socket-users/d' "$DIR/popwatch.conf"
	reload 'using the new configuration'
	send 2 1 'login 203.0.113.9 x y'
	send 0 1 'login 192.0.2.3 carol pop3'
	eventually recorded 192.0.2.3
	not recorded 203.0.113.9
	stop_popwatch
}

@test "HUP with a new name, or with the first user, is refused: restart needed" {
	prepare_socket 'socket-users = daemon'
	start_popwatch
	sed -i 's/^socket-users.*/socket-users = daemon bin/' "$DIR/popwatch.conf"
	reload "socket-users = 'bin', but a name that was not there at the start needs a restart"
	stop_popwatch
	sed -i '/^socket-users/d' "$DIR/popwatch.conf"
	start_popwatch
	echo 'socket-users = 1' >>"$DIR/popwatch.conf"
	reload "restart needed for the new value of 'socket-users'"
	stop_popwatch
}

@test "what is no login is counted as malformed and changes nothing" {
	prepare_socket
	start_popwatch
	for text in '' 'login' 'login 192.0.2.7' 'login 192.0.2.7 a' 'login 192.0.2.7 a b c' 'login  192.0.2.7 a' 'logout 192.0.2.7 a b' \
		$'login 192.0.2.7 a b\n' "login 192.0.2.7 a $(head -c 600 /dev/zero | tr '\0' x)"; do
		send 0 1 "$text"
	done
	send 0 1 'login host.example a b'
	send 0 1 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	not recorded 192.0.2.7
	[[ $(counters) == *'2 logins, 0 of strangers, 9 malformed'* ]]
	stop_popwatch
}

@test "a flood blocks no sender, is dropped and counted, and the next login is taken" {
	prepare_socket
	start_popwatch
	send 0 100000 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	sent() { send 0 1 'login 192.0.2.2 alice pop3' >/dev/null; recorded 192.0.2.2; }
	eventually sent
	stop_popwatch
}

@test "a socket of an earlier run is replaced, a file in its place is not" {
	prepare_socket
	start_popwatch
	kill -KILL "$POPWATCH_PID"
	wait "$POPWATCH_PID" || :
	start_popwatch
	send 0 1 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	stop_popwatch
	rm "$DIR/db/sock"
	echo precious >"$DIR/db/sock"
	run "$POPWATCH" -c "$DIR/popwatch.conf"
	[ "$status" -ne 0 ]
	[ "$(cat "$DIR/db/sock")" = precious ]
}

@test "a login that is handed over while popwatch stops is recorded, or the sender is told" {
	prepare_socket
	start_popwatch
	send 0 1 'login 192.0.2.1 alice pop3'
	eventually recorded 192.0.2.1
	# a commit of others, for which the last one of popwatch has to wait
	flock "$DB.lock" sleep 3 3>&- &
	n=0
	while kill -0 "$POPWATCH_PID" 2>/dev/null && ((++n < 200)); do
		[ "$(send 0 1 "login 198.51.100.$n u pop3" | cut -d ' ' -f 1)" != 1 ] || echo "198.51.100.$n"
		[ $n != 10 ] || kill "$POPWATCH_PID"
		sleep 0.05
	done >"$DIR/taken"
	wait
	POPWATCH_PID=
	mapfile -t taken <"$DIR/taken"
	((${#taken[@]} >= 5))
	recorded "${taken[@]}"
}

queued() {
	grep -qa "^record $1 " "$DB.queue"
}

@test "a login is safe in the queue while somebody holds the database, also where an expiry is due" {
	prepare_socket 'expire = 30m'
	"$VSMTPRELAY" -f "$DB" load - <<<"192.0.2.7 $(date +%s)"
	exec 7<>"$DB.lock"
	flock 7
	start_popwatch 7>&-
	send 0 1 'login 192.0.2.1 alice pop3'
	eventually queued 192.0.2.1
	exec 7>&-
	eventually recorded 192.0.2.1
	stop_popwatch
}
