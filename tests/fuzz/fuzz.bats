# limit: 900
# every fuzz target for 20 seconds from its seeds; `make fuzz TIME=600' is the long run

load ../lib/test

@test "20 seconds of each target find nothing" {
	command -v clang >/dev/null || skip "no clang"
	[ -z "${VALGRIND:-}" ] || skip "not under valgrind"
	cd "$LIB/../.."
	make fuzz TIME=20
}
