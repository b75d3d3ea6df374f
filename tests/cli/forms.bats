# the commands on a database of each form, by its suffix; convert; root where the owner alone may change it
# enclosure:
load ../lib/test
load cli

forms='db lmdb sqlite'

setup() {
	DIR=$WORK/forms.$BATS_TEST_NUMBER
	mkdir -m 755 "$DIR" "$DIR/theirs" "$DIR/ours"
	chown nobody:nogroup "$DIR/theirs"
}

as_nobody() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

use() {		# use DIRECTORY FORM
	DB=$DIR/$1/relayers.$2
}

@test "every command, on every form" {
	for form in $forms; do
		use ours "$form"
		fails 66 'does not exist' relay dump
		printf '%s\n' '192.0.2.1 100' '2001:db8::7 200' '192.168.7 OK' '192.0.2.9 REJECT' >"$DIR/dump"
		relay load "$DIR/dump" 2>/dev/null
		[ "$(entries)" = "$(printf '%s\n' '192.0.2.1 100' '2001:db8::7 200' '192.0.2.9 REJECT' '192.168.7 OK')" ]
		relay add 192.0.2.2 300
		relay delete 192.0.2.1
		run relay delete 192.0.2.1
		[ "$status" = 1 ]
		[ "$(relay list | grep -c '^[0-9]')" = 4 ]
		relay expire
		[ "$(entries)" = "$(printf '%s\n' '192.0.2.9 REJECT' '192.168.7 OK')" ] || fail "$form: $(entries)"
		relay load /dev/null
		[ -z "$(entries)" ]
		run relay check
		[ "$status" = 0 ] || fail "$form: $output"
		grep -q 'has 0 rows' <<<"$output" || fail "$form: $output"
	done
}

@test "convert copies all rows into any other form, or none" {
	for from in $forms; do
		for to in $forms; do
			[ "$from" != "$to" ] || continue
			use ours "$from"
			printf '%s\n' '192.0.2.1 100' '2001:db8::7 200' '192.168.7 OK and more' >"$DIR/dump"
			relay load "$DIR/dump" 2>/dev/null
			"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add 192.0.2.1 100
			before=$(entries)
			"$BUILD/vsmtprelay/vsmtprelay" convert "$DB" "$DIR/ours/to.$to" 2>/dev/null
			DB=$DIR/ours/to.$to
			[ "$(entries)" = "$before" ] || fail "$from to $to: $(entries)"
			rm -f "$DIR/ours"/*
		done
	done
}

@test "convert refuses one file twice, what is missing, and rows that are no text; the target stays as it is" {
	use ours lmdb
	relay add 192.0.2.1 100
	unchanged fails 64 'are one file' "$BUILD/vsmtprelay/vsmtprelay" convert "$DB" "$DB"
	unchanged fails 64 'expected no -f' relay convert "$DIR/ours/none.sqlite" "$DB"
	unchanged fails 66 'does not exist' "$BUILD/vsmtprelay/vsmtprelay" convert "$DIR/ours/none.sqlite" "$DB"
	use ours sqlite
	relay add 192.0.2.9 1
	sqlite3 "$DB" "INSERT INTO tblblob VALUES (CAST('two words' AS BLOB), CAST('OK' AS BLOB))"
	from=$DB
	use ours lmdb
	unchanged fails 65 'nothing was changed' "$BUILD/vsmtprelay/vsmtprelay" convert "$from" "$DB"
	echo damaged >"$DIR/ours/bad.db"
	unchanged fails 65 'not a relay database' "$BUILD/vsmtprelay/vsmtprelay" convert "$DIR/ours/bad.db" "$DB"
}

@test "root's commands in the recorder's directory are done as the recorder, and every file stays its own" {
	for form in lmdb sqlite; do
		use theirs "$form"
		echo '192.0.2.1 100' >"$DIR/dump"
		chmod 600 "$DIR/dump"
		relay load "$DIR/dump"
		relay add 192.0.2.2 200
		as_nobody "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add 192.0.2.3 300
		relay delete 192.0.2.2
		relay expire
		relay add 192.0.2.4 400
		[ "$(entries)" = '192.0.2.4 400' ] || fail "$(entries)"
		relay check >/dev/null
		[ "$(find "$DIR/theirs" ! -user nobody)" = "$DIR/theirs" ] || [ -z "$(find "$DIR/theirs" ! -user nobody)" ] ||
			fail "$(ls -ln "$DIR/theirs")"
		[ "$(stat -c %a "$DB")" = 640 ]
	done
	"$BUILD/vsmtprelay/vsmtprelay" convert "$DIR/theirs/relayers.lmdb" "$DIR/ours/relayers.db"
	DB=$DIR/ours/relayers.db
	[ "$(entries)" = '192.0.2.4 400' ]
}

@test "nobody else may change it, and what others may write is refused" {
	for form in lmdb sqlite; do
		use ours "$form"
		relay add 192.0.2.1 100
		chmod 0644 "$DB"
		unchanged fails 77 '' as_nobody "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add 192.0.2.3 300
		chmod 0660 "$DB"
		unchanged fails 77 'is writable by its group' relay add 192.0.2.3 300
		run relay check
		[ "$status" = 1 ]
		grep -q 'chmod 0640' <<<"$output" || fail "$output"
		chmod 0640 "$DB"
		chmod 0775 "$DIR/ours"
		unchanged fails 77 'is writable by its group' relay add 192.0.2.3 300
		chmod 0755 "$DIR/ours"
	done
}

@test "what is planted beside a SQLite database is nothing to us, and check names it" {
	use ours sqlite
	relay add 192.0.2.1 100
	echo 'root:*:0:0' >"$DIR/victim"
	before=$(picture "$DIR/victim")
	# a super-journal: SQLite, opening the file by its name, would delete what it names
	{
		printf '\331\325\005\371\040\241\143\327\000\000\000\001\000\000\000\001'
		head -c 496 /dev/zero
		head -c 4100 /dev/zero
		printf '%s' "$DIR/victim"
	} >"$DB-journal"
	head -c 4096 /dev/zero >"$DB-wal"
	relay add 192.0.2.2 200
	[ "$(entries | wc -l)" = 2 ]
	run relay check
	[ "$status" = 1 ]
	grep -q "fault: .*-journal" <<<"$output" || fail "$output"
	grep -q "fault: .*-wal" <<<"$output" || fail "$output"
	[ "$before" = "$(picture "$DIR/victim")" ]
	rm "$DB-journal" "$DB-wal"
}

@test "SQLite: WAL mode, a trigger, a view, another table and another column are refused" {
	use ours sqlite
	while read -r sql; do
		rm -f "$DB"*
		relay add 192.0.2.1 100
		sqlite3 "$DB" "$sql" >/dev/null
		unchanged fails 65 'not a relay database' relay add 192.0.2.2 200
		run relay check
		[ "$status" = 1 ]
		grep -q '^fault: ' <<<"$output" || fail "$sql: $output"
	done <<-'END'
	PRAGMA journal_mode=WAL
	CREATE TRIGGER t AFTER INSERT ON tblblob BEGIN DELETE FROM tblblob; END
	CREATE VIEW v AS SELECT * FROM tblblob
	CREATE TABLE other (x)
	CREATE INDEX i ON tblblob (dat)
	ALTER TABLE tblblob ADD COLUMN more BLOB
	DROP TABLE tblblob
	END
	# keys as text are no entries to Exim: the next change puts them right
	rm -f "$DB"*
	relay add 192.0.2.1 100
	sqlite3 "$DB" "INSERT INTO tblblob VALUES ('192.0.2.5', '500'); DELETE FROM tblblob WHERE ky = CAST('@' AS BLOB)"
	relay add 192.0.2.2 200
	[ "$(sqlite3 "$DB" "SELECT count(*) FROM tblblob WHERE typeof(ky) = 'blob' AND typeof(dat) = 'blob'")" = 4 ]
	[ "$(entries | wc -l)" = 3 ]
}

@test "load: the key @ is SQLite's, and a key that LMDB cannot take is refused" {
	use ours sqlite
	relay add 192.0.2.1 100
	echo '@ OK' >"$DIR/dump"
	unchanged fails 65 'the key @' relay load "$DIR/dump"
	use ours lmdb
	relay add 192.0.2.1 100
	printf '%0600d OK\n' 7 >"$DIR/dump"
	unchanged fails 65 'keys of more than' relay load "$DIR/dump"
}
