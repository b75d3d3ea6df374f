# crowd.bats - many at once: writers, makemap, readers, and the locks of MTAs
#
# long: 30 seconds

load ../lib/test
load ../cli/cli

# 8 writers, 4 readers and makemap in a loop, fed from a dump taken before each run; none of them knows of the others
@test "writers, makemap and readers side by side for some seconds" {
	local last=$DIR/last runs=0 pids=() pid end
	relay load </dev/null
	for w in 1 2 3 4 5 6 7 8; do
		"$BUILD/tests/stress/prog_writer" "$DB" $w "$last" >"$DIR/acked.$w" 3>&- &
		pids+=($!)
	done
	for r in 1 2 3 4; do
		"$BUILD/tests/stress/prog_reader" "$DB" "$last" >"$DIR/reads.$r" 3>&- &
		pids+=($!)
	done
	end=$((SECONDS + $(short && echo 6 || echo 30)))
	while [ $SECONDS -lt $end ]; do
		entries >"$DIR/dump"
		makemap hash "$DB" <"$DIR/dump"
		runs=$((runs + 1))
	done
	touch "$last"
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a writer or reader ended with $?"
	done
	for w in 1 2 3 4 5 6 7 8; do
		sed "s/^/$w /" "$DIR/acked.$w"
	done | sort >"$DIR/acked"
	[ "$(wc -l <"$DIR/acked")" = 40 ]
	"$BUILD/tests/stress/prog_reader" "$DB" - | sort >"$DIR/there"
	comm -23 "$DIR/acked" "$DIR/there" >"$DIR/lost"
	[ ! -s "$DIR/lost" ] || fail "acknowledged and lost: $(tr '\n' ';' <"$DIR/lost")"
	diff <(makemap -u hash "$DB" | tr '\t' ' ' | sort) <(entries | sort)
	echo "# $runs runs of makemap, $(cat "$DIR"/reads.* | awk '{ n += $1 } END { print n }') reads, $(wc -l <"$DIR/there") groups stand" >&3
}

# The forms that the owner alone may write have no makemap beside them.  Postfix's own locks are taken by those of lmdb.
crowd() {	# crowd FORM
	local last=$DIR/last pids=() pid w r
	DB=$DIR/relayers.$1
	relay load </dev/null
	for w in 1 2 3 4; do
		"$BUILD/tests/stress/prog_writer" "$DB" $w "$last" >"$DIR/acked.$w" 3>&- &
		pids+=($!)
	done
	for r in 1 2; do
		"$BUILD/tests/stress/prog_reader" "$DB" "$last" >"$DIR/reads.$r" 3>&- &
		pids+=($!)
	done
	eventually enough_groups
	touch "$last"
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a writer or reader ended with $?"
	done
	for w in 1 2 3 4; do
		sed "s/^/$w /" "$DIR/acked.$w"
	done | sort >"$DIR/acked"
	[ "$(wc -l <"$DIR/acked")" = 20 ]
	"$BUILD/tests/stress/prog_reader" "$DB" - | sort >"$DIR/there"
	comm -23 "$DIR/acked" "$DIR/there" >"$DIR/lost"
	[ ! -s "$DIR/lost" ] || fail "acknowledged and lost: $(tr '\n' ';' <"$DIR/lost")"
	# each writer counts up: no group may be missing before its last
	awk '{ n[$1]++; if ($2 > top[$1]) top[$1] = $2 } END { for (w in n) if (n[w] != top[w] + 1) exit 1 }' "$DIR/there" ||
		fail "a group that was acknowledged is missing"
	run relay check
	[ "$status" = 0 ] || fail "$output"
}

enough_groups() {
	[ "$("$BUILD/tests/stress/prog_reader" "$DB" - | wc -l)" -ge $(short && echo 40 || echo 400) ]
}

@test "writers and readers side by side: lmdb" {
	crowd lmdb
}

@test "writers and readers side by side: sqlite" {
	crowd sqlite
}

@test "a writer among 100 readers gets its turn within the deadline" {
	local last=$DIR/last ready slowest=0 begin took
	for i in $(seq 300); do
		echo "10.0.$((i / 256)).$((i % 256)) $i"
	done | relay load
	coproc LOOK { exec "$BUILD/tests/stress/prog_lookups" "$DB" 100 "$last" 3>&-; }
	local pid=$LOOK_PID
	read -r -t 30 ready <&"${LOOK[0]}"
	[ "$ready" = ready ]
	for i in $(seq 20); do
		begin=$(date +%s%N)
		relay add "192.0.2.$i" || fail "add $i: status $?"
		took=$((($(date +%s%N) - begin) / 1000000))
		[ $took -le $slowest ] || slowest=$took
	done
	touch "$last"
	wait $pid
	[ "$(entries | wc -l)" = 320 ]
	echo "# the slowest of 20 commits took $slowest ms" >&3
}
