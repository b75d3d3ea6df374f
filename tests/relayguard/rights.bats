# rights.bats - what the kernel refuses a running relayguard
#
# needs: root

load ../lib/test
load guard

@test "the database can be read and locked for reading, and nothing else" {
	[[ $BUILD != */sanitize ]] || skip 'the sanitizer is preloaded itself'
	prepare 'allow:ALL:ALL:ALL' 'user = nobody'
	rows "192.0.2.1 $EPOCHSECONDS"
	chmod 777 "$DIR/db" "$DIR/state"
	chmod 666 "$DB"
	cp "$DB" "$DIR/before"
	ls "$DIR/db" >"$DIR/names"
	RIGHTS_DB=$DB LD_PRELOAD=$BUILD/tests/relayguard/rights.so start_guard
	for act in 'open to read' LOCK_SH LOCK_UN; do
		said "$act: done" || fail "$act"
	done
	for act in LOCK_EX 'waiting LOCK_EX' fork exec truncate chmod; do
		said "$act: EPERM" || said "$act: EACCES" || fail "$act"
	done
	for act in 'open to write' create rename unlink utimes 'read passwd'; do
		said "$act: EACCES" || said "$act: EPERM" || fail "$act"
	done
	cmp "$DB" "$DIR/before"
	ls "$DIR/db" | diff "$DIR/names" -
	policy relay
	[ "$REPLY" = OK ]
	[ "$(stat -c %U "/proc/$GUARD_PID")" = nobody ]
	grep -q '^Seccomp:	2' "/proc/$GUARD_PID/status"
	grep -q '^NoNewPrivs:	1' "/proc/$GUARD_PID/status"
	grep -q '^CapEff:	0*$' "/proc/$GUARD_PID/status"
	stop_guard
}

@test "sockets are made as root, with the configured owner, group and mode, below a directory of root's" {
	prepare 'allow:ALL:ALL:ALL' 'user = nobody' 'socket-owner = daemon' 'socket-group = mail' 'socket-mode = 0620'
	chmod 777 "$DIR/state"
	chmod 711 "$DIR/run"
	start_guard
	[ "$(stat -c %U:%G:%a "$DIR/run/milter")" = daemon:mail:620 ]
	stop_guard
}

@test "a user that is not there: 78, and who is meant" {
	prepare 'allow:ALL:ALL:ALL' 'user = no-such-user'
	run "$RELAYGUARD" -c "$DIR/relayguard.conf"
	[ "$status" = 78 ]
	[[ $output == *"user = 'no-such-user': there is no such user"* ]]
}
