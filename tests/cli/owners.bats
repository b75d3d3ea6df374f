# root in the directory of somebody else, somebody else in the directory of root, a full disk, DB_CONFIG
# enclosure: postfix
load ../lib/test
load cli

start_file() {
	# without these postconf, which check asks, fails after a second
	add_user postfix postdrop
	touch /etc/postfix/main.cf /etc/postfix/master.cf
}

setup() {
	# below $WORK, where nobody may enter
	DIR=$WORK/owners.$BATS_TEST_NUMBER
	mkdir -m 755 "$DIR" "$DIR/theirs" "$DIR/ours"
	chown nobody:nogroup "$DIR/theirs"
	DB=$DIR/theirs/relayers.db
}

teardown() {
	! mountpoint -q "$DIR/theirs" || umount "$DIR/theirs"
}

as_nobody() {
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

theirs() {
	as_nobody "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" "$@"
}

# victims: a text and a sound relay database of root's, beside the directory
make_victims() {
	echo 'root:*:0:0' >"$DIR/ours/text"
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/ours/map.db" add 192.0.2.77 77
	chmod 600 "$DIR/ours"/*
	rm "$DIR/ours/map.db.lock"
	victims=$(picture "$DIR/ours/text" && picture "$DIR/ours/map.db" && ls -A "$DIR/ours")
}

# Everything root can be made to do: whatever the answer, no victim changes; what would commit is refused if REFUSED is set.
all_commands() {
	local status words
	for words in 'add 192.0.2.1 1' 'delete 192.0.2.77' 'expire' 'load /dev/null' 'dump' 'list' 'check'; do
		status=0
		timeout 300 "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" $words >"$DIR/out" 2>&1 || status=$?
		case $words in
		add* | load*) [ "$status" = "$1" ] || [ "$status" = "${2-$1}" ] ||
			fail "$words: status $status, expected $1: $(cat "$DIR/out")" ;;
		check) [ "$status" != 0 ] || fail "check finds nothing: $(cat "$DIR/out")" ;;
		*) [ "$status" -lt 126 ] || fail "$words: status $status: $(cat "$DIR/out")" ;;
		esac
	done
	[ "$victims" = "$(picture "$DIR/ours/text" && picture "$DIR/ours/map.db" && ls -A "$DIR/ours")" ] ||
		fail "a victim has changed"
}

@test "the clock was set back by a day: the recorder, who cannot set mtime, records all the same" {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add 192.0.2.1 1
	[ "$(stat -c %U "$DB")" = root ]
	touch -d '+1 day' "$DB"
	theirs add 192.0.2.2 2
	theirs add 192.0.2.3 3
	[ "$(theirs dump | grep -c '^192')" = 3 ]
}

@test "planted symbolic links at .lock, .queue, .new, .redo: refused, nothing outside changes" {
	make_victims
	for suffix in .lock .queue .new .redo; do
		for victim in text map.db none; do
			rm -f "$DB" "$DB".*
			theirs add 192.0.2.2 2
			rest
			rm -f "$DB$suffix"
			as_nobody ln -s "$DIR/ours/$victim" "$DB$suffix"
			before=$(picture "$DB")
			all_commands 77
			[ "$before" = "$(picture "$DB")" ] || fail "$suffix to $victim: the database has changed"
			[ -L "$DB$suffix" ] || fail "$suffix is no link any more"
		done
	done
	[ ! -e "$DIR/ours/none" ]
}

@test "planted hard links at .lock, .queue, .new, .redo: refused, nothing outside changes" {
	make_victims
	for suffix in .lock .queue .new .redo; do
		for victim in text map.db; do
			rm -f "$DB" "$DB".*
			theirs add 192.0.2.2 2
			rest
			rm -f "$DB$suffix"
			ln "$DIR/ours/$victim" "$DB$suffix"
			victims=$(picture "$DIR/ours/text" && picture "$DIR/ours/map.db" && ls -A "$DIR/ours")
			before=$(picture "$DB")
			all_commands 77
			[ "$before" = "$(picture "$DB")" ] || fail "$suffix to $victim: the database has changed"
		done
	done
}

# who may write a file may link to it
@test "links that a member of the group makes to PATH, .lock and .queue keep nobody from recording and expiring" {
	member() {
		setpriv --reuid=12345 --regid=nogroup --clear-groups "$@"
	}
	install -d -m 777 "$DIR/member"
	relay add 192.0.2.1 1
	theirs add 192.0.2.2 2
	member ln "$DB" "$DIR/member/map"
	member ln "$DB.lock" "$DIR/member/lock"
	as_nobody install -m 660 /dev/null "$DB.queue"
	member ln "$DB.queue" "$DIR/member/queue"
	relay add 192.0.2.3 $EPOCHSECONDS
	theirs add 192.0.2.4 $EPOCHSECONDS
	relay expire 60
	[ "$(theirs dump | grep -c '^192')" = 2 ]
	[ "$(stat -c %h "$DB")" = 2 ]
}

@test "planted directories, fifos and foreign files at .lock, .queue, .new, .redo: refused" {
	make_victims
	for suffix in .lock .queue .new .redo; do
		for plant in 'mkdir' 'mkfifo' 'install -o daemon -m 666 /dev/null'; do
			rm -rf "$DB" "$DB".*
			theirs add 192.0.2.2 2
			rest
			rm -f "$DB$suffix"
			$plant "$DB$suffix"
			before=$(picture "$DB")
			all_commands 77 65
			[ "$before" = "$(picture "$DB")" ] || fail "$plant $suffix: the database has changed"
		done
	done
}

@test "a planted record at .redo that is none of ours: refused, and an honest one cannot name another file" {
	make_victims
	theirs add 192.0.2.2 2
	as_nobody cp /etc/passwd "$DB.redo"
	before=$(picture "$DB")
	all_commands 65
	[ "$before" = "$(picture "$DB")" ]
}

@test "PATH is a planted symbolic link out of the directory: refused" {
	make_victims
	for victim in ours/text ours/map.db ours/none none; do
		rm -f "$DB"
		as_nobody ln -s "../$victim" "$DB"
		all_commands 77
		rm "$DB"
		as_nobody ln -s "$DIR/$victim" "$DB"
		all_commands 77
		[ -L "$DB" ]
	done
	[ ! -e "$DIR/ours/none" ] && [ ! -e "$DIR/none" ]
	# by way of a link in the directory
	as_nobody ln -s "../ours/map.db" "$DIR/theirs/step"
	rm "$DB"
	as_nobody ln -s step "$DB"
	all_commands 77
}

@test "PATH is a planted hard link to a file of somebody else: refused" {
	make_victims
	for victim in text map.db; do
		rm -f "$DB"
		ln "$DIR/ours/$victim" "$DB"
		victims=$(picture "$DIR/ours/text" && picture "$DIR/ours/map.db" && ls -A "$DIR/ours")
		all_commands 77 65
	done
}

@test "PATH is the file of a third user, moved there: refused, and it stays his" {
	make_victims
	relay add 192.0.2.1 1
	for file in 'empty 600' 'map 600' 'map 666'; do
		mode=${file#* }
		rm -f "$DB" "$DB.lock"
		if [ "${file% *}" = empty ]; then
			: >"$DIR/theirs/third"
		else
			cp "$DIR/ours/map.db" "$DIR/theirs/third"
		fi
		chown daemon:daemon "$DIR/theirs/third"
		chmod $mode "$DIR/theirs/third"
		as_nobody mv -f "$DIR/theirs/third" "$DB"
		all_commands 77
		[ "$(stat -c '%U:%G %a' "$DB")" = "daemon:daemon $mode" ]
	done
	# a group of his own that may not read it
	chown daemon:nogroup "$DB"
	chmod 600 "$DB"
	all_commands 77
}

@test "a link within the directory, and one that root made, are followed" {
	theirs add 192.0.2.1 1
	mv "$DB" "$DIR/theirs/real.db"
	as_nobody ln -s real.db "$DB"
	relay add 192.0.2.2 2
	[ -L "$DB" ]
	[ "$("$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/theirs/real.db" dump | grep -v '^#')" = $'192.0.2.1 1\n192.0.2.2 2' ]
	ln -s ../theirs/real.db "$DIR/ours/relayers.db"
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/ours/relayers.db" add 192.0.2.3 3
	[ "$(theirs dump | tail -n 1)" = '192.0.2.3 3' ]
}

@test "what root makes in the directory of somebody else: the database for root and their group, the rest theirs" {
	relay add 192.0.2.1 1
	[ "$(stat -c '%U:%G %a' "$DB")" = 'root:nogroup 660' ]
	[ "$(find "$DIR/theirs" -type f ! -user nobody)" = "$DB" ] || fail "$(find "$DIR/theirs" -ls)"
	theirs add 192.0.2.2 2
	[ "$(relay dump | grep -vc '^#')" = 2 ]
}

@test "a database that makemap gave to its trusted user becomes root's again, by a command that changes nothing too" {
	relay add 192.0.2.1 1
	chown daemon "$DB"
	chmod 640 "$DB"
	status=0
	relay check >"$DIR/out" || status=$?
	[ "$status" = 1 ] && grep -q "^fault: $DB belongs to uid 1 and group" "$DIR/out"
	relay expire 100000000
	[ "$(stat -c '%U:%G %a' "$DB")" = 'root:nogroup 660' ]
	chown nobody "$DB"
	relay add 192.0.2.3 3
	[ "$(stat -c '%U:%G %a' "$DB")" = 'nobody:nogroup 660' ]
}

@test "unreadable, and a directory that may not be written: 77, and nothing is changed" {
	install -d -m 755 "$DIR/theirs"
	chown root: "$DIR/theirs"
	relay add 192.0.2.1 1
	chmod 600 "$DB"
	for words in 'add 192.0.2.2 2' 'delete 192.0.2.1' expire 'load /dev/null' dump list check; do
		unchanged fails 77 "$DB" theirs $words
	done
	chmod 644 "$DB"
	for words in 'add 192.0.2.2 2' 'delete 192.0.2.1' 'load /dev/null' expire; do
		unchanged fails 77 "$DB" theirs $words
	done
	[ "$(theirs dump | tail -n 1)" = '192.0.2.1 1' ]
	chmod 666 "$DB"
	unchanged fails 77 "$DB" theirs add 192.0.2.2 2
	DB=$DIR/theirs/missing.db
	fails 77 "$DB" theirs add 192.0.2.2 2
	chmod 700 "$DIR/theirs"
	fails 77 "$DB" theirs dump
}

@test "a read-only file system: 77" {
	mount -t tmpfs -o size=1m tmpfs "$DIR/theirs"
	relay add 192.0.2.1 1
	mount -o remount,ro "$DIR/theirs"
	unchanged fails 77 'Read-only file system' relay add 192.0.2.2 2
	[ "$(entries)" = '192.0.2.1 1' ]
}

@test "a full disk: 74, and nothing is changed; with room again the same command works" {
	mount -t tmpfs -o size=512k tmpfs "$DIR/theirs"
	seq -f '10.0.0.%g 7' 1 200 | relay load
	cp "$DB" "$DIR/copy"
	dd if=/dev/zero of="$DIR/theirs/filler" bs=4k 2>/dev/null || :
	for words in 'add 192.0.2.2 2' 'delete 10.0.0.1' 'load /dev/null' expire; do
		unchanged fails 74 'No space left on device' relay $words
		cmp "$DB" "$DIR/copy"
	done
	[ ! -e "$DB.new" ] && [ ! -e "$DB.redo" ]
	[ "$(relay dump | grep -vc '^#')" = 200 ]
	rm "$DIR/theirs/filler"
	relay add 192.0.2.2 2
	[ "$(relay dump | grep -vc '^#')" = 201 ]
}

@test "whatever room is left for a larger load: all the new rows, or 74 and every byte as before" {
	seq 0 7999 | awk '{ printf "10.%d.%d.1 7\n", $1 / 256, $1 % 256 }' >"$DIR/rows"
	full=0 loaded=0
	for room in $(seq 16 32 1500); do
		mount -t tmpfs -o size=$((room + 290))k tmpfs "$DIR/theirs"
		rows '192.0.2.1 1'
		before=$(picture "$DB")
		status=0
		relay load "$DIR/rows" 2>"$DIR/stderr" || status=$?
		case $status in
		0)
			loaded=$((loaded + 1))
			[ "$(entries | wc -l)" = 8000 ]
			;;
		74)
			full=$((full + 1))
			[ "$before" = "$(picture "$DB")" ] || fail "with $room KiB: changed, $(cat "$DIR/stderr")"
			grep -q 'No space left on device' "$DIR/stderr"
			;;
		*) fail "with $room KiB: status $status, $(cat "$DIR/stderr")" ;;
		esac
		umount "$DIR/theirs"
	done
	[ "$full" -gt 5 ] && [ "$loaded" -gt 5 ] || fail "$full times full, $loaded times loaded"
}

@test "no file at all can be made on a full disk: 74, and no database appears that was not there" {
	mount -t tmpfs -o size=64k,nr_inodes=2 tmpfs "$DIR/theirs"
	touch "$DIR/theirs/last"
	fails 74 'No space left on device' relay add 192.0.2.1 1
	[ "$(ls -A "$DIR/theirs")" = last ]
}

@test "a poisonous DB_CONFIG in the current and in the database's directory: ignored, and check reports it" {
	relay add 192.0.2.1 1
	relay check >"$DIR/out"
	export HOME=$DIR/theirs DB_HOME=$DIR/theirs
	cd "$DIR/theirs"
	for poison in 'set_cachesize 900 0 1' 'no_such_setting 1' 'set_tmp_dir /none' 'mutex_set_max 1'; do
		echo "$poison" >"$DIR/theirs/DB_CONFIG"
		relay add 192.0.2.2 2
		[ "$(entries)" = $'192.0.2.1 1\n192.0.2.2 2' ]
		relay delete 192.0.2.2
	done
	# it is poison: Postfix obeys it, and cannot open the map any more
	echo 'no_such_setting 1' >"$DIR/theirs/DB_CONFIG"
	! postmap -q 192.0.2.1 "hash:${DB%.db}" || fail 'the control fails: DB_CONFIG does no harm here'
	status=0
	relay check >"$DIR/out" || status=$?
	[ "$status" = 1 ]
	grep -q "^fault: $DIR/theirs/DB_CONFIG" "$DIR/out"
	rm "$DIR/theirs/DB_CONFIG"
	[ "$(postmap -q 192.0.2.1 "hash:${DB%.db}")" = 1 ]
	[ "$(ls -A "$DIR/theirs")" = $'relayers.db\nrelayers.db.lock' ]
}
