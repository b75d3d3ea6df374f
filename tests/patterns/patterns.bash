# patterns.bash - what the tests of definitions share; load it behind ../lib/test

POPWATCH=$BUILD/popwatch/popwatch
DEFINITIONS=$(readlink -f "$BATS_TEST_DIRNAME/../../popwatch/servers.d")

# use_shipped [NAME]: $SCRATCH/NAME.conf, of popwatch.conf's form, with the definitions that are shipped
use_shipped() {
	echo "definitions = $DEFINITIONS" >"$SCRATCH/${1:-popwatch}.conf"
}
