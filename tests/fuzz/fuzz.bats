# long: only
# every fuzz target for some seconds from its seeds, in the same order each time: a check that fails was broken by a change, not by
# the dice; `make fuzz TIME=600' is the long run, and throws them

load ../lib/test

@test "some seconds of each target find nothing" {
	command -v clang >/dev/null || skip "no clang"
	[ -z "${VALGRIND:-}" ] || skip "not under valgrind"
	cd "$LIB/../.."
	longest && seconds=20 || seconds=5
	make -s --no-print-directory fuzz TIME=$seconds SEED=1
}
