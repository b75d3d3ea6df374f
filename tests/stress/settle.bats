# settle.bats - a commit that was cut off: seen by readers at once, finished by the next one, stale after makemap

load ../lib/test
load ../cli/cli

# the steps of lib/relaydb/hash/commit.c, and what lies between them; from the first of the latter on a commit counts
STEPS_BEFORE='alone settled copied changed recorded locked'
STEPS_AFTER='renamed decided block raised unlocked written dropped'

start_file() {
	awk 'BEGIN { for (i = 1; i <= 300; i++) printf "10.0.%d.%d %d\n", i / 256, i % 256, i }' >"$SCRATCH/rows"
}

# cut_off STEP: a database of 300 rows and 10.9.9.9, then a commit of three addresses that dies at STEP
cut_off() {
	local status=0
	rm -f "$DB" "$DB".*
	relay load "$SCRATCH/rows"
	cp "$DB" "$DIR/old"
	"$BUILD/tests/stress/prog_cutoff" "$DB" "$1" 192.0.2.1 192.0.2.2 2001:db8::3 || status=$?
	[ "$status" = 137 ] || fail "the commit did not die at $1 but ended with $status"
}

new_rows() {
	entries | grep -c -E '^(192\.0\.2\.[12]|2001:db8::3) ' || :
}

# the three together, and the 300, as makemap reads them
agrees_with_makemap() {
	diff <(makemap -u hash "$DB" | tr '\t' ' ' | sort) <(entries | sort) || fail "makemap -u reads something else"
}

@test "before it counts: the old rows, and nothing is left to do" {
	for step in $STEPS_BEFORE; do
		cut_off $step
		[ "$(new_rows)" = 0 ] || fail "$step: new rows are seen"
		cmp "$DB" "$DIR/old" || fail "$step: the file was written"
		relay add 10.8.8.8
		[ "$(entries | wc -l)" = 301 ]
		[ ! -e "$DB.new" ] || fail "$step: the record is left"
		agrees_with_makemap
	done
}

@test "readers see the new rows before anyone settles" {
	for step in $STEPS_AFTER; do
		cut_off $step
		[ "$(new_rows)" = 3 ] || fail "$step: $(new_rows) of 3 rows"
		[ "$(entries | wc -l)" = 303 ]
		[ -e "$DB.redo" ] || fail "$step: a reader changed something"
	done
}

@test "settled by the next commit" {
	for step in $STEPS_AFTER; do
		cut_off $step
		relay add 10.8.8.8 2>"$DIR/stderr"
		grep -q 'finished a commit' "$DIR/stderr" || fail "$step: $(cat "$DIR/stderr")"
		[ ! -e "$DB.redo" ]
		[ "$(new_rows)" = 3 ]
		[ "$(entries | wc -l)" = 304 ]
		agrees_with_makemap
	done
}

@test "settled by check, which says so" {
	for step in $STEPS_AFTER; do
		cut_off $step
		relay check >"$DIR/stdout" || :
		grep -q 'fine: finished a commit' "$DIR/stdout" || fail "$step: $(cat "$DIR/stdout")"
		[ ! -e "$DB.redo" ]
		[ "$(new_rows)" = 3 ]
		agrees_with_makemap
	done
}

@test "settled by a commit that changes nothing" {
	cut_off decided
	relay expire 20000000 2>"$DIR/stderr" || fail "$(cat "$DIR/stderr")"
	[ ! -e "$DB.redo" ]
	[ "$(new_rows)" = 3 ]
	agrees_with_makemap
}

@test "mtime rises again when a commit is finished" {
	cut_off decided
	local before after
	before=$(stat -c %Y "$DB")
	relay check >/dev/null || :
	after=$(stat -c %Y "$DB")
	[ "$after" -gt "$before" ] || fail "mtime was $before, is $after"
}

@test "what makemap wrote after the cut stays, whichever of us comes next" {
	local command
	for command in 'dump' 'list' 'add 10.8.8.8' 'delete 10.7.7.7' 'expire 20000000' 'check'; do
		for step in decided block raised written; do
			cut_off $step
			printf '10.7.7.7 5000000000\n10.7.7.8 5000000001\n' | makemap hash "$DB"
			relay $command >/dev/null 2>&1 || [ "${command%% *}" = check ] || fail "$command: status $?"
			[ "$(new_rows)" = 0 ] || fail "$command after $step: the cut-off commit came back"
			relay dump | grep -q '^10.7.7.8 5000000001$' || fail "$command after $step: makemap's row is gone"
			case $command in
			dump | list) ;;
			*) [ ! -e "$DB.redo" ] || fail "$command after $step: the stale redo is still there" ;;
			esac
			agrees_with_makemap
		done
	done
}

@test "load after the cut: the dump alone" {
	cut_off decided
	rows '10.7.7.7 5'
	[ "$(entries)" = '10.7.7.7 5' ]
	[ ! -e "$DB.redo" ]
	agrees_with_makemap
}

# the same size and the same file id: only the contents tell
@test "rows that makemap -o added after the cut are not undone" {
	local status
	for step in decided block raised written; do
		cut_off $step
		status=0
		printf '10.7.7.7 5000000000\n' | makemap -o hash "$DB" || status=$?
		[ "$status" = 0 ] || fail "makemap -o: $status"
		relay check >/dev/null || :
		relay dump | grep -q '^10.7.7.7 5000000000$' || fail "$step: makemap's row is gone"
		agrees_with_makemap
	done
}
