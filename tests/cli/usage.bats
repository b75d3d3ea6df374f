# the command line of vsmtprelay: usage page, options, refused arguments
load ../lib/test
load cli

@test "without a command: a usage page that starts with name and version, on stderr, 64" {
	run "$BUILD/vsmtprelay/vsmtprelay"
	[ "$status" = 64 ]
	[[ ${lines[0]} =~ ^vsmtprelay\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	[ -z "$("$BUILD/vsmtprelay/vsmtprelay" 2>/dev/null)" ]
}

@test "--help is the same page on stdout, 0, and names every command" {
	diff <("$BUILD/vsmtprelay/vsmtprelay" --help 2>/dev/null) <("$BUILD/vsmtprelay/vsmtprelay" 2>&1)
	diff <("$BUILD/vsmtprelay/vsmtprelay" -h) <("$BUILD/vsmtprelay/vsmtprelay" --help)
	for command in add delete expire get list dump why status watch setup load check convert tcprules; do
		"$BUILD/vsmtprelay/vsmtprelay" --help | grep -q "^  $command " || fail "$command is not there"
		grep -q "^\.Cm $command" "$LIB/../../man/vsmtprelay.8" || fail "$command is not in the manual"
	done
}

@test "--version" {
	[[ $("$BUILD/vsmtprelay/vsmtprelay" --version) =~ ^vsmtprelay\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	[ "$("$BUILD/vsmtprelay/vsmtprelay" -V)" = "$("$BUILD/vsmtprelay/vsmtprelay" --version)" ]
}

@test "wrong options and commands: 64 and a word on what is wrong" {
	relay_bare() { "$BUILD/vsmtprelay/vsmtprelay" "$@"; }
	fails 64 'option -x is unknown' relay_bare -x
	fails 64 'option -x is unknown' relay_bare -f "$DB" -xh dump
	fails 64 'expected the path' relay_bare --fil=
	fails 64 'option --nonsense is unknown' relay_bare --nonsense dump
	fails 64 'option --help=please ' relay_bare --help=please
	fails 64 'option -f needs an argument' relay_bare -f
	fails 64 'option -f needs an argument' relay_bare --file
	fails 64 'expected the path of the database' relay_bare -f '' dump
	fails 64 '"remove" is not a command; did you mean delete?' relay_bare remove 192.0.2.1
	fails 64 '"exp" is not a command; did you mean expire?' relay_bare exp
	fails 64 '"d" is not a command' relay_bare d
	fails 64 '"" is not a command' relay_bare ''
	fails 64 '"\033[2J" is not a command' relay_bare $'\e[2J'
}

@test "too few and too many arguments: 64, and nothing is made" {
	unchanged fails 64 'add: an argument is missing, expected: ip [ticks]' relay add
	unchanged fails 64 'add: one argument too many, "3", expected: ip [ticks]' relay add 192.0.2.1 1 3
	unchanged fails 64 'delete: an argument is missing, expected: ip [...]' relay delete
	unchanged fails 64 'expire: one argument too many' relay expire 1 2
	unchanged fails 64 'list: one argument too many' relay list 1 2
	unchanged fails 64 'dump: option -f is unknown here, it comes before the command' relay dump -f x
	unchanged fails 64 'dump: one argument too many, "x", expected: none' relay dump x
	unchanged fails 64 'list: option --jsn is unknown' relay list --jsn
	unchanged fails 64 'dump: option -h is unknown' relay dump -h
	unchanged fails 64 'get: an argument is missing, expected: ip [...]' relay get
	unchanged fails 64 'load: one argument too many' relay load a b
	unchanged fails 64 'check: one argument too many' relay check x
	[ -z "$(ls "$DIR" | grep -v stderr)" ]
}

@test "add: what is no address, and what is no time, is refused with what was expected, and changes nothing" {
	relay add 192.0.2.1 5
	for address in 10.1 010.0.0.1 1.2.3.4.5 1.2.3.4/24 host.example 'fe80::1%eth0' '' ' 1.2.3.4' '1.2.3.4 ' 1.2.3.256 1.2.3 0x1.2.3.4 \
	    '[::1]' '2001:db8::1::2' '2001:db8:::1' 12345::1 ::1.2.3 '1.2.3.4:25' 'IPv6:2001:db8::1' -1; do
		unchanged fails 64 "add: \"$address\" is not the IP address of a client" relay add "$address"
		unchanged fails 64 "delete: \"$address\" is not the IP address of a client" relay delete 192.0.2.1 "$address"
	done
	for ticks in -1 1e9 99999999999999999999 '' ' 1' '1 ' 0x10 +5 253402300800 now; do
		unchanged fails 64 "add: \"$ticks\" is not a time in whole seconds since 1970 (UTC), 0 to 253402300799" \
			relay add 192.0.2.1 "$ticks"
	done
	unchanged fails 64 '"1.2.3.4\012" is not' relay add $'1.2.3.4\n'
	unchanged fails 64 'is not the IP address of a client' relay add "$(printf '%05000d' 1)"
}

@test "add: every form of an address is one address" {
	relay add ::ffff:1.2.3.4 1
	relay add 2001:DB8:0:0:0:0:0:1 2
	relay add 2001:db8:0000::0001 3
	relay add 1:0:0:2:0:0:0:3 4
	[ "$(entries)" = $'1.2.3.4 1\n2001:db8::1 3\n1:0:0:2::3 4' ]
	relay delete ::FFFF:102:304 2001:DB8::1
	[ "$(entries)" = '1:0:0:2::3 4' ]
}

@test "expire and list: minutes are whole and in range, or a time with units" {
	relay add 192.0.2.1 5
	for minutes in x -1 1.5 '' 1w 5x m ' 1' 4223371680 99999999999999999999; do
		unchanged fails 64 "expire: \"$minutes\" is not a number of minutes, 0 to 4223371679, nor a time such as 90m or 1h" \
			relay expire "$minutes"
		unchanged fails 64 "list: \"$minutes\" is not a number of minutes, 0 to 4223371679, nor a time such as 90m or 1h" \
			relay list "$minutes"
	done
	unchanged fails 64 '"192.0.2.1" is not a number of minutes, 0 to 4223371679, nor a time such as 90m or 1h; get shows an address' \
		relay list 192.0.2.1
	unchanged fails 64 'add takes one address a call' relay add 192.0.2.1 192.0.2.2
	unchanged relay expire 4223371679
	[ -z "$(relay list 4223371679)" ]
}

@test "the database: -f, else RELAYERS_DB, else ~/etc/relayers.db if it exists, else the built-in one" {
	prog=$BUILD/vsmtprelay/vsmtprelay
	mkdir -p "$DIR/home/etc"
	HOME=$DIR/home RELAYERS_DB=$DIR/env.db "$prog" -f "$DIR/option.db" add 192.0.2.1 1
	HOME=$DIR/home RELAYERS_DB=$DIR/env.db "$prog" add 192.0.2.2 2
	[ ! -e "$DIR/home/etc/relayers.db" ]
	"$prog" -f "$DIR/home/etc/relayers.db" add 192.0.2.3 3
	[ "$("$prog" -f "$DIR/option.db" dump | tail -n 1)" = '192.0.2.1 1' ]
	[ "$("$prog" -f "$DIR/env.db" dump | tail -n 1)" = '192.0.2.2 2' ]
	[ "$(HOME=$DIR/home RELAYERS_DB='' "$prog" dump | tail -n 1)" = '192.0.2.3 3' ]
	rm "$DIR/home/etc/relayers.db"
	[ -e /var/lib/relayers/relayers.db ] || HOME=$DIR/home fails 66 /var/lib/relayers "$prog" dump
}

@test "the clock is the system's: no environment variable moves it" {
	now=$EPOCHSECONDS
	RELAYERS_NOW=1000 relay add 192.0.2.1
	[ "$(entries | cut -d ' ' -f 2)" -ge "$now" ]
}
