# load.bats - logins at every pace, by all that records: none is lost, each is soon where an MTA sees it
#
# needs: root

load ../lib/test
load ../cli/cli

# The directory belongs to a recorder of its own, who may not set the mtime of root's database.
setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir "$DIR"
	DB=$DIR/relayers.db
	chown 100:1000 "$DIR"
	chmod 711 "$WORK" "$SCRATCH" "$DIR" 2>/dev/null || :
}

# logins LOGINS BATCHED EXPIRE KILL: as prog_load has them
logins() {
	local status=0
	"$BUILD/tests/stress/prog_load" "$DB" "${LOAD_SECONDS:-6}" "$@" >"$DIR/figures" 2>"$DIR/complaints" || status=$?
	sed "s/^/# /" "$DIR/figures" >&3
	[ "$status" = 0 ] || fail "prog_load $*: status $status: $(cat "$DIR/complaints")"
	[ ! -e "$DB.queue" ]
	diff <(makemap -u hash "$DB" | tr '\t' ' ' | sort) <(entries | sort)
}

@test "a login every two seconds, 5 and 50 a second, by root alone" {
	logins 30 0 0 0
	rm "$DB"
	logins 300 0 0 0
	rm "$DB"
	logins 3000 0 0 0
}

@test "50 a second by the daemon alone" {
	logins 0 3000 0 0
}

@test "a login a second by each, and an expiry every second" {
	logins 60 60 1 0
}

@test "10 a second by each, and an expiry every second, while the process that commits is killed at random" {
	logins 600 600 1 1
}
