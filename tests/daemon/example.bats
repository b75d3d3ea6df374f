# the daemon that HACKING.md begins: it builds from the page, serves in its
# sandbox, and stops when it is asked to

load ../lib/test
load daemon

build_example() {
	sed -n '/^```c$/,/^```$/p' "$LIB/../../HACKING.md" | grep -v '^```' >"$SCRATCH/greeter.c"
	[ -s "$SCRATCH/greeter.c" ]
	gcc -std=c17 -Wall -Wextra -Werror -D_GNU_SOURCE -I"$LIB/../../lib/common" -I"$LIB/../../lib/daemon" \
		$(! grep -q asan <(nm "$BUILD/libdaemon.a" 2>/dev/null) || echo -fsanitize=address,undefined) \
		-o "$SCRATCH/greeter" "$SCRATCH/greeter.c" "$BUILD/libdaemon.a" "$BUILD/libcommon.a" -levent_core -lseccomp -linih
}

greeting() {
	python3 - "$1" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	print(s.makefile().read(), end="")
	END
}

@test "the daemon of HACKING.md greets, and leaves with 0 when it is told to stop" {
	build_example
	"$SCRATCH/greeter" "$SCRATCH/socket" 2>"$SCRATCH/stderr" &
	greeter=$!
	said_ready() { grep -q 'greeter: ready' "$SCRATCH/stderr"; }
	eventually said_ready
	[ "$(greeting "$SCRATCH/socket")" = hello ]
	[ "$(greeting "$SCRATCH/socket")" = hello ]
	kill "$greeter"
	wait "$greeter"
}
