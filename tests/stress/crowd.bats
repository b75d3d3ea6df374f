# crowd.bats - many at once: writers, makemap, readers, and the locks of MTAs
#
# long: 30 seconds

load ../lib/test
load ../cli/cli

# a crowd of a test that failed, too, ends here
teardown() {
	touch "$DIR/last"
	wait
}

# start_crowd WRITERS READERS: at $DB, until $last is there
start_crowd() {
	local n
	pids=()
	for ((n = 1; n <= $1; n++)); do
		"$BUILD/tests/stress/prog_writer" "$DB" $n "$last" >"$DIR/acked.$n" 3>&- &
		pids+=($!)
	done
	for ((n = 1; n <= $2; n++)); do
		"$BUILD/tests/stress/prog_reader" "$DB" "$last" >"$DIR/reads.$n" 3>&- &
		pids+=($!)
	done
}

# nothing_lost WRITERS: all have ended well, and the five groups that each has named are in $DB
nothing_lost() {
	local pid n
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a writer or reader ended with $?"
	done
	for ((n = 1; n <= $1; n++)); do
		sed "s/^/$n /" "$DIR/acked.$n"
	done | sort >"$DIR/acked"
	[ "$(wc -l <"$DIR/acked")" = $(($1 * 5)) ]
	"$BUILD/tests/stress/prog_reader" "$DB" - | sort >"$DIR/there"
	comm -23 "$DIR/acked" "$DIR/there" >"$DIR/lost"
	[ ! -s "$DIR/lost" ] || fail "acknowledged and lost: $(tr '\n' ';' <"$DIR/lost")"
}

# 8 writers, 4 readers and makemap in a loop, fed from a dump taken before each run; none of them knows of the others
@test "writers, makemap and readers side by side for some seconds" {
	local last=$DIR/last runs=0 pids end
	relay load </dev/null
	start_crowd 8 4
	end=$((SECONDS + $(short && echo 6 || echo 30)))
	while [ $SECONDS -lt $end ]; do
		entries >"$DIR/dump"
		makemap hash "$DB" <"$DIR/dump"
		runs=$((runs + 1))
	done
	touch "$last"
	nothing_lost 8
	diff <(makemap -u hash "$DB" | tr '\t' ' ' | sort) <(entries | sort)
	echo "# $runs runs of makemap, $(cat "$DIR"/reads.* | awk '{ n += $1 } END { print n }') reads, $(wc -l <"$DIR/there") groups stand" >&3
}

# The forms that the owner alone may write have no makemap beside them.  Postfix's own locks are taken by those of lmdb.
crowd() {	# crowd FORM
	local last=$DIR/last pids
	DB=$DIR/relayers.$1
	relay load </dev/null
	start_crowd 4 2
	eventually enough_groups
	touch "$last"
	nothing_lost 4
	# each writer counts up: no group may be missing before its last
	awk '{ n[$1]++; if ($2 > top[$1]) top[$1] = $2 } END { for (w in n) if (n[w] != top[w] + 1) exit 1 }' "$DIR/there" ||
		fail "a group that was acknowledged is missing"
	run relay check
	[ "$status" = 0 ] || fail "$output"
}

enough_groups() {
	[ "$("$BUILD/tests/stress/prog_reader" "$DB" - | wc -l)" -ge $(short && echo 40 || echo 100) ]
}

@test "writers and readers side by side: lmdb" {
	crowd lmdb
}

@test "writers and readers side by side: sqlite" {
	crowd sqlite
}

@test "a writer among 100 readers gets its turn" {
	local last=$DIR/last ready slowest=0 begin took
	for i in $(seq 300); do
		echo "10.0.$((i / 256)).$((i % 256)) $i"
	done | relay load
	coproc LOOK { exec "$BUILD/tests/stress/prog_lookups" "$DB" 100 "$last" 3>&-; }
	local pid=$LOOK_PID
	read -r -t "$DEADLINE" ready <&"${LOOK[0]}"
	[ "$ready" = ready ]
	for i in $(seq 20); do
		begin=$(date +%s%N)
		eventually relay add "192.0.2.$i"
		took=$((($(date +%s%N) - begin) / 1000000))
		[ $took -le $slowest ] || slowest=$took
	done
	touch "$last"
	wait $pid
	[ "$(entries | wc -l)" = 320 ]
	echo "# the slowest of 20 commits took $slowest ms" >&3
}
