# exim_sqlite.bats - the sqlite stanza of docs/exim.md in a real Exim
#
# enclosure: exim-heavy rsyslog

load ../lib/test
FORM=sqlite
load mta
load exim

start_file() {
	start_exim_file
	SQLITE=$RELAYERS.sqlite
	export SQLITE
}

setup() {
	fresh_rows
}

teardown() {
	stop_exim
}

exim_sqlite() {		# Exim runs with the blocks of the page
	configure_exim acl-sqlite rcpt
	start_exim "$SCRATCH/exim.conf"
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
