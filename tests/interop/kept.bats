# kept.bats - what others do to the file behind a daemon's handle, which remembers it: makemap, postmap, sqlite3, cp -p
#
# enclosure: sendmail postfix

load ../lib/test

setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir "$DIR"
}

teardown() {
	[ -z "${KEPT_PID-}" ] || kept_close
}

# keep FILE: a database with rows of 192.0.2.1 and 192.0.2.2, and a handle on it
keep() {
	FILE=$1
	printf '%s\n' '192.0.2.1 1700000001' '192.0.2.2 1700000002' | relay load
	coproc KEPT { exec "$BUILD/tests/interop/prog_kept" "$FILE" 3>&-; }
	says 192.0.2.1 1700000001
	cp -p "$FILE" "$DIR/copy"
}

kept_close() {
	local pid=$KEPT_PID
	eval "exec ${KEPT[1]}>&-"
	wait "$pid"
}

relay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$FILE" "$@"
}

says() {	# says ADDRESS ANSWER: the handle does, and then knows the file as it is now
	local said
	echo "$1" >&"${KEPT[1]}"
	read -r -t "$DEADLINE" said <&"${KEPT[0]}"
	[ "$said" = "$2" ] || fail "$1: $said, expected $2"
}

of_ours() {	# commits of another process, and the file as it was before, by cp -p
	relay add 192.0.2.3 1700000003
	says 192.0.2.3 1700000003
	relay delete 192.0.2.1
	says 192.0.2.1 none
	cp -p "$DIR/copy" "$FILE"
	says 192.0.2.1 1700000001
	says 192.0.2.3 none
	cp -p "$DIR/copy" "$DIR/other"
	mv "$DIR/other" "$FILE"
	says 192.0.2.2 1700000002
}

of_postmap() {	# of_postmap TYPE: a row by -i, by -d, and the whole map from its text
	local map=${FILE%.*}
	echo '192.0.2.4 1700000004' | postmap -i "$1:$map"
	says 192.0.2.4 1700000004
	postmap -d 192.0.2.1 "$1:$map"
	says 192.0.2.1 none
	printf '%s\n' '192.0.2.5 1700000005' '192.0.2.2 OK' >"$map"
	postmap "$1:$map"
	says 192.0.2.5 1700000005
	says 192.0.2.2 permanent
	says 192.0.2.4 none
}

@test "hash: other commits, cp -p, postmap" {
	keep "$DIR/relayers.db"
	of_ours
	of_postmap hash
}

@test "hash: makemap, and makemap -o" {
	keep "$DIR/relayers.db"
	echo '192.0.2.6 1700000006' | makemap -o hash "$FILE"
	says 192.0.2.6 1700000006
	says 192.0.2.1 1700000001
	echo '192.0.2.7 1700000007' | makemap hash "$FILE"
	says 192.0.2.7 1700000007
	says 192.0.2.1 none
}

@test "lmdb: other commits, cp -p, postmap" {
	configure_postfix
	keep "$DIR/relayers.lmdb"
	of_ours
	of_postmap lmdb
}

@test "sqlite: other commits, cp -p, sqlite3 in the file itself" {
	keep "$DIR/relayers.sqlite"
	of_ours
	sqlite3 "$FILE" "INSERT INTO tblblob VALUES (CAST('192.0.2.8' AS BLOB), CAST('1700000008' AS BLOB))"
	says 192.0.2.8 1700000008
	sqlite3 "$FILE" "DELETE FROM tblblob WHERE ky = CAST('192.0.2.1' AS BLOB)"
	says 192.0.2.1 none
}
