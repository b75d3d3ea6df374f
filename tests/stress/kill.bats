# kill.bats - kill -9 at random instants: what was acknowledged is there, nothing is there in half, the file always opens

load ../lib/test
load ../cli/cli

@test "500 rounds of kill -9" {
	local first
	for first in $(seq 0 50 450); do
		"$BUILD/tests/stress/prog_kill" "$DB" "$first" 50 "$BUILD/vsmtprelay/vsmtprelay" "$BUILD/tests/stress/prog_group" >>"$DIR/sums"
		relay check >"$DIR/check" || ! grep -q 'cannot be finished\|not a relay database' "$DIR/check"
		[ ! -e "$DB.redo" ]
		diff <(makemap -u hash "$DB" | tr '\t' ' ' | sort) <(entries | sort)
	done
	cat "$DIR/sums"
	awk '{ killed += $3; acknowledged += $5; cut += $7 }
		END { print "#", killed, "killed,", acknowledged, "acknowledged,", cut, "cut off after they counted"
		exit !(killed >= 100 && acknowledged >= 25) }' "$DIR/sums" >&3
}
