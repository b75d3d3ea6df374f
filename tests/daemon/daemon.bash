# daemon.bash - starting popwatch on logs of the test's own; load ../lib/test and this

POPWATCH=$BUILD/popwatch/popwatch
VSMTPRELAY=$BUILD/vsmtprelay/vsmtprelay
SOURCES=$(cd "$LIB/../.." && pwd)

# a fresh directory with a configuration for LOG; more settings as arguments
prepare() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	LOG=$DIR/log/mail.log
	DB=$DIR/db/relayers.db
	mkdir -p "$DIR/log" "$DIR/db"
	chmod 755 "$DIR" "$DIR/log" "$DIR/db"
	{
		printf '%s\n' "definitions = $SOURCES/popwatch/servers.d" "database = $DB" "state = $DIR/db/popwatch.state" 'ignore = none' \
			"user =" "$@"
		echo "log = $LOG"
	} >"$DIR/popwatch.conf"
}

start_popwatch() {	# start_popwatch [OPTION...]: in the background
	: >"$DIR/stderr"
	"$POPWATCH" -v -c "$DIR/popwatch.conf" "$@" 2>>"$DIR/stderr" 3>&- &
	POPWATCH_PID=$!
	eventually following
}

following() {
	grep -q ': watching ' "$DIR/stderr"
}

once() {	# reads to the end, commits, leaves
	"$POPWATCH" -v -c "$DIR/popwatch.conf" -o "$@"
}

stop_popwatch() {	# TERM; returns its exit status
	local status=0
	kill "$POPWATCH_PID"
	wait "$POPWATCH_PID" || status=$?
	POPWATCH_PID=
	return $status
}

teardown() {
	if [ -n "${POPWATCH_PID:-}" ]; then
		kill -KILL "$POPWATCH_PID" || :
		wait "$POPWATCH_PID" || :
	fi
	[ -z "${DIR:-}" ] || sed 's/^/stderr: /' "$DIR/stderr" 2>/dev/null || :
}

login() {	# login ADDRESS [SECONDS-AGO]: the line of a login by IMAP at Dovecot
	printf '%s vm dovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=%s, lip=127.0.0.1, mpid=205, session=<%s>\n' \
		"$(date -d "-${2:-0} seconds" '+%b %e %T')" "$1" "${1//[.:]/}"
}

recorded() {	# recorded ADDRESS...: all of them are in the database
	local rows address
	rows=$("$VSMTPRELAY" -f "$DB" dump 2>/dev/null) || return 1
	for address; do
		grep -q "^$address " <<<"$rows" || return 1
	done
}

stamp_of() {
	"$VSMTPRELAY" -f "$DB" dump | sed -n "s/^$1 //p"
}
