# what people run: lines of their configurations and reports, each kind with its verdict
#
# cases/NAME.log begins with comments: "# expect: allow A, B" or "# expect: none";
# "# format:"; "# servers:" names the definitions beside `all' that it takes;
# "# elements:" and "# tags:" are settings of popwatch.conf; "# source:".  Documentation
# addresses and names stand for the real ones.

load ../lib/test
load patterns

CASES=$BATS_TEST_DIRNAME/cases

# said FILE WORD: what its comment says behind "# WORD: "
said() {
	sed -n "s/^# $2: *//p" "$1"
}

# allowed FILE: the addresses that it says are right, one a line
allowed() {
	said "$1" expect | sed -n 's/^allow?* //p' | tr -d ' ' | tr ',' '\n'
}

# configured FILE: popwatch.conf for it
configured() {
	echo "definitions = $DEFINITIONS"
	said "$1" elements | sed 's/^/elements = /'
	said "$1" tags | sed 's/^/tags = /'
}

verdict() {	# verdict FILE SERVERS FORMAT
	configured "$1" >"$SCRATCH/popwatch.conf"
	grep -v '^#' "$1" >"$SCRATCH/log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/log" -s "$2" -F "$3"
	[ "$status" -eq 0 ] || fail "${1##*/}: $stderr"
	cut -f 3 <<<"$output" | sed '/^$/d' | sort -u | diff <(allowed "$1" | sort -u) - || fail "${1##*/} as $3"
}

@test "every case has its verdict, with all servers" {
	local file count=0
	for file in "$CASES"/*.log; do
		verdict "$file" "all $(said "$file" servers)" "$(said "$file" format)"
		count=$((count + 1))
	done
	[ "$count" -ge 20 ]
}

@test "what is right in its layout is right where any is tried" {
	local file
	for file in "$CASES"/*.log; do
		# a line without a host may look like one of another layout
		[ "$(said "$file" format)" != nohost ] || continue
		verdict "$file" "all $(said "$file" servers)" any
	done
}

# settings LINE...: popwatch -n says of them
settings() {
	{
		echo "definitions = $DEFINITIONS"
		printf '%s\n' "$@" "log = $SCRATCH/log" "state = $SCRATCH/state" "database = $SCRATCH/relayers.db" 'user ='
	} >"$SCRATCH/settings.conf"
	touch "$SCRATCH/log"
	run --separate-stderr "$POPWATCH" -n -c "$SCRATCH/settings.conf"
}

@test "elements and tags that cannot be are refused with their line" {
	settings 'elements = user=<%u> rip=%r %h'
	[ "$status" -eq 78 ] && [[ $stderr == *":2: elements: unknown element '%h'"* ]] || fail "$stderr"
	settings 'elements = rip=%r user=<%u>'
	[[ $stderr == *":2: elements: 'rip=%r', expected each element once, user=<%u> before"* ]] || fail "$stderr"
	settings 'elements = user=<%u> method=%m'
	[[ $stderr == *':2: elements: expected user=<%u> and rip=%r among them'* ]] || fail "$stderr"
	settings 'servers = courier' 'elements = user=<%u> rip=%r'
	[[ $stderr == *':3: elements, but neither dovecot nor dovecot-proxy is one of servers'* ]] || fail "$stderr"
	settings 'tags = dovecot'
	[[ $stderr == *":2: tags = 'dovecot', expected the name of a server and its tags"* ]] || fail "$stderr"
	settings 'tags = courier x'
	[[ $stderr == *":2: tags = 'courier x', expected one of servers before the tags"* ]] || fail "$stderr"
	settings 'tags = dovecot x y:'
	[[ $stderr == *":2: tags: 'y:', expected the name of a program"* ]] || fail "$stderr"
	settings 'tags = dovecot x' 'elements = user=<%u> rip=%r mpid=%e'
	[ "$status" -eq 0 ] || fail "$stderr"
}

# open_after FILE SERVERS: the addresses whose connections are open behind its last line
open_after() {
	mkdir -p "$SCRATCH/follow"
	rm -f "$SCRATCH"/follow/*
	{
		echo "definitions = $DEFINITIONS"
		printf '%s\n' "servers = $2" "log = $SCRATCH/follow/log" "state = $SCRATCH/follow/state" \
			"database = $SCRATCH/follow/relayers.db" 'user ='
	} >"$SCRATCH/follow/popwatch.conf"
	grep -v '^#' "$1" | sed "s/^@T/$(date '+%b %e %H:%M:%S')/" >"$SCRATCH/follow/log"
	"$BUILD/vsmtprelay/vsmtprelay" -f "$SCRATCH/follow/relayers.db" create >/dev/null 2>&1 || true
	"$POPWATCH" -o -c "$SCRATCH/follow/popwatch.conf" || return 1
	sed -n 's/^session [0-9]* [0-9]* [0-9]* \([^ ]*\) o .*/\1/p' "$SCRATCH/follow/state"
}

@test "a container's log in UTC: nothing is recorded in the zone of the host, all with time-zone" {
	local zone
	mkdir -p "$SCRATCH/zone"
	for zone in Europe/Berlin America/New_York; do
		for setting in '' 'time-zone = UTC'; do
			rm -f "$SCRATCH"/zone/*
			{
				echo "definitions = $DEFINITIONS"
				printf '%s\n' "$setting" "log = $SCRATCH/zone/log" "state = $SCRATCH/zone/state" \
					"database = $SCRATCH/zone/relayers.db" 'user =' 'window = 30m'
			} >"$SCRATCH/zone/popwatch.conf"
			echo "$(TZ=UTC date '+%b %e %H:%M:%S') mail dovecot: imap-login: Login: user=<alice>, method=PLAIN," \
				'rip=203.0.113.77, lip=198.51.100.1, mpid=205, TLS, session=<e4C8+rJgn7l/AABm>' >"$SCRATCH/zone/log"
			"$BUILD/vsmtprelay/vsmtprelay" -f "$SCRATCH/zone/relayers.db" load /dev/null
			TZ=$zone "$POPWATCH" -o -c "$SCRATCH/zone/popwatch.conf"
			run "$BUILD/vsmtprelay/vsmtprelay" -f "$SCRATCH/zone/relayers.db" dump
			if [ -n "$setting" ]; then
				[[ $output == *203.0.113.77* ]] || fail "$zone, $setting: $output"
			else
				[[ $output != *203.0.113.77* ]] || fail "$zone: $output"
			fi
		done
	done
	settings 'time-zone = Nowhere/Land'
	[ "$status" -eq 78 ] && [[ $stderr == *":2: time-zone = 'Nowhere/Land', expected system, UTC or a name below"* ]] || fail "$stderr"
	settings 'time-zone = ../x'
	[ "$status" -eq 78 ] || fail "$stderr"
}

@test "behind the last line of a case nobody is open whose connection has ended" {
	local file
	for file in "$CASES"/followed/*.log; do
		[ "$(open_after "$file" "$(said "$file" servers)")" = "$(said "$file" open)" ] || fail "${file##*/}: $(open_after "$file" "$(said "$file" servers)")"
	done
}

@test "a server with more near misses than logins is reported" {
	local n said
	mkdir -p "$SCRATCH/silent"
	printf '%s\n' "definitions = $DEFINITIONS" "log = $SCRATCH/silent/log" "state = $SCRATCH/silent/state" \
		"database = $SCRATCH/silent/relayers.db" 'user =' >"$SCRATCH/silent/popwatch.conf"
	for ((n = 0; n < 25; n++)); do
		echo "$(date '+%b %e %H:%M:%S') mail dovecot: imap-login: Login: rip=203.0.113.$n, user=<alice>, mpid=7"
	done >"$SCRATCH/silent/log"
	"$BUILD/vsmtprelay/vsmtprelay" -f "$SCRATCH/silent/relayers.db" load /dev/null
	run "$POPWATCH" -o -c "$SCRATCH/silent/popwatch.conf"
	said='dovecot: 25 lines, 0 logins, 25 near misses'
	[[ $output == *"$said"*"'doveconf -h login_log_format_elements'"*'the last: imap-login: Login: rip=203.0.113.24, '* ]] || fail "$output"
	# with one login beside them, too
	other() {	# other NUMBER: one more login, and all is read again
		rm -f "$SCRATCH/silent/state"
		echo "$(date '+%b %e %H:%M:%S') mail dovecot: imap-login: Login: user=<a>, method=PLAIN, rip=203.0.113.$1, lip=198.51.100.1," \
			'mpid=205, TLS, session=<abc>' >>"$SCRATCH/silent/log"
	}
	other 100
	run "$POPWATCH" -o -c "$SCRATCH/silent/popwatch.conf"
	[[ $output == *'dovecot: 26 lines, 1 login, 25 near misses; try'* ]] || fail "$output"
	# with as many logins nobody says so
	for ((n = 101; n < 125; n++)); do
		other $n
	done
	run "$POPWATCH" -o -c "$SCRATCH/silent/popwatch.conf"
	[[ $output != *'near misses; try'* ]] || fail "$output"
}

@test "a line of another layout is named, if it is known" {
	while IFS='|' read -r word line; do
		printf '%s\n' "$line" >"$SCRATCH/other.log"
		run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/other.log" -s all
		[[ $output == *'1 line: 0 of other programs, 1 of another layout'$'\n''line 1 is of another layout: it '*"$word"* ]] || fail "$line"$'\n'"$output"
	done <<-'END'
	json-file|{"log":"Nov 20 10:00:01 mail imapd: LOGIN, user=alice, ip=[192.0.2.1]\n","stream":"stdout"}
	journalctl|Fri 2026-11-20 10:00:01 CET mail imapd[12]: LOGIN, user=alice, ip=[192.0.2.1]
	journalctl|1795173601.123456 mail imapd[12]: LOGIN, user=alice, ip=[192.0.2.1]
	END
}
