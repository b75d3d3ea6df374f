# long: twice as many lines, for twice as long; make torture: five times
# a rotation storm: 200,000 lines, 20,000 logins from addresses of their own, a rotation by rename after each 20 ms of writing

load ../lib/test
load daemon

TIMES=$(longest && echo 5 || { short && echo 1 || echo 2; })
LINES_WRITTEN=$((200000 * TIMES))

expected() {	# the addresses that prog_storm logs in
	awk -v n=$((LINES_WRITTEN / 10)) 'BEGIN { for (i = 0; i < n; i++) printf "10.%d.%d.%d\n", int(i / 62500) % 250, int(i / 250) % 250, 1 + i % 250 }'
}

found() {
	"$VSMTPRELAY" -f "$DB" dump 2>/dev/null | sed -n 's/^\([^#][^ ]*\) .*/\1/p'
}

complete() {
	[ "$(found | wc -l)" -ge $((LINES_WRITTEN / 10)) ]
}

compare() {
	expected | sort >"$DIR/expected"
	found | sort >"$DIR/found"
	cmp "$DIR/expected" "$DIR/found" || { diff "$DIR/expected" "$DIR/found" | head -n 20; return 1; }
}

@test "every address is recorded, none is wrong" {
	prepare
	start_popwatch
	"$BUILD/tests/daemon/prog_storm" "$LOG" $LINES_WRITTEN $((3 * TIMES)) >"$DIR/rotations"
	DEADLINE=300 eventually complete
	stop_popwatch
	compare
	[ "$(sed 's/ .*//' "$DIR/rotations")" -ge $((60 * TIMES)) ]
}

@test "the same with popwatch killed (-9) and started again and again during it" {
	prepare
	start_popwatch
	"$BUILD/tests/daemon/prog_storm" "$LOG" $LINES_WRITTEN $((6 * TIMES)) >"$DIR/rotations" 3>&- &
	storm=$!
	for ((i = 0; i < 10 * TIMES; i++)); do
		read -r -t "0.$((RANDOM % 5 + 1))" <> <(:) || :
		kill -KILL "$POPWATCH_PID"
		wait "$POPWATCH_PID" || :
		start_popwatch
	done
	wait "$storm"
	DEADLINE=300 eventually complete
	stop_popwatch
	compare
}
