# milter.bats - the milter protocol as mail servers speak it

load ../lib/test
load guard

@test "noto, allow and a second message" {
	prepare $'noto:ALL:ALL:bad@*:550 5.7.1 100%% no\nallow:ALL:ALL:ALL'
	start_guard
	milter 'connect 192.0.2.1' 'mail <a@b.test> SIZE=9' 'rcpt <bad@c.test> NOTIFY=NEVER' 'rcpt <good@c.test>' data end \
		'mail <>' 'rcpt <bad@c.test>' abort 'mail <a@b.test>' 'rcpt <good@c.test>' end quit
	[ "${lines[*]}" = 'no answer continue 550 5.7.1 100% no continue continue continue continue 550 5.7.1 100% no no answer continue continue continue no answer' ] ||
		fail "${lines[*]}"
	stop_guard
}

@test "deny: every further command of the session is refused, and a new session is not" {
	prepare 'deny:ALL:ALL:bad@*:554 5.7.1 away'
	start_guard
	for next in data 'unknown XYZZY' 'mail <>' 'rcpt <good@c.test>' end; do
		milter 'connect 192.0.2.1' 'mail <>' 'rcpt <good@c.test>' 'rcpt <bad@c.test>' "$next" "$next"
		answers 3 554
		answers 4 '421 4.7.0 '
		answers 5 '421 4.7.0 '
	done
	milter 'connect 192.0.2.1' 'mail <>' 'rcpt <good@c.test>'
	answers 2 continue
	stop_guard
}

@test "tag: one field above all others, forged ones are removed" {
	prepare 'tag:192.0.2.1:ALL:ALL:from %I'
	start_guard
	milter 'connect 192.0.2.1' 'mail <>' 'rcpt <a@c.test>' 'rcpt <b@c.test>' 'header X-Spam-Warning no' 'header Subject x' \
		'header x-spam-warning no' end 'mail <>' 'rcpt <a@c.test>' end
	answers 7 'continue change 2 X-Spam-Warning change 1 X-Spam-Warning insert 0 X-Spam-Warning=from 192.0.2.1'
	answers 10 'continue insert 0 X-Spam-Warning=from 192.0.2.1'
	milter 'connect 192.0.2.2' 'mail <>' 'rcpt <a@c.test>' 'header X-Spam-Warning no' end
	answers 4 'continue change 1 X-Spam-Warning'
	stop_guard
}

@test "local submissions are exempt; AUTH is of the message that it came with" {
	prepare $'allow:LOCAL AUTH:ALL:ALL\nnoto:ALL:ALL:ALL:550 5.7.1 no'
	start_guard
	milter 'connect -' 'mail <>' 'rcpt <a@c.test>'
	answers 2 continue
	milter 'connect -' 'mail <>' next 'mail <>' 'rcpt <a@c.test>'
	answers 4 550
	milter 'connect 192.0.2.1' 'mail <> alice' 'rcpt <a@c.test>' abort 'mail <>' 'rcpt <a@c.test>'
	answers 2 continue
	answers 5 550
	stop_guard
}

@test "recipients that Postfix refuses are logged as attempts, unless log-attempts = no" {
	prepare 'noto:ALL:ALL:ALL:550 5.7.1 no'
	start_guard
	milter 'connect 192.0.2.1' 'mail <>' 'refused <x@far.test> 5.7.1 Relay access denied' 'refused <y@c.test> 5.1.1 User unknown' \
		'rcpt <z@c.test>'
	answers 2 continue
	answers 3 continue
	answers 4 550
	said 'rcpt attempt rule=0 client=[192.0.2.1] reply="Relay access denied" name=UNKNOWN from=<> to=<x@far.test>'
	not said 'y@c.test'
	configure 'log-attempts = no'
	kill -HUP "$GUARD_PID"
	eventually said 'using the new configuration'
	milter 'connect 192.0.2.1' 'mail <>' 'refused <w@far.test> 5.7.1 Relay access denied'
	not said 'w@far.test'
	stop_guard
}

@test "a pause of one session keeps no other waiting; the number of pauses is bounded" {
	prepare $'noto_delay:192.0.2.1:ALL:ALL:550 5.7.1 slow\nallow:ALL:ALL:ALL' 'delay = 6s' 'pauses = 2'
	start_guard
	for i in 1 2; do
		python3 "$SOURCES/tests/relayguard/peers.py" milter "$DIR/run/milter" 'connect 192.0.2.1' 'mail <>' 'rcpt <a@b.test>' \
			>"$DIR/slow.$i" 3>&- &
	done
	two_pause() {
		kill -USR1 "$GUARD_PID"
		said 'stats: pauses=2'
	}
	eventually two_pause
	# others are answered, and who would be the third to pause is not kept
	milter 'connect 192.0.2.2' 'mail <>' 'rcpt <a@b.test>'
	answers 2 continue
	milter 'connect 192.0.2.1' 'mail <>' 'rcpt <a@b.test>'
	answers 2 550
	[ "$(cat "$DIR"/slow.* | wc -l)" = 4 ] || skip 'this machine is slower than a pause'
	paused() { [ "$(cat "$DIR"/slow.* | wc -l)" = 6 ]; }
	eventually paused
	stop_guard
}

@test "what is no milter protocol is closed, and said so" {
	prepare 'allow:ALL:ALL:ALL'
	start_guard
	for bytes in 'GET / HTTP/1.0\r\n\r\n' '\0\0\0\0' '\0\0\0\1C' '\377\377\377\377'; do
		printf "$bytes" | timeout 60 python3 -c '
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.sendall(sys.stdin.buffer.read())
assert peer.recv(100) == b""' "$DIR/run/milter"
	done
	said 'milter connection of uid '
	milter 'connect 192.0.2.1' 'mail <>' 'rcpt <a@b.test>'
	answers 2 continue
	stop_guard
}
