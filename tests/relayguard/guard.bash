# guard.bash - starting relayguard with a configuration of the test's own; load
# ../lib/test and this

RELAYGUARD=$BUILD/relayguard/relayguard
VSMTPRELAY=$BUILD/vsmtprelay/vsmtprelay
SOURCES=$(cd "$LIB/../.." && pwd)
DNS_PORT=9	# nobody is there, unless start_dns says otherwise

# prepare RULES [SETTING...]: a fresh directory with these rules and settings
prepare() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	DB=$DIR/db/relayers.db
	mkdir -p "$DIR/db" "$DIR/state" "$DIR/run"
	chmod 755 "$DIR" "$DIR/db"
	printf '%s\n' "$1" >"$DIR/rules"
	configure "${@:2}"
}

configure() {	# configure [SETTING...]
	printf '%s\n' "milter = unix:$DIR/run/milter" "policy = unix:$DIR/run/policy" \
		"policy-relay = unix:$DIR/run/relay" "database = $DB" "rules = $DIR/rules" 'user =' \
		"state = $DIR/state/state" "stats-file = $DIR/state/stats" \
		"resolver = 127.0.0.1@$DNS_PORT" 'dns-timeout = 2s' >"$DIR/relayguard.conf"
	local setting
	for setting; do
		sed -i "/^${setting%% *} =/d" "$DIR/relayguard.conf"
		printf '%s\n' "$setting" >>"$DIR/relayguard.conf"
	done
}

# rows LINE...: the database has these rows
rows() {
	printf '%s\n' "$@" | "$VSMTPRELAY" -f "$DB" load
}

said() {	# said WORDS: relayguard has said so
	grep -qF -e "$1" "$DIR/stderr"
}

start_guard() {	# start_guard [OPTION...]: in the background; UNDER: a command that it is started by
	: >"$DIR/stderr"
	${UNDER+"${UNDER[@]}"} "$RELAYGUARD" -v -c "$DIR/relayguard.conf" "$@" 2>>"$DIR/stderr" 3>&- &
	GUARD_PID=$!
	eventually guarding
}

guarding() {
	said ': guarding with ' || ! kill -0 "$GUARD_PID" 2>/dev/null
}

stop_guard() {	# TERM; returns its exit status
	local status=0
	kill "$GUARD_PID"
	wait "$GUARD_PID" || status=$?
	GUARD_PID=
	return $status
}

start_dns() {	# start_dns [LINE...]: see peers.py; after prepare
	printf '%s\n' "$@" >"$DIR/zone"
	: >"$DIR/dns"
	python3 "$SOURCES/tests/relayguard/peers.py" dns "$DIR/zone" >"$DIR/dns" 2>&1 3>&- &
	DNS_PID=$!
	eventually test -s "$DIR/dns"
	DNS_PORT=$(cat "$DIR/dns")
	sed -i "s/^resolver = .*/resolver = 127.0.0.1@$DNS_PORT/" "$DIR/relayguard.conf"
}

stop_dns() {
	kill "$DNS_PID"
	wait "$DNS_PID" || :
	DNS_PID=
}

teardown() {
	local pid
	# while it is held by a tracer it does not end
	pid=$(sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/${GUARD_PID:-none}/status" 2>/dev/null) || :
	[ "${pid:-0}" = 0 ] || kill -KILL "$pid"
	for pid in ${GUARD_PID:-} ${DNS_PID:-} ${ASKER_PID:-}; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	GUARD_PID= DNS_PID= ASKER_PID=
	[ -z "${DIR:-}" ] || sed 's/^/stderr: /' "$DIR/stderr" 2>/dev/null | tail -n 40 || :
}

# asks WORD...: what the peers of peers.py hear, a line each, in the array lines
asks() {
	local IFS=$'\x1f' answer
	if [ -z "${ASKER_PID-}" ]; then
		rm -f "$SCRATCH/ask" "$SCRATCH/told"
		mkfifo "$SCRATCH/ask" "$SCRATCH/told"
		python3 "$SOURCES/tests/relayguard/peers.py" serve <"$SCRATCH/ask" >"$SCRATCH/told" 2>"$SCRATCH/asker" 3>&- &
		ASKER_PID=$!
		exec {ASK}>"$SCRATCH/ask" {TOLD}<"$SCRATCH/told"
	fi
	lines=()
	printf '%s\n' "$*" >&"$ASK"
	while IFS= read -r -t $DEADLINE answer <&"$TOLD"; do
		[ "$answer" != $'\x1e' ] || return 0
		lines+=("$answer")
	done
	fail "no answer to $*: ${lines[*]}: $(tail -n 5 "$SCRATCH/asker")"
}

# milter LINE...: the answers, a line each, in the array lines
milter() {
	asks milter "$DIR/run/milter" "$@"
}

# policy SOCKET [CHANGE...]: the answer in REPLY, without "action="
policy() {
	asks policy "$DIR/run/$1" "${@:2}"
	REPLY=${lines[0]#action=}
}

# answers N WORDS: line N, from 0, of the last milter begins so
answers() {
	[[ ${lines[$1]} == "$2"* ]] || fail "line $1: ${lines[$1]}, expected $2"
}
