# near misses: a login line that a setting or a version has changed is one; what servers write all day is none

load ../lib/test
load patterns

CAPTURED=$BATS_TEST_DIRNAME/captured

setup() {
	use_shipped
}

# try LOG SERVERS FORMAT: what popwatch says of it
try() {
	"$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$1" -s "$2" -F "$3" 2>&1
}

# misses: the greatest number of near misses among the servers of a summary
misses() {
	sed -nE 's/.*, ([0-9]+) near miss(es)?.*/\1/p' | sort -n | tail -n 1
}

# The logs of real servers with true near misses, and how many: logins with names
# that pretend to be a line (<eve rip=203.0.113.9>, session=<fake>), which are not
# believed though somebody did log in; and lines of nothing but such names
known() {
	case $1 in
	dovecot-iso | dovecot-rfc3164 | dovecot-own | dovecot-debug-*) echo 8 ;;
	dovecot-proxy-iso | dovecot-proxy-rfc3164) echo 1 ;;
	nginx-mail-own) echo 5 ;;
	*) echo 0 ;;
	esac
}

@test "captured logs have no near misses except a handful that are named" {
	for log in "$CAPTURED"/*.log; do
		name=$(basename "$log" .log) format=syslog
		case $name in
		dovecot*-own | *-shapes) format=dovecot ;;
		esac
		summary=$(try "$log" all "$format")
		found=$(misses <<<"$summary")
		[ "${found:-0}" = "$(known "$name")" ] || fail "$name: $found"$'\n'"$(grep -A 1 'near miss' <<<"$summary")"
	done
}

# changed FILE: a line for each sample of a login, with more at its end; but of
# those that qpopper and cucipop write of an ended session, which have no word of
# logins: "alice 192.0.2.1 0, 2 (3456), 0 (0)"
changed() {
	sed -nE '/^\[samples\]/,$s/^login = [^ ]+ (.*)/Nov 20 10:00:01 mx \1, new=1/p' "$1" | grep -v ' qpopper.*: Stats: '
}

@test "a login line with something new at its end is a near miss, of each server whose line has a word of logins" {
	for file in "$DEFINITIONS"/*.conf; do
		name=$(basename "$file" .conf) format=syslog
		case $name in
		cucipop) continue ;;
		esac
		changed "$file" >"$SCRATCH/changed.log"
		[ -s "$SCRATCH/changed.log" ] || fail "$name has no samples"
		said=$(try "$SCRATCH/changed.log" "$name" "$format")
		sed -nE 's/^[^ ]+: ([0-9]+) lines?, ([0-9]+) logins?, .*, ([0-9]+) near miss.*/\1 \2 \3/p' <<<"$said" >"$SCRATCH/counts"
		read -r lines logins misses <"$SCRATCH/counts" || fail "$name: $said"
		[ "$lines" -eq "$((logins + misses))" ] && [ "$misses" -gt 0 ] || fail "$said"$'\n'"$(cat "$SCRATCH/changed.log")"
	done
}
