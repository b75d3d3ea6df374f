# what people run: lines of their configurations and reports, each kind with its verdict
#
# cases/NAME.log begins with comments: "# expect: allow A, B" or "# expect: none";
# "# format:"; "# servers:" names the definitions beside `all' that it takes;
# "# elements:" and "# tags:" are settings of popwatch.conf; "# source:".  Documentation
# addresses and names stand for the real ones.

load ../lib/test

POPWATCH=$BUILD/popwatch/popwatch
CASES=$BATS_TEST_DIRNAME/cases
DEFINITIONS=$BATS_TEST_DIRNAME/../../popwatch/servers.d

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
	echo "definitions = $(readlink -f "$DEFINITIONS")"
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
