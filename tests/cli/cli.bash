# cli.bash - what the tests of vsmtprelay share: load cli, after load ../lib/test

# each test has a database of its own, in a directory of its own
setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir "$DIR"
	DB=$DIR/relayers.db
}

relay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" "$@"
}

# rows LINE...: makes the database of these, whatever it was
rows() {
	printf '%s\n' "$@" | relay load
	rest
}

# as if some time had passed since the last commit, so that the next need not wait for the clock
rest() {
	touch -d '1 hour ago' "$DB"
}

# entries: the database without comments, one line a row
entries() {
	relay dump | grep -v '^#'
}

# fails STATUS WORDS COMMAND...: it ends with STATUS, says something that contains WORDS on stderr, one line that names the
# program first, and prints nothing else
fails() {
	local want=$1 words=$2 status=0 out
	shift 2
	out=$("$@" 2>"$DIR/stderr") || status=$?
	[ "$status" = "$want" ] || fail "$*: status $status, expected $want: $(cat "$DIR/stderr")"
	[ -z "$out" ] || fail "$*: prints $out"
	head -n 1 "$DIR/stderr" | grep -q '^vsmtprelay: ' || fail "$*: stderr is $(cat "$DIR/stderr")"
	grep -qF -e "$words" "$DIR/stderr" || fail "$*: no '$words' in $(cat "$DIR/stderr")"
}

# unchanged COMMAND...: afterwards every byte, owner, mode and time of PATH is as before, or it is missing as before
unchanged() {
	local before after
	before=$(picture "$DB")
	"$@"
	after=$(picture "$DB")
	[ "$before" = "$after" ] || fail "$*: was $before, is $after"
}

picture() {
	if [ -f "$1" ]; then
		stat -c '%i %h %u %g %a %s %y' "$1" && cksum <"$1"
	else
		stat -c '%i %F %u %g %a' "$1" 2>&1 || :
	fi
}
