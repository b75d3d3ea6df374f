# torture.bash - what the tests in this directory share: load ../lib/test and this
#
# Figures go to $BUILD/torture, which make torture prints.

FIGURES=$BUILD/torture
SERVERS=$(cd "$LIB/../.." && pwd)/popwatch/servers.d

setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir "$DIR"
	DB=$DIR/relayers.db
	mkdir -p "$FIGURES"
	export ASAN_OPTIONS=detect_leaks=0	# the leak check does not work under strace
}

relay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" "$@"
}

entries() {
	relay dump | grep -v '^#'
}

agrees_with_makemap() {
	diff <(makemap -u hash "$DB" | tr '\t' ' ' | sort) <(entries | sort) || fail "makemap -u sees other rows"
}

# figures NAME COMMAND...: its output, shown, and kept for the end of make torture
figures() {
	local name=$1 status=0
	shift
	"$@" >"$DIR/figures" 2>"$DIR/complaints" || status=$?
	cat "$DIR/complaints" >&2
	sed 's/^/# /' "$DIR/figures" >&3
	{ echo "== $name"; cat "$DIR/figures"; } >"$FIGURES/$name"
	return $status
}
