# exim.bash - what the tests with a real Exim share: load mta, load exim
#
# EXIM_PID is the Exim that runs; a test file's teardown calls stop_exim.

# what a file of tests begins with: see start_mta_file
start_exim_file() {
	add_user Debian-exim relayers
	chown relayers: "$SCRATCH"
	usermod -a -G relayers Debian-exim
	start_mta_file
}

# configure_exim WORD...: $SCRATCH/exim.conf, with these blocks of docs/exim.md; acl-FORM stands where acl would
configure_exim() {
	local word mark
	sed "s,@WORK@,$WORK,g" "$BATS_TEST_DIRNAME/exim.conf" >"$SCRATCH/exim.conf"
	for word; do
		mark=${word%%-*}
		stanza exim "$word" >"$SCRATCH/block"
		sed -i -e "/^@${mark^^}@/r $SCRATCH/block" "$SCRATCH/exim.conf"
	done
	sed -i '/^@[A-Z]*@$/d' "$SCRATCH/exim.conf"
	chmod 644 "$SCRATCH/exim.conf"
	chown root:root "$SCRATCH/exim.conf"
	install -d -o Debian-exim -g Debian-exim "$WORK/exim" "$WORK/exim/spool" "$WORK/exim/log"
}

# start_exim CONFIGURATION
start_exim() {
	quietly exim exim4 -C "$1" -bdf 3>&- &
	EXIM_PID=$!
	comes_up exim $! listens 2526
}

stop_exim() {
	[ -z "${EXIM_PID-}" ] || stop "$EXIM_PID"
	EXIM_PID=
}
