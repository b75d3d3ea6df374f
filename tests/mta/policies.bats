# policies.bats - the cron files and systemd units: each leaves what it says to its users, when it says
load ../lib/test

policies='strict nightly lenient'

setup() {
	SOURCES=$(cd "$LIB/../.." && pwd)
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir "$DIR"
}

cron_file() {
	[ "$1" = strict ] && echo "$SOURCES/cron/vsmtprelay.cron" || echo "$SOURCES/cron/$1.cron"
}

# what is left of logins of these ages after COMMAND, run by sh with our vsmtprelay
leaves() {
	local now=$EPOCHSECONDS
	printf '%s\n' "192.0.2.1 $((now - 30 * 60))" "192.0.2.2 $((now - 70 * 60))" "192.0.2.3 $((now - 25 * 3600))" \
		"192.0.2.4 $((now + 3600))" '192.0.2.5 OK' "192.0.2.6 $((now - 60 * 60 + 30))" "192.0.2.7 $((now - 24 * 3600 + 30))" \
		>"$DIR/rows"
	"$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/relayers.db" load "$DIR/rows"
	run env PATH="$BUILD/vsmtprelay:$PATH" RELAYERS_DB="$DIR/relayers.db" sh -c "$1"
	[ "$status" = 0 ] && [ -z "$output" ] || fail "$1: $status, $output"
	left=$("$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/relayers.db" dump | sed -n 's/^192\.0\.2\.\([0-9]\) .*/\1/p' |
		sort | tr -d '\n')
}

expected() {
	case $1 in
	strict) echo 1456 ;;
	nightly) echo 124567 ;;
	lenient) echo 45 ;;
	esac
}

@test "cron: one line each, its time, its user, its command" {
	declare -A times=([strict]='*/15 * * * *' [nightly]='15 3 * * *' [lenient]='0 0 * * *')
	for policy in $policies; do
		file=$(cron_file $policy)
		grep -vE '^(#|$|[A-Z]+=)' "$file" >"$DIR/lines"
		[ "$(wc -l <"$DIR/lines")" = 1 ]
		read -r m h d mon w user command <"$DIR/lines"
		[ "$m $h $d $mon $w" = "${times[$policy]}" ]
		[ "$user" = relayers ]
		leaves "$command"
		[ "$left" = "$(expected $policy)" ] || fail "$policy leaves $left"
		grep -q "^# /etc/cron.d/vsmtprelay - the $policy policy: " "$file"
		grep -q '^# For users: ' "$file"
	done
}

# units POLICY: service, timer and the drop-ins of this policy in $DIR/POLICY
units() {
	mkdir -p "$DIR/$1"
	cp "$BUILD"/placed/systemd/vsmtprelay-expire.* "$DIR/$1"
	[ "$1" = strict ] || cp -r "$BUILD/placed/systemd/$1/." "$DIR/$1"
}

# setting NAME FILE: its last value, after an empty one has taken back those before
setting() {
	cat "$2" $(ls "$2".d/*.conf 2>/dev/null) | sed -n "s/^$1=//p" |
		awk '$0 == "" { n = 0; next } { v[n++] = $0 } END { for (i = 0; i < n; i++) print v[i] }'
}

@test "systemd: the same policies" {
	declare -A times=([strict]='*:0/15' [nightly]='*-*-* 03:15:00' [lenient]='*-*-* 00:00:00')
	for policy in $policies; do
		units $policy
		[ "$(setting OnCalendar "$DIR/$policy/vsmtprelay-expire.timer")" = "${times[$policy]}" ]
		command=$(setting ExecStart "$DIR/$policy/vsmtprelay-expire.service")
		[[ $command == '/usr/sbin/vsmtprelay -f /var/lib/relayers/relayers.db expire'* ]] || fail "$command"
		leaves "vsmtprelay ${command#* -f * }"
		[ "$left" = "$(expected $policy)" ] || fail "$policy leaves $left"
	done
}

@test "systemd reads the units and their drop-ins" {
	command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
	for policy in $policies; do
		units $policy
		find "$DIR/$policy" -type f -exec sed -i "s,/usr/sbin/vsmtprelay,$BUILD/vsmtprelay/vsmtprelay," {} +
		run env SYSTEMD_UNIT_PATH="$DIR/$policy:" systemd-analyze verify --man=no \
			"$DIR/$policy/vsmtprelay-expire.service" "$DIR/$policy/vsmtprelay-expire.timer"
		! grep vsmtprelay <<<"$output" || fail "$policy: $output"
		systemd-analyze calendar "$(setting OnCalendar "$DIR/$policy/vsmtprelay-expire.timer")" >/dev/null
	done
}
