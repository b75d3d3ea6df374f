# exim_sid.bats - the Exim of Debian's next release, which keeps its hints in SQLite, so that its dbmnz reads SQLite alone
#
# It runs with its own libc, beside that of this host.
# enclosure: exim-sid rsyslog
# long: only

load ../lib/test
FORM=sqlite
load mta
load exim

start_file() {
	start_exim_file
	SID=$(realpath "$BUILD/root/exim-sid/sid")
	cat >/usr/sbin/exim4 <<-END
		#!/bin/sh
		exec "$(find "$SID" -name 'ld-linux*.so.*' | head -n 1)" --library-path "$(echo "$SID"/usr/lib/*-linux-gnu*)" \\
			"$SID/usr/sbin/exim4" "\$@"
	END
	chmod 755 /usr/sbin/exim4
}

setup() {
	fresh_rows
}

teardown() {
	stop_exim
}

exim_sid() {
	configure_exim acl-hints rcpt
	start_exim "$SCRATCH/exim.conf"
}

relay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.$FORM" "$@"
}

found() {	# found FILE: a row of it, by dbmnz
	exim4 -C "$SCRATCH/exim.conf" -be "\${lookup{127.0.1.1}dbmnz{$1}{yes}{no}}"
}

@test "dbmnz finds a row in a sqlite file, and in a hash none, without a word" {
	configure_exim acl-hints rcpt
	exim4 -C "$SCRATCH/exim.conf" -bV | grep 'Using sqlite3'
	[ "$(found "$RELAYERS.sqlite")" = yes ]
	"$BUILD/vsmtprelay/vsmtprelay" convert "$RELAYERS.sqlite" "$RELAYERS.db"
	run found "$RELAYERS.db"
	[ "$output" = no ] || fail "$output"
}

@test "the table, with the window; a new login and a deleted one" {
	exim_sid
	table window -p 2526
	takes_local 127.0.1.9 -p 2526
	shapes -p 2526
	relay add 127.0.1.9
	relays 127.0.1.9 -p 2526 || fail "$REPLY"
	relay delete 127.0.1.9
	refuses 127.0.1.9 -p 2526
}

@test "missing: refused; damaged, empty, another table: try again" {
	exim_sid
	cp -p "$RELAYERS.sqlite" "$SCRATCH/whole"
	for damage in missing empty text table; do
		rm -f "$RELAYERS.sqlite"
		cp -p "$SCRATCH/whole" "$RELAYERS.sqlite"
		want=451
		case $damage in
		missing) rm "$RELAYERS.sqlite"; want=550 ;;
		empty) : >"$RELAYERS.sqlite" ;;
		text) seq 1 5000 >"$RELAYERS.sqlite" ;;
		table) sqlite3 "$RELAYERS.sqlite" 'DROP TABLE tblblob' ;;
		esac
		for client in 127.0.1.9 127.0.1.1; do
			ask $client '<somebody@example.net>' -p 2526
			[[ $REPLY == $want* ]] || fail "$damage: $client: $REPLY"
		done
	done
}

@test "vsmtprelay check: a hash is a fault here, a sqlite file none" {
	configure_exim acl-hints rcpt
	install -d /etc/exim4
	cp "$SCRATCH/exim.conf" /etc/exim4/exim4.conf
	run relay check
	not grep '^fault: ' <<<"$output" || fail "$output"
	"$BUILD/vsmtprelay/vsmtprelay" convert "$RELAYERS.sqlite" "$RELAYERS.db"
	run "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" check
	grep -q '^fault: .*no Berkeley DB' <<<"$output" || fail "$output"
}
