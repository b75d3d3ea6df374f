# vnewspammers.bats - from a list of senders to the map, or to an error for each invalid line
load ../lib/test

setup() {
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir "$DIR"
	LIST=$DIR/spammers
}

vnewspammers() {
	"$BUILD/vnewspammers/vnewspammers" "$@"
}

# keys: what is in the map
keys() {
	makemap -u hash "$LIST" | sed 's/[ \t].*//' | LC_ALL=C sort
}

@test "a list with comments, blanks, line ends of DOS, capitals and repetitions" {
	printf '%s\n' '# senders' '' 'Spam@Example.COM' '	mail.example.net  # all of it' 'spam@example.com' $'offers.example\r' \
		'   ' 'top' "o'neil+x#y/{z}@a-b.c_d.example" '[192.0.2.1]' 'x@[IPv6:2001:DB8::1]' '  # indented' \
		'info@a.b.example#no' >"$LIST.dirty"
	head -n -1 "$LIST.dirty" >"$LIST"
	run vnewspammers "$LIST"
	[ "$status" = 0 ] || fail "$output"
	[ -z "$output" ]
	diff <(keys) - <<-'END'
	[192.0.2.1]
	mail.example.net
	o'neil+x#y/{z}@a-b.c_d.example
	offers.example
	spam@example.com
	top
	x@[ipv6:2001:db8::1]
	END
	[ "$(makemap -u hash "$LIST" | sed 's/.*[ \t]//' | sort -u)" = REJECT ]
	run vnewspammers "$LIST.dirty"
	[ "$status" = 65 ]
	[[ $output == *'line 13: "info@a.b.example#no": expected user@host or host'* ]] || fail "$output"
}

@test "~/etc/spammers is the list if none is named" {
	mkdir "$DIR/etc"
	echo spam@example.com >"$DIR/etc/spammers"
	HOME=$DIR vnewspammers
	LIST=$DIR/etc/spammers
	[ "$(keys)" = spam@example.com ]
	run env -u HOME "$BUILD/vnewspammers/vnewspammers"
	[ "$status" = 64 ]
	[[ $output == *'HOME is not set'* ]]
}

@test "every invalid line is reported with its number, and the map stays as it was" {
	echo good.example >"$LIST"
	vnewspammers "$LIST"
	before=$(stat -c '%i %s %y' "$LIST.db"; cksum <"$LIST.db")
	long=$(printf 'a%.0s' {1..64})
	while IFS='|' read -r entry why; do
		printf 'first.example\n\n%b\n' "$entry" >"$LIST"
		run vnewspammers "$LIST"
		[ "$status" = 65 ] || fail "$entry: $status"
		[[ ${lines[0]} == "vnewspammers: $LIST: line 3: "*"$why"* ]] || fail "$entry: $output"
		[[ ${lines[1]} == *": 1 invalid line, $LIST.db is unchanged" ]] || fail "$entry: $output"
		[ "$before" = "$(stat -c '%i %s %y' "$LIST.db"; cksum <"$LIST.db")" ]
	done <<-END
	a@b.example c@d.example|expected one sender
	a@b.example REJECT|expected one sender
	@host.example|to list everybody at a host
	*@host.example|write the host without *@
	a@|expected user@host or host
	.host.example|includes all hosts below it
	*.host.example|includes all hosts below it
	a@.host.example|includes all hosts below it
	host..example|expected user@host or host
	host.example.|expected user@host or host
	"a b"@host.example|expected one sender
	"ab"@host.example|a quoted local part
	a,b@host.example|a character that is not allowed there
	a@b@host.example|a character that is not allowed there
	<a@host.example>|a character that is not allowed there
	m\\0374ller@host.example|a character that is not allowed there
	h\\0374st.example|expected user@host or host
	192.0.2.1|in brackets: [192.0.2.1]
	2001:db8::1|in brackets
	a@192.0.2.1|in brackets
	[192.0.2]|expected [192.0.2.1]
	[192.0.2.1|expected [192.0.2.1]
	[2001:db8::1]|expected [192.0.2.1]
	[ipv6:192.0.2.1]|expected [192.0.2.1]
	[192.0.2.1]x|expected [192.0.2.1]
	${long}a@host.example|more than 64
	a@$long.example|expected user@host or host
	$(printf "$long" | cut -c 1-63).$long|expected user@host or host
	a\\0000b@host.example|a NUL byte
	END
	printf '%s\n' 'a b' fine.example 'c d' 'e f' >"$LIST"
	run vnewspammers "$LIST"
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[1]} == *'line 3: "c d"'* && ${lines[3]} == *'3 invalid lines'* ]] || fail "$output"
	printf '%s\n' 'Foo <Bar@Example.COM>' Good@Example.COM >"$LIST"
	run vnewspammers "$LIST"
	[[ ${lines[0]} == *'line 1: "Foo <Bar@Example.COM>": expected one sender' ]] || fail "$output"
	for n in {1..100}; do echo 'a b'; done >"$LIST"
	run vnewspammers "$LIST"
	[ "${#lines[@]}" = 21 ]
	[[ ${lines[20]} == *'100 invalid lines'* ]]
	[ "$(keys)" = good.example ]
}

@test "an empty list empties the map; a list that is no file is refused; used wrongly" {
	echo good.example >"$LIST"
	vnewspammers "$LIST"
	: >"$LIST"
	vnewspammers "$LIST"
	[ -z "$(keys)" ]
	echo no-newline.example | tr -d '\n' >"$LIST"
	vnewspammers "$LIST"
	[ "$(keys)" = no-newline.example ]
	rm "$LIST"
	while IFS='|' read -r make why; do
		$make "$LIST"
		run vnewspammers "$LIST"
		[ "$status" = 66 ] || fail "$make: $status $output"
		[ "$output" = "vnewspammers: cannot read the list $LIST: $why" ] || fail "$make: $output"
		[ ! -e "$LIST" ] && [ ! -L "$LIST" ] || rm -r "$LIST"
	done <<-END
	:|No such file or directory
	mkdir|it is not a regular file
	mkfifo|it is not a regular file
	ln -s /etc/hosts|it is a symbolic link, expected the file itself
	truncate -s 65M|it has more than 64 MiB
	END
	run vnewspammers /dev/null
	[ "$status" = 66 ]
	[ "$output" = 'vnewspammers: cannot read the list /dev/null: it is not a regular file' ] || fail "$output"
	for arguments in '-x' '--file' 'a b'; do
		run vnewspammers $arguments
		[ "$status" = 64 ] || fail "$arguments: $status"
	done
	run vnewspammers ''
	[ "$status" = 64 ]
	run vnewspammers --help
	[ "$status" = 0 ]
	[[ ${lines[0]} == 'vnewspammers '* ]]
}

@test "a new map may be read by whom the list may; an old one keeps its mode" {
	echo good.example >"$LIST"
	for mode in 644 640 600; do
		chmod $mode "$LIST"
		vnewspammers "$LIST"
		[ "$(stat -c %a "$LIST.db")" = $mode ]
		rm "$LIST.db"
	done
	chmod 644 "$LIST"
	vnewspammers "$LIST"
	chmod 640 "$LIST.db"
	echo other.example >"$LIST"
	vnewspammers "$LIST"
	[ "$(stat -c %a "$LIST.db")" = 640 ]
	[ "$(keys)" = other.example ]
	[ "$(ls "$DIR")" = "$(printf '%s\n' spammers spammers.db spammers.db.lock)" ] || fail "$(ls "$DIR")"
}

@test "what lies in the place of the map is not overwritten" {
	echo good.example >"$LIST"
	seq 1 1000 >"$LIST.db"
	run vnewspammers "$LIST"
	[ "$status" = 65 ]
	[ "$(head -n 1 "$LIST.db")" = 1 ]
	rm "$LIST.db"
	mkdir "$LIST.db"
	run vnewspammers "$LIST"
	[ "$status" != 0 ]
}

@test "a list that cannot be kept in memory whole changes nothing" {
	seq -f 'host%.0f.example' 1 4000 >"$LIST"
	for call in 1 3 20; do
		run strace -f -o "$DIR/strace" -e trace=write -e inject=write:error=ENOSPC:when=$call "$BUILD/vnewspammers/vnewspammers" "$LIST"
		[ "$status" = 71 ] || fail "call $call: $status, $output"
		[[ $output == *'cannot keep the senders in memory: No space left on device'* ]] || fail "$output"
		[ ! -e "$LIST.db" ]
	done
}

@test "100,000 senders" {
	seq -f 'user%.0f@host.example' 1 100000 >"$LIST"
	vnewspammers "$LIST"
	[ "$(keys | wc -l)" = 100000 ]
	sed -i 5d "$LIST"
	vnewspammers "$LIST"
	[ "$(keys | wc -l)" = 99999 ]
}

@test "a name of another form is refused: sendmail reads hash alone" {
	for name in spammers.lmdb spammers.sqlite; do
		echo spam.example >"$DIR/$name"
		run vnewspammers "$DIR/$name"
		[ "$status" = 64 ]
		[[ $output == *'a hash, the only form of a map that sendmail reads'* ]] || fail "$output"
		[ "$(ls "$DIR")" = "$name" ]
		rm "$DIR/$name"
	done
}
