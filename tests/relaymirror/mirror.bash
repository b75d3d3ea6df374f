# mirror.bash - a real Redis or Valkey, and hosts with a relaymirror each; load
# ../lib/test and this
#
# Everything listens at Unix sockets in the test's directory, except where a test
# needs an address: then at 127.0.0.1.

RELAYMIRROR=$BUILD/relaymirror/relaymirror
VSMTPRELAY=$BUILD/vsmtprelay/vsmtprelay
SOURCES=$(cd "$LIB/../.." && pwd)

# program_of WORD: the program of Redis, or if there is none, or VALKEY=1 is in the
# environment, that of Valkey
program_of() {
	[ -z "${VALKEY:-}" ] && command -v "redis-$1" || command -v "valkey-$1" || :
}

SERVER=$(program_of server)
CLIENT=$(program_of cli)

setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir -p "$DIR"
	chmod 755 "$DIR"
	PIDS=
	ENGINE=$DIR/engine.sock
	[ -n "$SERVER" ] || skip 'no redis-server and no valkey-server'
}

# ---- the engine ----

start_engine() {	# start_engine [OPTION...]: at $ENGINE, data in $DIR/data
	mkdir -p "$DIR/data"
	"$SERVER" --port 0 --unixsocket "$ENGINE" --dir "$DIR/data" --save '' \
		--maxmemory-policy noeviction --daemonize no "$@" >>"$DIR/engine.log" 2>&1 3>&- &
	ENGINE_PID=$!
	PIDS+=" $ENGINE_PID"
	eventually answers
}

answers() {
	[ "$(timeout 5 "$CLIENT" -s "$ENGINE" PING 2>/dev/null)" = PONG ]
}

engine() {	# engine WORD...: a command, and its answer
	timeout 20 "$CLIENT" -s "$ENGINE" "$@"
}

stop_engine() {	# stop_engine [SIGNAL]
	kill -"${1:-KILL}" "$ENGINE_PID"
	wait "$ENGINE_PID" || :
	rm -f "$ENGINE"
}

ordered() {	# ordered N: so many orders are in the engine
	[ "$(engine XLEN '{relayers}:gonelog')" -ge "$1" ]
}

# the login of ADDRESS is in the engine
engine_has() {
	[ -n "$(engine ZSCORE '{relayers}:z' "$1")" ]
}

# ---- hosts ----

# host NAME FORM [SETTING...]: its directory, with a database of FORM (db, lmdb,
# sqlite); after the settings of all hosts
host() {
	local dir=$DIR/$1 setting
	mkdir -p "$dir"
	printf '%s\n' "engine = unix:$ENGINE" "database = $dir/relayers.$2" "state = $dir/state" \
		"control = $dir/control" 'run-as =' "stats-file = $dir/stats" >"$dir/conf"
	for setting in "${@:3}"; do
		sed -i "/^${setting%% *} =/d" "$dir/conf"
		printf '%s\n' "$setting" >>"$dir/conf"
	done
	: >"$dir/stderr"
}

# a file with a password, which is nobody else's
secret() {	# secret FILE PASSWORD
	install -m 600 /dev/null "$1"
	printf '%s\n' "$2" >"$1"
}

# a host that publishes, and one that subscribes
pair() {	# pair [FORM]
	host pop "${1:-db}" 'publish = yes'
	host smtp "${1:-lmdb}" 'subscribe = yes'
}

start() {	# start NAME...: returns when they run
	local name before
	for name; do
		before=$(starts "$name")
		"$RELAYMIRROR" -v -c "$DIR/$name/conf" 2>>"$DIR/$name/stderr" 3>&- &
		echo $! >"$DIR/$name/pid"
		PIDS+=" $!"
		eventually started "$name" "$before"
	done
}

starts() {	# starts NAME: how often it has begun to run
	grep -c ': mirroring ' "$DIR/$1/stderr" || :
}

started() {	# started NAME BEFORE: once more than that
	[ "$(starts "$1")" -gt "$2" ]
}

stop() {	# stop NAME [SIGNAL]: its exit status
	local pid
	pid=$(cat "$DIR/$1/pid")
	kill -"${2:-TERM}" "$pid"
	wait "$pid"
}

said() {	# said NAME WORDS
	grep -qF -e "$2" "$DIR/$1/stderr"
}

database() {	# database NAME
	sed -n 's/^database = //p' "$DIR/$1/conf"
}

# login NAME ADDRESS [SECONDS]: one so many seconds ago; what popwatch does
login() {
	"$VSMTPRELAY" -f "$(database "$1")" add "$2" $(($(date +%s) - ${3:-0}))
}

order() {	# order NAME delete|add ADDRESS...: of that host's administrator
	RELAYERS_MIRROR=$DIR/$1/control "$VSMTPRELAY" -f "$(database "$1")" "${@:2}"
}

rows() {	# rows NAME: ADDRESS STAMP
	"$VSMTPRELAY" -f "$(database "$1")" dump 2>/dev/null | grep -v '^#' || :
}

has() {		# has NAME ADDRESS
	rows "$1" | grep -q "^$2[[:space:]]"
}

lacks() {
	! has "$@"
}

# all that host NAME says of itself at its control socket
whole_status() {
	python3 - "$DIR/$1/control" "$(database "$1")" <<-'END'
	import socket, sys
	with socket.socket(socket.AF_UNIX) as s:
	    s.settimeout(20)
	    s.connect(sys.argv[1])
	    s.sendall(("status %s\n" % sys.argv[2]).encode())
	    text = b""
	    while not text.endswith(b"\nend\n"):
	        text += s.recv(65536)
	print(text.decode(), end="")
	END
}

# what it counts as WORD; empty if it is away
count() {
	whole_status "$1" | sed -n "s/^$2 //p"
}

counts() {	# counts NAME WORD VALUE
	[ "$(count "$1" "$2")" = "$3" ]
}

complete() {	# complete NAME: it has read all that the engine has
	counts "$1" complete 1
}

teardown() {
	local pid
	for pid in $PIDS; do
		kill -CONT "$pid" 2>/dev/null || :
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	[ -n "${BATS_TEST_COMPLETED:-}" ] || tail -n 40 "$DIR"/*/stderr || :
}
