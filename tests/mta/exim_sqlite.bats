# exim_sqlite.bats - the sqlite stanza of docs/exim.md in a real Exim
#
# enclosure: exim-heavy rsyslog

load ../lib/test
FORM=sqlite
load mta

start_file() {
	add_user Debian-exim relayers
	chown relayers: "$SCRATCH"
	usermod -a -G relayers Debian-exim
	start_mta_file
	SQLITE=$RELAYERS.sqlite
	export SQLITE
}

setup() {
	fresh_rows
}

teardown() {
	[ -z "${EXIM_PID-}" ] || stop "$EXIM_PID"
	EXIM_PID=
}

exim_sqlite() {		# Exim runs with the blocks of the page
	sed "s,@WORK@,$WORK,g" "$BATS_TEST_DIRNAME/exim.conf" >"$SCRATCH/exim.conf"
	stanza exim acl-sqlite >"$SCRATCH/block"
	sed -i -e "/^@ACL@/r $SCRATCH/block" "$SCRATCH/exim.conf"
	stanza exim rcpt >"$SCRATCH/block"
	sed -i -e "/^@RCPT@/r $SCRATCH/block" "$SCRATCH/exim.conf"
	sed -i '/^@[A-Z]*@$/d' "$SCRATCH/exim.conf"
	chmod 644 "$SCRATCH/exim.conf"
	chown root:root "$SCRATCH/exim.conf"
	install -d -o Debian-exim -g Debian-exim "$WORK/exim" "$WORK/exim/spool" "$WORK/exim/log"
	quietly exim exim4 -C "$SCRATCH/exim.conf" -bdf 3>&- &
	EXIM_PID=$!
	comes_up exim $! listens 2526
}

relay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$SQLITE" "$@"
}

@test "sqlite: the table, with the window; IPv6 with zeros in every place" {
	exim_sqlite
	table window -p 2526
	takes_local 127.0.1.9 -p 2526
	shapes -p 2526
	[ "$(stat -c %U:%G:%a "$SQLITE")" = relayers:relayers:640 ]
}

@test "sqlite: a login counts from the next connection on, and a deleted row no longer" {
	exim_sqlite
	for round in 1 2 3; do
		refuses 127.0.1.9 -p 2526
		relay add 127.0.1.9
		relays 127.0.1.9 -p 2526 || fail "$REPLY"
		relay delete 127.0.1.9
	done
	refuses 127.0.1.9 -p 2526
}

@test "sqlite: missing: refused; damaged, empty, another table, unreadable: try again; local mail is taken" {
	exim_sqlite
	cp -p "$SQLITE" "$SCRATCH/whole"
	for damage in missing empty text table pages unreadable; do
		rm -f "$SQLITE"
		cp -p "$SCRATCH/whole" "$SQLITE"
		want=451
		case $damage in
		missing) rm "$SQLITE"; want=550 ;;
		empty) : >"$SQLITE" ;;
		text) seq 1 5000 >"$SQLITE" ;;
		table) sqlite3 "$SQLITE" 'DROP TABLE tblblob' ;;
		pages) head -c 4096 /dev/zero | dd of="$SQLITE" bs=1 seek=100 conv=notrunc status=none ;;
		unreadable) chgrp root "$SQLITE" ;;
		esac
		for client in 127.0.1.9 127.0.1.1; do
			ask $client '<somebody@example.net>' -p 2526
			[[ $REPLY == $want* ]] || fail "$damage: $client: $REPLY"
			takes_local $client -p 2526 || fail "$damage"
		done
	done
}

@test "sqlite: while others commit, a listed client always relays and a stranger never" {
	exim_sqlite
	while :; do
		relay add 127.0.9.9
		relay delete 127.0.9.9
	done >/dev/null 2>&1 3>&- &
	writer=$!
	for round in {1..40}; do
		relays 127.0.1.1 -p 2526 || fail "$round: $REPLY"
		refuses 127.0.1.9 -p 2526 || fail "$round: $REPLY"
	done
	kill "$writer"
	wait "$writer" || :
}

@test "vsmtprelay check: in order; a file that Exim's user cannot open, or that its configuration does not name, is a fault" {
	exim_sqlite
	cp "$SCRATCH/exim.conf" /etc/exim4/exim4.conf
	run relay check
	not grep '^fault: ' <<<"$output" || fail "$output"
	chgrp root "$SQLITE"
	run relay check
	grep -q '^fault: Exim runs as Debian-exim, who cannot open .*Permission denied' <<<"$output" || fail "$output"
	chgrp relayers "$SQLITE"
	"$BUILD/vsmtprelay/vsmtprelay" convert "$SQLITE" "$RELAYERS.db"
	run "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check
	grep -q "^fault: Exim's configuration names $SQLITE, not $RELAYERS.db" <<<"$output" || fail "$output"
	rm "$RELAYERS".db*
}
