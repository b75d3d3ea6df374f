# log lines from the field have the verdicts of field/*.log, except for the misses that field/known names;
# lines that a site could have, written for this test (variants/), all have theirs

load ../lib/test
load patterns

FIELD=$BATS_TEST_DIRNAME/field
VARIANTS=$BATS_TEST_DIRNAME/variants

# part: each group of lines of one source, as NUMBER.log without the verdicts, NUMBER.expected (FILE:LINE, verdict) and
# NUMBER.conf; prints NUMBER, servers and layout of each
part() {
	awk -F '\t' -v scratch="$SCRATCH" -v definitions="$DEFINITIONS" '
		function begin() {
			if (begun)
				return
			begun = 1
			base = scratch "/" ++number
			print "definitions = " definitions >(base ".conf")
			printf "%s", config >(base ".conf")
			print number, layout, servers
		}
		FNR == 1 { name = FILENAME; sub(".*/", "", name); servers = "all"; layout = "syslog"; begun = 0; config = "" }
		/^# (source|servers|format|config): / {
			if (base != "" && begun)
				close(base ".log") close(base ".expected") close(base ".conf")
			begun = 0
			value = $0
			sub("^# [a-z]*: *", "", value)
		}
		/^# source: / { config = "" }
		/^# servers: / { servers = value }
		/^# format: / { layout = value }
		/^# config: / { config = config value "\n" }
		!/^#/ {
			begin()
			print name ":" FNR "\t" $1 >(base ".expected")
			print substr($0, length($1) + 2) >(base ".log")
		}' "$FIELD"/*.log "$VARIANTS"/*.log
}

# found NUMBER SERVERS LAYOUT: the addresses that popwatch takes from the lines of a group, each with its FILE:LINE
found() {
	"$POPWATCH" -c "$SCRATCH/$1.conf" -t "$SCRATCH/$1.log" -s "$2" -F "$3" 2>"$SCRATCH/summary" >"$SCRATCH/found" ||
		fail "$(head -n 3 "$SCRATCH/summary")"
	awk -F '\t' 'FILENAME == ARGV[1] { line[NR] = $1; next } { print line[$1] "\t" $3 }' "$SCRATCH/$1.expected" "$SCRATCH/found"
}

# deaf NUMBER SERVERS LAYOUT: the lines of a group that end a session, each alone, which popwatch takes for none
deaf() {
	local place verdict line
	while IFS=$'\t' read -r place verdict && IFS= read -r line <&3; do
		[ "$verdict" = logout ] || continue
		printf '%s\n' "$line" >"$SCRATCH/alone.log"
		"$POPWATCH" -c "$SCRATCH/$1.conf" -t "$SCRATCH/alone.log" -s "$2" -F "$3" 2>&1 | grep -Eq ', 1 logouts?,' ||
			printf '%s\tlogout missed\n' "$place"
	done <"$SCRATCH/$1.expected" 3<"$SCRATCH/$1.log"
}

# misses: FILE:LINE and what is wrong, of every group, with the servers named and, for addresses that must not be found, with all
misses() {
	local number servers layout
	part >"$SCRATCH/groups"
	while read -r number layout servers; do
		found "$number" "$servers" "$layout" >"$SCRATCH/addresses"
		awk -F '\t' 'FILENAME == ARGV[1] { got[$1] = got[$1] " " $2; next }
			$2 ~ /[.:]/ && !($1 in got) { print $1 "\tlogin missed: " $2; next }
			$2 ~ /[.:]/ && got[$1] != " " $2 { print $1 "\tfalse:" got[$1] }
			$2 !~ /[.:]/ && $1 in got { print $1 "\tfalse:" got[$1] }' "$SCRATCH/addresses" "$SCRATCH/$number.expected"
		deaf "$number" "$servers" "$layout"
		found "$number" all "$layout" >"$SCRATCH/addresses"
		awk -F '\t' 'FILENAME == ARGV[1] { want[$1] = $2; next } want[$1] != $2 { print $1 "\tfalse: " $2 }' \
			"$SCRATCH/$number.expected" "$SCRATCH/addresses"
	done <"$SCRATCH/groups" | sort -u
}

@test "every line has its verdict, or is named in field/known; what is named there is still wrong" {
	misses >"$SCRATCH/misses"
	grep -v '^#' "$FIELD/known" | cut -d ' ' -f 1 | sort >"$SCRATCH/known"
	cut -f 1 "$SCRATCH/misses" | sort -u >"$SCRATCH/wrong"
	new=$(comm -13 "$SCRATCH/known" "$SCRATCH/wrong")
	stale=$(comm -23 "$SCRATCH/known" "$SCRATCH/wrong")
	[ -z "$new" ] || fail "wrong, and not in field/known:"$'\n'"$(grep -Ff <(sed "s/$/\t/" <<<"$new") "$SCRATCH/misses")"
	[ -z "$stale" ] || fail "right now, so remove from field/known:"$'\n'"$stale"
}

@test "no false authorisation is excused by field/known" {
	[ -s "$SCRATCH/misses" ] || misses >"$SCRATCH/misses"
	! grep -P '\tfalse:' "$SCRATCH/misses"
}

@test "each line has a source, a verdict and no address of anybody" {
	for file in "$FIELD"/*.log "$VARIANTS"/*.log; do
		sed -n '1p' "$file" | grep -q '^# source: .' || fail "$file does not begin with a source"
		! grep -nvP '^(# (source|servers|format|needs|config|note): .+|(none|logout|[0-9]+(\.[0-9]+){3}|[0-9a-f:]*:[0-9a-f:.]*)\t.+)$' "$file" ||
			fail "$file: neither a remark nor a verdict and a line"
	done
	[ "$(cat "$FIELD"/*.log | grep -vc '^#')" -ge 200 ]
}

@test "a definition that believes nothing fails here: the test can fail" {
	mkdir "$SCRATCH/deaf"
	sed '/^login = /s/\^/^never/; /^\[samples\]/,$d' "$DEFINITIONS/courier.conf" >"$SCRATCH/deaf/courier.conf"
	DEFINITIONS=$SCRATCH/deaf part >"$SCRATCH/groups"
	read -r number layout servers < <(grep ' courier ' "$SCRATCH/groups" | head -n 2 | tail -n 1)
	found "$number" courier "$layout" >"$SCRATCH/addresses"
	[ ! -s "$SCRATCH/addresses" ] && grep -qP '\t[0-9.]+$' "$SCRATCH/$number.expected"
}
