# demo.bats - the demo of many hosts does what it says, and leaves nothing behind
#
# needs: root

load ../lib/test

bats_require_minimum_version 1.5.0

DEMO=$BATS_TEST_DIRNAME/../../demo/cluster

# interop/demo.bats shows that whatever ran in an enclosure is gone with it
left() {
	ls -d "$BUILD/work/$1" /var/lib/enclosure 2>/dev/null
}

setup() {
	command -v redis-server >/dev/null || skip 'no redis-server'
}

@test "from the first refusal to the last" {
	"$DEMO" >"$SCRATCH/out" 2>&1 3>&- &
	pid=$!
	wait $pid || fail "$(cat "$SCRATCH/out")"
	[ "$(grep -c ' 250 .*O[kK]\| 250 .*Recipient ok' "$SCRATCH/out")" = 10 ]
	[ "$(grep -c ' 55[04] .*denied' "$SCRATCH/out")" = 10 ]
	[ "$(grep -c 'logs in by' "$SCRATCH/out")" = 3 ]
	not left $pid
}

@test "terminated in the middle: nothing is left" {
	local status=0
	rm -f "$SCRATCH/out"		# of the test before
	"$DEMO" >"$SCRATCH/out" 2>&1 3>&- &
	pid=$!
	eventually grep -q '^1\.' "$SCRATCH/out"
	kill $pid
	wait $pid || status=$?
	[ $status = 143 ]
	not left $pid
	not grep -q '^That is POP' "$SCRATCH/out"
}
