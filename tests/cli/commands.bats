# what the commands of vsmtprelay do and print
load ../lib/test
load cli

# rows_around AGE [ROW...]: those, and one of each second from a minute before to a minute after the time that is AGE
# seconds ago, in SECONDS_AROUND; T is now
rows_around() {
	local age=$1
	shift
	T=$EPOCHSECONDS		# time(2), as the program: some milliseconds late
	mapfile -t SECONDS_AROUND < <(seq 0 120 | awk -v from=$((T - age - 60)) '{ print "10.9.0." $1, from + $1 }')
	rows "$@" "${SECONDS_AROUND[@]}"
}

# is_ago AGE ROW: its stamp is AGE seconds before a moment between T and now
is_ago() {
	local stamp=${2##* }
	[ "$stamp" -ge $((T - $1)) ] && [ "$stamp" -le $(($(date +%s) - $1)) ] || fail "$2: not $1 s before $T or later"
}

@test "an entry is two lines, byte for byte, whatever locale and time zone" {
	relay add 10.11.12.13 906502527
	printf '# timestamp (UTC): Tue Sep 22 22:15:27 1998\n10.11.12.13 906502527\n' >"$DIR/expected"
	LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo relay dump | cmp - "$DIR/expected"
	LC_ALL=de_DE.UTF-8 TZ=Asia/Tokyo relay list | cmp - "$DIR/expected"
}

@test "the day of the month as asctime writes it, and both ends of time" {
	relay add 192.0.2.1 904774527
	relay add 192.0.2.2 0
	relay add 192.0.2.3 253402300799
	relay dump | diff - <(printf '%s\n' \
		'# timestamp (UTC): Thu Jan  1 00:00:00 1970' '192.0.2.2 0' \
		'# timestamp (UTC): Wed Sep  2 22:15:27 1998' '192.0.2.1 904774527' \
		'# timestamp (UTC): Fri Dec 31 23:59:59 9999' '192.0.2.3 253402300799')
}

@test "the order: oldest first, then IPv4 before IPv6, then by number" {
	rows '10.0.0.10 7' '10.0.0.9 7' '2001:db8::a 7' '2001:db8::9 7' '1::2 7' '9.255.0.0 7' '255.0.0.1 6' '1.0.0.1 8' '192.0.2.1 10'
	[ "$(entries)" = "$(printf '%s\n' '255.0.0.1 6' '9.255.0.0 7' '10.0.0.9 7' '10.0.0.10 7' '1::2 7' '2001:db8::9 7' '2001:db8::a 7' \
		'1.0.0.1 8' '192.0.2.1 10')" ]
}

@test "add: the current time, replacing what is there, later or not" {
	before=$EPOCHSECONDS
	relay add 192.0.2.1
	stamp=$(entries | cut -d ' ' -f 2)
	[ "$stamp" -ge "$before" ] && [ "$stamp" -le "$(date +%s)" ]
	relay add 192.0.2.1 4000000000
	relay add 192.0.2.1
	[ "$(entries | cut -d ' ' -f 2)" -le "$(date +%s)" ]
	rows '192.0.2.1 OK'
	relay add 192.0.2.1 77
	[ "$(entries)" = '192.0.2.1 77' ]
}

@test "add: what is there already changes no byte" {
	relay add 192.0.2.1 77
	unchanged relay add 192.0.2.1 77
}

@test "add makes a missing database, mode 0660 whatever the umask, but no directory" {
	(umask 0 && relay add 192.0.2.1 1)
	[ "$(stat -c %a "$DB")" = 660 ]
	rm "$DB"
	(umask 777 && relay add 192.0.2.1 1)
	[ "$(stat -c %a "$DB")" = 660 ]
	fails 66 "$DIR/none" "$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/none/relayers.db" add 192.0.2.1
	[ ! -e "$DIR/none" ]
}

@test "list: old is up to and including the current second" {
	rows_around 0
	list=$(relay list | grep -v '^#')
	is_ago 0 "${list##*$'\n'}"
	[ "$list" = "$(printf '%s\n' "${SECONDS_AROUND[@]:0:$(wc -l <<<"$list")}")" ]
}

@test "list n: more than n minutes old; 0 is everything before the current second" {
	rows_around 600
	list=$(relay list 10 | grep -v '^#')
	is_ago 601 "${list##*$'\n'}"
	[ "$list" = "$(printf '%s\n' "${SECONDS_AROUND[@]:0:$(wc -l <<<"$list")}")" ]
	rows_around 0
	list=$(relay list 0 | grep -v '^#')
	is_ago 1 "${list##*$'\n'}"
	[ "$list" = "$(printf '%s\n' "${SECONDS_AROUND[@]:0:$(wc -l <<<"$list")}")" ]
}

# what is left begins AGE seconds ago, and has the rows that are no entries
is_left_since() {
	local after no_entry=('10.1 1' '10.1.2 9' '192.0.2.5 OK')
	after=$(entries)
	is_ago "$1" "${after%%$'\n'*}"
	[ "$after" = "$(printf '%s\n' "${SECONDS_AROUND[@]: 3 - $(wc -l <<<"$after")}" "${no_entry[@]}")" ]
}

@test "expire removes what list prints, and no row that is no entry" {
	rows_around 600 '192.0.2.5 OK' '10.1 1' '10.1.2 9'
	relay expire 10
	is_left_since 600
	rows_around 0 '192.0.2.5 OK' '10.1 1' '10.1.2 9'
	relay expire
	is_left_since -1
	rows '192.0.2.4 4000000000'
	unchanged relay expire
}

@test "delete: whatever the stamp, also rows whose value is no number" {
	rows '192.0.2.1 1' '192.0.2.2 4000000000' '192.0.2.3 OK' '192.0.2.4 4'
	relay delete 192.0.2.1 192.0.2.2 192.0.2.3
	[ "$(entries)" = '192.0.2.4 4' ]
}

@test "delete that fails in part: says which address was absent, removes the others, 1" {
	rows '192.0.2.1 1' '192.0.2.2 2' '2001:db8::1 3'
	fails 1 'delete: 192.0.2.9 is not in' relay delete 192.0.2.9 192.0.2.1 2001:db8::9 2001:DB8:0::1 192.0.2.9 192.0.2.1
	[ "$(grep -c . "$DIR/stderr")" = 2 ]
	grep -q 'delete: 2001:db8::9 is not in' "$DIR/stderr"
	[ "$(entries)" = '192.0.2.2 2' ]
	unchanged fails 1 'delete: 192.0.2.9 is not in' relay delete 192.0.2.9
}

@test "rows that are no entry: printed by list and dump, after a comment that says what they are" {
	rows '192.0.2.1 906502527' '192.168.7 OK' '192.0.2.2 REJECT go away' 'host.example 12' '2001:db8::1 -5'
	printf '%s\n' '# timestamp (UTC): Tue Sep 22 22:15:27 1998' '192.0.2.1 906502527' \
		'# no timestamp, never expires:' '192.0.2.2 REJECT go away' \
		'# not an address, left as it is:' '192.168.7 OK' \
		'# no timestamp, never expires:' '2001:db8::1 -5' \
		'# not an address, left as it is:' 'host.example 12' >"$DIR/expected"
	relay dump | diff - "$DIR/expected"
	relay list | diff - "$DIR/expected"
	relay list 4000000 | tail -n +1 | diff - <(tail -n +3 "$DIR/expected") || relay list 4000000 | diff - "$DIR/expected"
}

@test "rows that cannot be a line: a comment with escapes, a word on stderr, 1, and nothing raw on a terminal" {
	"$BUILD/tests/cli/prog_rows" "$DB" 192.0.2.1 5 'a b' c '' empty-key '#x' comment novalue '' 'new\012line' 1 nul 'x\000y' esc '\033[2J' \
		blank ' x' tab 'a\011b' quote 'say "\134"\001' high '\303\244'
	status=0
	relay dump >"$DIR/out" 2>"$DIR/stderr" || status=$?
	[ "$status" = 1 ]
	grep -q '^vsmtprelay: 9 rows of .* cannot be written in a form that makemap' "$DIR/stderr"
	diff "$DIR/out" - <<-'END'
		# timestamp (UTC): Thu Jan  1 00:00:05 1970
		192.0.2.1 5
		# not a line that makemap can read back: "" "empty-key"
		# not a line that makemap can read back: "#x" "comment"
		# not a line that makemap can read back: "a b" "c"
		# not a line that makemap can read back: "blank" " x"
		# not a line that makemap can read back: "esc" "\033[2J"
		# not an address, left as it is:
		high ä
		# not a line that makemap can read back: "new\012line" "1"
		# not a line that makemap can read back: "novalue" ""
		# not a line that makemap can read back: "nul" "x\000y"
		# not a line that makemap can read back: "quote" "say \"\\\"\001"
		# not an address, left as it is:
		tab a	b
	END
	status=0
	script -qec "'$BUILD/vsmtprelay/vsmtprelay' -f '$DB' dump" /dev/null </dev/null >"$DIR/terminal" || status=$?
	[ "$status" = 1 ]
	grep -q '^high \\303\\244' "$DIR/terminal"
	[ -z "$(tr -d '\11\12\15\40-\176' <"$DIR/terminal")" ]
	# what can be a line is loaded again
	relay load "$DIR/out"
	[ "$(entries)" = $'192.0.2.1 5\nhigh ä\ntab a\tb' ]
}

@test "output that cannot be written: 74 and the reason, also when it shows at the end only" {
	rows '192.0.2.1 1'
	for command in dump list check --help --version; do
		status=0
		relay $command >/dev/full 2>"$DIR/stderr" || status=$?
		[ "$status" = 74 ] && grep -q 'standard output: No space left on device' "$DIR/stderr" || fail "$command: $status, $(cat "$DIR/stderr")"
	done
	seq -f '10.1.%g.1 7' 0 255 >"$DIR/rows"
	seq -f '10.2.%g.1 7' 0 255 >>"$DIR/rows"
	relay load "$DIR/rows"
	status=0
	relay dump >/dev/full 2>"$DIR/stderr" || status=$?
	[ "$status" = 74 ] && grep -q 'standard output: No space left on device' "$DIR/stderr"
	status=0
	relay dump >&- 2>"$DIR/stderr" || status=$?
	[ "$status" = 74 ] && grep -q 'standard output: Bad file descriptor' "$DIR/stderr"
}

@test "closed standard descriptors: the database does not become one of them" {
	rows '192.0.2.1 1'
	relay add 192.0.2.2 2 <&- >&- 2>&-
	unchanged eval 'relay dump >&- 2>&- || :'
	unchanged eval 'relay load <&- 2>&- || :'
	[ "$(entries)" = $'192.0.2.1 1\n192.0.2.2 2' ]
}

@test "a reader that goes away early does no harm" {
	seq -f '10.1.%g.1 7' 0 255 >"$DIR/rows"
	relay load "$DIR/rows"
	[ "$(relay dump | head -n 1)" = '# timestamp (UTC): Thu Jan  1 00:00:07 1970' ]
	unchanged relay add 10.1.0.1 7
}

@test "load: a file, standard input, -; comments and empty lines are skipped; the last line needs no newline" {
	printf '# a comment\n\n192.0.2.1 1\n192.0.2.2\t \t2\n#\n2001:DB8::1 3' >"$DIR/rows"
	relay load "$DIR/rows"
	[ "$(entries)" = $'192.0.2.1 1\n192.0.2.2 2\n2001:db8::1 3' ]
	echo '192.0.2.3 3' | relay load
	[ "$(entries)" = '192.0.2.3 3' ]
	echo '192.0.2.4 4' | relay load -
	[ "$(entries)" = '192.0.2.4 4' ]
	relay load /dev/null
	[ -z "$(relay dump)" ] && [ -s "$DB" ]
}

@test "load: a comment behind a time, and a byte order mark" {
	printf '\xef\xbb\xbf%s\n%s\n%s\n' '192.0.2.1 1795832217 # alice at home' '192.0.2.2 1795832218	#' '192.0.2.3 OK # not a time' >"$DIR/edited"
	relay load "$DIR/edited"
	[ "$(relay dump 2>/dev/null | grep -v '^#')" = $'192.0.2.1 1795832217\n192.0.2.2 1795832218\n192.0.2.3 OK # not a time' ] || fail "$(relay dump)"
	echo '192.0.2.1 # alice' >"$DIR/edited"
	run relay load "$DIR/edited"
	[ "$status" -ne 0 ] && [[ $output == *'line 1'*'no value, expected KEY VALUE'* ]] || fail "$output"
}

@test "a file of another system is named, and how to save its rows" {
	printf '\x61\x15\x06\x00\x02\x00\x00\x00%4088s' '' >"$DB"
	run relay check
	[[ $output == *'db 1.85'*'makemap -u'* && $output != *damaged* ]] || fail "$output"
	printf '\x00\x06\x15\x61\x00\x00\x00\x02%4088s' '' >"$DB"
	run relay check
	[[ $output == *'db 1.85'*'makemap -u'* && $output == *.foreign* ]] || fail "$output"
	printf '%12s\x00\x06\x15\x61%4080s' '' '' >"$DB"
	run relay check
	[[ $output == *'other byte order'*'makemap -u'* && $output == *.foreign* ]] || fail "$output"
}

@test "load: a line that cannot be a row is refused with its number, and nothing is changed" {
	rows '192.0.2.1 1'
	refused() { printf "$2" >"$DIR/rows"; unchanged fails 65 "$1" relay load "$DIR/rows"; unchanged fails 65 "$1" relay load - <"$DIR/rows"; }
	refused 'line 2: no value' '192.0.2.2 2\n192.0.2.3\n'
	refused 'line 3: no value' '192.0.2.2 2\n\n192.0.2.3 \t \n'
	refused 'line 2: starts with a blank' '192.0.2.2 2\n 192.0.2.3 3\n'
	refused 'line 1: a NUL byte' '192.0.2.2 2\000\n'
	refused 'line 3: the key of line 1 again' '192.0.2.2 2\n192.0.2.3 3\n::ffff:192.0.2.2 4\n'
	refused 'line 2: the key of line 1 again' 'net 2\nnet 2\n'
}

@test "load: what cannot be read" {
	rows '192.0.2.1 1'
	unchanged fails 66 "cannot open the dump \"$DIR/none\": No such file" relay load "$DIR/none"
	unchanged fails 66 "load: $DIR is a directory, expected a dump" relay load "$DIR"
	unchanged fails 74 'cannot read the dump: Bad file descriptor' eval 'relay load <&-'
	unchanged fails 65 "load: $DB, line 1: a NUL byte, expected text; nothing was changed" relay load "$DB"
	[ "$(entries)" = '192.0.2.1 1' ]
}

@test "load: rows that never expire are taken, and reported" {
	printf '%s\n' '192.0.2.1 1' '# edited' '192.0.2.2 12x' '192.0.2.3 1' >"$DIR/rows"
	relay load "$DIR/rows" 2>"$DIR/stderr"
	grep -qx "vsmtprelay: load: line 3 of $DIR/rows is not an \"address time\" pair and will never expire" "$DIR/stderr" ||
		fail "$(cat "$DIR/stderr")"
	echo '192.0.2 OK' >>"$DIR/rows"
	relay load <"$DIR/rows" 2>"$DIR/stderr"
	grep -qx "vsmtprelay: load: 2 lines of standard input are not \"address time\" pairs and will never expire; the first is line 3" \
		"$DIR/stderr" || fail "$(cat "$DIR/stderr")"
	[ "$(entries | wc -l)" = 4 ]
}

# fed_after SECONDS: 40,000 rows, that long after the program has opened them; what
# the terminal shows goes to $DIR/terminal
fed_after() {
	mkfifo "$DIR/rows"
	{
		read -r -t "$1" <> <(:) || :
		awk 'BEGIN { for (i = 0; i < 40000; i++) printf "10.0.%d.%d 7\n", i / 256, i % 256 }'
	} >"$DIR/rows" &
	script -qec "'$BUILD/vsmtprelay/vsmtprelay' -f '$DB' load '$DIR/rows'" /dev/null </dev/null >"$DIR/terminal"
	wait $!
	rm "$DIR/rows"
}

@test "load shows its progress on a terminal when it takes longer than a second, and there alone" {
	rows '192.0.2.1 1'
	relay load <(seq -f '192.0.2.%g 1' 0 255) 2>"$DIR/stderr"
	[ ! -s "$DIR/stderr" ]
	# more than a second, by the program's clock, which begins late on a slow machine
	for pause in 1.1 5 20; do
		fed_after $pause
		! grep -qE '[0-9]+ (lines read|of 40000 rows stored)' "$DIR/terminal" || break
	done
	grep -qE '[0-9]+ (lines read|of 40000 rows stored)' "$DIR/terminal" || fail "$(tail -c 300 "$DIR/terminal")"
	[ "$(relay list | grep -vc '^#')" = 40000 ]
}

@test "check: 0 and what is fine; 1 and each finding with its fix" {
	chmod 755 "$DIR"
	rows '192.0.2.1 1'
	relay check >"$DIR/out" || fail "$(cat "$DIR/out")"
	grep -q "^fine: $DB has 1 row\$" "$DIR/out"
	rows '192.0.2.1 1' '192.168.7 OK'
	status=0
	relay check >"$DIR/out" || status=$?
	[ "$status" = 1 ]
	grep -A 1 '^warning: 1 of [0-9]* rows are not for one address, such as 192.168.7' "$DIR/out" | grep -q "	fix: vsmtprelay -f $DB dump >F"
	chmod 775 "$DIR"
	status=0
	relay check >"$DIR/out" || status=$?
	[ "$status" = 1 ]
	grep -A 1 "^fault: the directory $DIR is writable by its group" "$DIR/out" | grep -qx "	fix: chmod go-w $DIR"
}

@test "check: the fix is a command for this database, whatever it is called" {
	mkdir -m 755 "$DIR/it's here"
	DB="$DIR/it's here/relay ers.db"
	relay check >"$DIR/out" || [ $? = 1 ]
	fix=$(grep -A 1 '^fault: .* does not exist' "$DIR/out" | sed -n 's/^	fix: \(.*\), which makes an empty one$/\1/p')
	HOME=$DIR/home PATH=$BUILD/vsmtprelay:$PATH sh -c "$fix" || fail "$(cat "$DIR/out")"
	[ -f "$DB" ]
	! grep -q ' does not exist' <(relay check)
	mv "$DB" "$DIR/relayers"
	DB=$DIR/relayers
	relay check >"$DIR/out" || [ $? = 1 ]
	grep -A 1 "^warning: the name of $DB does not end in .db" "$DIR/out" | grep -qx "	fix: mv $DB $DB.db"
}

@test "check: shows no raw byte of a key or a name" {
	"$BUILD/tests/cli/prog_rows" "$DB" '\033[2J' x
	mkdir "$DIR/"$'\e[31m'
	mv "$DB" "$DIR/"$'\e[31m/relayers.db'
	status=0
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/"$'\e[31m/relayers.db' check >"$DIR/out" 2>&1 || status=$?
	[ "$status" = 1 ]
	[ -z "$(tr -d '\11\12\40-\176' <"$DIR/out")" ]
	grep -q '\\033' "$DIR/out"
}
