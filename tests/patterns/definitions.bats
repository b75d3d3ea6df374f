# definition files: what is refused, and that every one that is shipped is proved by its samples

load ../lib/test
load patterns

setup() {
	mkdir -p "$SCRATCH/servers.d"
	echo "definitions = $SCRATCH/servers.d" >"$SCRATCH/popwatch.conf"
}

# define [LINES]: a definition `mine'; standard input; then tries it
define() {
	cat >"$SCRATCH/servers.d/mine.conf"
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t /dev/null -s mine
}

refused() {	# refused TEXT: with status 78 and a sentence that has it
	[ "$status" -eq 78 ] || fail "status $status"
	[[ $output == *"mine.conf:$1"* ]] || fail "said: $output"
}

@test "all shipped definitions prove themselves" {
	use_shipped shipped
	run "$POPWATCH" -c "$SCRATCH/shipped.conf" -t /dev/null -s all
	[ "$status" -eq 0 ] || fail "$output"
}

@test "every shipped definition has samples of a login and of a line that is none, and says where its lines come from" {
	for file in "$DEFINITIONS"/*.conf; do
		grep -q '^login = [0-9]' "$file" && grep -Eq '^(none|fail) = ' "$file" && grep -q '^#.*\(seen running\|logs\? in the field\|catalogue\|source\)' "$file" ||
			fail "$file"
	done
}

@test "an expression must be anchored at both ends" {
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = user {ip}$
	END
	refused '4: login: expression not anchored'
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user {ip}
	END
	refused '4: login: expression not anchored'
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user {ip}\$
	END
	refused '4: login: expression not anchored'
}

@test "alternatives are anchored whatever they say" {
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user {ip}|login {ip}$
		[samples]
		none = mine: somebody said login 203.0.113.9
		none = mine: user 203.0.113.9 is unknown
		login = 192.0.2.1 mine: login 192.0.2.1
	END
	[ "$status" -eq 0 ] || fail "$output"
}

@test "a login needs an address, and a connection the process id" {
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user .*$
	END
	refused ' a login expression without {ip}'
	define <<-'END'
		[server]
		tags = mine
		[lines]
		connect = ^from {ip}$
		login = ^user .*$
	END
	refused ' a connect expression, expected join = pid'
}

@test "a sample that means something else is an error" {
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user .* from {ip}.*$
		[samples]
		login = 192.0.2.1 mine: user x from 203.0.113.9 from 192.0.2.1
		none = mine: user x from 203.0.113.9 refused
	END
	[ "$status" -eq 78 ]
	[[ $output == *"mine.conf:7: the sample means 'login', expected 'none'"* ]]
}

@test "unknown words, and a syntax that is none" {
	define <<-'END'
		[server]
		tags = mine
		colour = red
		[lines]
		login = ^user {ip}$
		loggin = ^user {ip}$
		[other]
		x = y
		nonsense
	END
	refused "3: unknown setting 'colour'"
	refused "6: unknown kind of line 'loggin'"
	refused '8: unknown section [other]'
	refused "9: 'nonsense': expected NAME = VALUE"
}

@test "an entry of the journal must have fields that no user can have" {
	local fields
	for fields in _EXE=/usr/sbin/mine _COMM=mine '_EXE=/usr/sbin/mine _COMM=mine' SYSLOG_IDENTIFIER=mine __CURSOR=1 '_UID=0 UNIT=mine' _UID= _UID; do
		define <<-END
			[server]
			tags = mine
			journal = $fields
			[lines]
			login = ^user {ip}$
		END
		refused "3: journal = '$fields', expected _FIELD=VALUE"
	done
	define <<-'END'
		[server]
		tags = mine
		journal = _SYSTEMD_UNIT=mine.service
		journal = _EXE=/usr/sbin/mine _UID=0
		[lines]
		login = ^user {ip}$
	END
	[ "$status" -eq 0 ] || fail "$output"
}

@test "a family of tags, and what is none" {
	local tag
	define <<-'END'
		[server]
		tags = */mine mine-*
		[lines]
		login = ^user {ip}$
		[samples]
		login = 192.0.2.1 a/b/mine[7]: user 192.0.2.1
		login = 192.0.2.1 mine-one-two: user 192.0.2.1
		none = mine: user 192.0.2.1
		none = a-mine: user 192.0.2.1
		none = mine-one/x: user 192.0.2.1
	END
	[ "$status" -eq 0 ] || fail "$output"
	for tag in '*' '*mine' 'mine*' 'a-b-*' '*/a/b' '*/' '-*' 'a/b-*' 'mine:'; do
		define <<-END
			[server]
			tags = $tag
			[lines]
			login = ^user {ip}\$
		END
		refused " tag '$tag', expected the name of a program"
	done
}

@test "a bad expression is reported with its place" {
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user ({ip}$
	END
	refused '4: login: missing closing parenthesis at byte '
}

@test "a choice that is none is reported" {
	define <<-'END'
		[server]
		tags = mine
		by-name-only = maybe
		tries = two
		join = host
		[lines]
		login = ^user {ip}$
	END
	refused "3: by-name-only = 'maybe', expected yes or no"
	refused "4: tries = 'two', expected one or many"
	refused "5: join = 'host', expected pid or no"
}

@test "an expression that backtracks without end is stopped and reported, and the next line is read" {
	define <<-'END'
		[server]
		tags = mine
		[lines]
		login = ^user (?<user>(?:a+)+b?)+ from {ip}$
	END
	[ "$status" -eq 0 ] || fail "$output"
	{
		printf 'Nov 20 10:00:00 vm mine: user %s!\n' "$(head -c 60 /dev/zero | tr '\0' a)"
		printf 'Nov 20 10:00:01 vm mine: user a from 192.0.2.1\n'
	} >"$SCRATCH/log"
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/log" -s mine
	[ "$status" -eq 0 ]
	[[ $output == *$'2\tlogin\t192.0.2.1\tmine\ta'* ]]
	[[ $output == *'mine: 2 lines, 1 login, 0 logouts, 0 failed logins, 1 match stopped, 0 near misses'* ]] || fail "$output"
}

@test "a definition of the administrator hides the shipped one of that name" {
	mkdir -p "$SCRATCH/first"
	sed 's/^tags = .*/tags = mydovecot/; /^\[samples\]/,$d' "$DEFINITIONS/dovecot.conf" >"$SCRATCH/first/dovecot.conf"
	printf '%s\n' "definitions = $SCRATCH/first" "definitions = $DEFINITIONS" >"$SCRATCH/two.conf"
	echo 'Nov 20 10:00:00 vm mydovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.1' >"$SCRATCH/log"
	echo 'Nov 20 10:00:00 vm dovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.2' >>"$SCRATCH/log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/two.conf" -t "$SCRATCH/log" -s dovecot
	[ "$output" = $'1\tlogin\t192.0.2.1\tdovecot\talice' ]
}

@test "a line is a near miss only if no server with that tag knows it" {
	local name
	for name in one two; do
		cat >"$SCRATCH/servers.d/$name.conf" <<-END
			[server]
			tags = shared
			[lines]
			login = ^$name {ip}$
		END
	done
	printf 'Nov 20 10:00:00 vm shared: %s\n' 'two 192.0.2.2' 'one 192.0.2.1' >"$SCRATCH/log"
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/log" -s all
	[ "$(grep -c '1 line, 1 login, 0 logouts, 0 failed logins, 0 near misses$' <<<"$output")" -eq 1 ] || fail "$output"
	[ "$(grep -c ' 0 near misses' <<<"$output")" -eq 2 ] || fail "$output"
	echo 'Nov 20 10:00:00 vm shared: login: three 192.0.2.3' >>"$SCRATCH/log"
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/log" -s all
	[ "$(grep -c ' 1 near miss, the first in line 3' <<<"$output")" -eq 2 ] || fail "$output"
}

# a definition `marked' that counts by its name alone, beside a `plain' one
marked() {
	local name
	for name in marked plain; do
		printf '%s\n' '[server]' "tags = $name" '[lines]' 'login = ^user {ip}$' >"$SCRATCH/servers.d/$name.conf"
	done
	sed -i '/^tags/a by-name-only = yes\nwarning = it needs a setting' "$SCRATCH/servers.d/marked.conf"
	printf 'Nov 20 10:00:00 vm %s: user %s\n' marked 192.0.2.1 plain 192.0.2.2 >"$SCRATCH/log"
}

# with_servers LIST [OPTION...]: popwatch with these servers in its configuration
with_servers() {
	mkdir -p "$SCRATCH/db"
	printf '%s\n' "definitions = $SCRATCH/servers.d" "servers = $1" "log = $SCRATCH/log" "database = $SCRATCH/db/relayers.db" \
		"state = $SCRATCH/db/state" "user =" >"$SCRATCH/marked.conf"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/marked.conf" "${@:2}"
}

@test "what counts by its name alone is left out by servers = all, and -n says so" {
	marked
	rm -f "$SCRATCH/servers.d/mine.conf"
	with_servers all -n
	[ "$status" -eq 0 ] || fail "$stderr"
	[[ $stderr == *'servers = all leaves out marked, which counts by its name alone: see marked.conf'* ]] || fail "$stderr"
	[[ $stderr != *'it needs a setting'* ]] || fail "$stderr"
	with_servers all -t "$SCRATCH/log"
	[ "$output" = $'2\tlogin\t192.0.2.2\tplain\t' ] || fail "$output"
}

@test "named, alone or beside all, it counts, and -n says what it needs" {
	local servers
	marked
	rm -f "$SCRATCH/servers.d/mine.conf"
	for servers in marked,plain all,marked marked,all; do
		with_servers $servers -n
		[ "$status" -eq 0 ] || fail "$stderr"
		[[ $stderr == *'marked: it needs a setting'* ]] || fail "$stderr"
		[[ $stderr != *'leaves out'* ]] || fail "$stderr"
		with_servers $servers -t "$SCRATCH/log"
		[ "$output" = $'1\tlogin\t192.0.2.1\tmarked\t\n2\tlogin\t192.0.2.2\tplain\t' ] || fail "$servers: $output"
	done
}

@test "-t -s all tries it" {
	marked
	with_servers plain -t "$SCRATCH/log" -s all
	[ "$output" = $'1\tlogin\t192.0.2.1\tmarked\t\n2\tlogin\t192.0.2.2\tplain\t' ] || fail "$output"
}

@test "a proxy whose server a user can name is warned of" {
	for name in perdition nginx-mail dovecot-proxy; do
		printf '%s\n' "definitions = $DEFINITIONS" "servers = $name" "log = $SCRATCH/log" "state = $SCRATCH/state" \
			"database = $SCRATCH/relayers.db" 'user =' >"$SCRATCH/proxy.conf"
		run --separate-stderr "$POPWATCH" -n -c "$SCRATCH/proxy.conf"
		[ "$status" -eq 0 ] || fail "$stderr"
		[[ $stderr == *"$name: "*'user name'* || $stderr == *"$name: "*'the user names'* ]] || fail "$stderr"
	done
}

@test "every shipped definition says whether its server splits lines, or writes a client's text before its words" {
	for file in "$DEFINITIONS"/*.conf; do
		grep -Eq '^#.*([Ss]plits|could be split|a line of its own|throws its rest away)' "$file" || fail "$file"
	done
}

@test "a shipped definition that counts by its name alone says why, and all others count" {
	local left name
	printf '%s\n' "definitions = $DEFINITIONS" 'servers = all' "log = $SCRATCH/log" "state = $SCRATCH/state" \
		"database = $SCRATCH/relayers.db" >"$SCRATCH/all.conf"
	run --separate-stderr "$POPWATCH" -n -c "$SCRATCH/all.conf"
	left=$(sed -n 's/.*leaves out \([^,]*\),.*/\1/p' <<<"$stderr" | sort)
	[ "$left" = $'courier-stderrlogger\ndovecot-proxy\nuw-pop\nzimbra-proxy' ] || fail "$stderr"
	for name in dovecot-proxy uw-pop zimbra-proxy; do
		grep -q '^warning = ' "$DEFINITIONS/$name.conf" || fail "$name"
	done
}

@test "a word that the server writes once must not stand twice in a login" {
	define <<-'END'
		[server]
		tags = mine
		once = from= at=
		[lines]
		login = ^user .* from={ip}(?: at=.*)?$
		[samples]
		login = 192.0.2.1 mine: user x from=192.0.2.1
		login = 192.0.2.1 mine: user x from=192.0.2.1 at=noon
		none = mine: user x from=203.0.113.9 from=192.0.2.1
		none = mine: user from=from=192.0.2.1
		none = mine: user x from=192.0.2.1 at=at=
	END
	[ "$status" -eq 0 ] || fail "$output"
	echo 'Nov 20 10:00:00 vm mine: user x from=203.0.113.9 from=192.0.2.1' >"$SCRATCH/log"
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/log" -s mine
	[[ $output == *'mine: 1 line, 0 logins, 0 logouts, 0 failed logins, 1 not believed, '* ]] || fail "$output"
}

@test "docs/SERVERS.md names every definition, and what popwatch -t says of its example" {
	local name
	for name in "$DEFINITIONS"/*.conf; do
		name=$(basename "$name" .conf)
		grep -Eq "(^|[^-a-z0-9])$name([^-a-z0-9]|$)" "$LIB/../../docs/SERVERS.md" || fail "$name"
	done
	page_block SERVERS log >"$SCRATCH/log"
	use_shipped all
	"$POPWATCH" -c "$SCRATCH/all.conf" -t "$SCRATCH/log" -s dovecot >"$SCRATCH/found" 2>"$SCRATCH/summary"
	cat "$SCRATCH/found" "$SCRATCH/summary" | diff <(page_block SERVERS found) -
}

# bound FILE: what its session-max lines say, as docs/SERVERS.md has it
bound() {
	local words all
	words=$(sed -nE '/^\[lines\]/q; s/^session-max = ([0-9a-z]+) .+/\1/p' "$1" | sort -u)
	all=$(sed -nE '/^\[lines\]/q; s/^session-max = ([0-9a-z]+)$/\1/p' "$1")
	if [ -n "$words" ]; then
		echo "POP3 $words${all:+, else $all}"
	else
		echo "${all:-\`session-max\`}"
	fi
}

@test "docs/SERVERS.md and popwatch(8) say what ends the connections of each definition, and when at most" {
	local file name row ends word lines
	page=$LIB/../../docs/SERVERS.md
	tr '\n' ' ' <"$LIB/../../man/popwatch.8" | grep -o 'with qpopper.*, which log no end' >"$SCRATCH/endless" ||
		fail 'popwatch(8) names no server without ends'
	for file in "$DEFINITIONS"/*.conf; do
		name=$(basename "$file" .conf)
		row=$(sed -n '/^## What ends a connection/,$p' "$page" | grep -E "^\|([^|]*[ ,])?$name[ ,][^|]*\|") || fail "$name: no row"
		[ "$(cut -d '|' -f 4 <<<"$row" | sed 's/^ *//; s/ *$//')" = "$(bound "$file")" ] || fail "$name: $row: $(bound "$file")"
		ends=$(cut -d '|' -f 3 <<<"$row")
		lines=$(sed -n '/^\[lines\]/,/^\[samples\]/s/^\(logout\|connect\) = /&/p' "$file")
		if ! grep -q '^logout' <<<"$lines"; then
			[ "$ends" = ' nothing ' ] || fail "$name: no logout: $row"
			grep -iqE "[ ,]${name%-proxy}[ ,]" "$SCRATCH/endless" || fail "$name: not among those of popwatch(8): $(cat "$SCRATCH/endless")"
			continue
		fi
		! grep -iqE "[ ,]${name}[ ,]" "$SCRATCH/endless" || fail "$name has ends, popwatch(8) says none"
		grep -q '`' <<<"$ends" || fail "$name: $row"
		while read -r word; do
			grep -qF "$word" <<<"$lines" || fail "$name: no expression has '$word'"
			# and it ends a connection there, see cases.bats
			grep -qF "$word" "$BATS_TEST_DIRNAME/cases/followed/91-$name-each-end.log" || fail "$name: no case has '$word'"
		done < <(grep -o '`[^`]*`' <<<"$ends" | tr -d '`')
	done
}

@test "an unknown server is reported, with the directories that were searched" {
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t /dev/null -s nosuch
	[ "$status" -eq 78 ]
	[[ $output == *"no definition 'nosuch'"*"$SCRATCH/servers.d"* ]]
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t /dev/null -s ../mine
	[ "$status" -eq 78 ]
}

@test "one logger for all: its connections are known by their sessions" {
	define <<-'END'
		[server]
		tags = mine
		logger = one
		[lines]
		login = ^user {ip}$
	END
	refused "3: logger = 'one', expected shared or own"
	define <<-'END'
		[server]
		tags = mine
		logger = shared
		[lines]
		connect = ^from {ip}$
		login = ^user {ip}$
	END
	refused " a connect expression without (?<session>...), which logger = shared needs"
	define <<-'END'
		[server]
		tags = mine
		logger = shared
		join = pid
		[lines]
		login = ^user {ip}$
	END
	refused " logger = shared and join = pid, expected one of them"
	define <<-'END'
		[server]
		tags = mine
		logger = shared
		[lines]
		connect = ^from (?<session>{ip})$
		login = ^user$
	END
	refused " a login expression without {ip}, and no connect expression that has it"
}

@test "a definition that takes the place of another one: all leaves it out, the two together are refused" {
	rm -f "$SCRATCH"/servers.d/*.conf
	printf '[server]\ntags = mine\n[lines]\nlogin = ^user (?<user>.*) {ip}$\n' >"$SCRATCH/servers.d/careful.conf"
	printf '[server]\ntags = mine\ninstead-of = careful\n[lines]\nlogin = ^any (?<user>.*) {ip}$\n' >"$SCRATCH/servers.d/bold.conf"
	printf 'Nov 20 11:46:38 vm mine: user a 192.0.2.1\nNov 20 11:46:38 vm mine: any a 192.0.2.2\n' >"$SCRATCH/log"
	try() { run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/log" -s "$1"; }
	try all
	[ "$output" = $'1\tlogin\t192.0.2.1\tcareful\ta' ]
	try bold
	[ "$output" = $'2\tlogin\t192.0.2.2\tbold\ta' ]
	try 'bold careful'
	[ "$status" -eq 78 ]
	[[ $stderr == *"servers: 'bold' takes the place of 'careful', expected one of them"* ]]
	rm "$SCRATCH/servers.d/careful.conf"
	try all
	[ "$output" = $'2\tlogin\t192.0.2.2\tbold\ta' ]
}
