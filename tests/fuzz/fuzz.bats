# limit: 900
# long: only
# every fuzz target for 20 seconds from its seeds, in the same order each time: whoever's change it is that breaks the check, it was
# not the dice; `make fuzz TIME=600' is the long run, and throws them

load ../lib/test

@test "20 seconds of each target find nothing" {
	command -v clang >/dev/null || skip "no clang"
	[ -z "${VALGRIND:-}" ] || skip "not under valgrind"
	cd "$LIB/../.."
	make -s --no-print-directory fuzz TIME=20 SEED=1
}
