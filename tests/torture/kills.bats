# kills.bats - kill -9 at random instants over vsmtprelay, popwatch and the PAM module, side by side on one database
# limit: 3000
# long: 3,000 kills; make torture: 10,000

load ../lib/test
load torture

@test "kill -9 over all that records" {
	short && kills=100 || kills=1000
	longest && kills=3334
	figures storm timeout 2900 "$BUILD/tests/torture/prog_kills" "$DIR" "$BUILD" "$SERVERS" $kills
	relay check >"$DIR/check" || grep -v '^fault: .*\(redo\|damaged\)' "$DIR/check" >/dev/null
	relay add 10.200.0.1
	[ -z "$(ls "$DIR" | grep -E '\.(new|redo)$')" ]
	agrees_with_makemap
}
