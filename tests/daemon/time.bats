# stamps without a year in a log that nobody has rotated: this day of last year is not today

load ../lib/test
load daemon

other() {	# other DATE: a line of another program
	printf '%s vm cron[1]: hello\n' "$(date -d "$1" '+%b %e %T')"
}

a_year_ago() {	# a_year_ago ADDRESS: a login of then, and lines since; for us both are of today
	login "$1" 60
	other '300 days ago'
	other '200 days ago'
	other '60 days ago'
}

@test "a login of this day of last year is not of today, at the first start" {
	prepare
	{ a_year_ago 192.0.2.9; login 192.0.2.1; } >"$LOG"
	once
	recorded 192.0.2.1
	not recorded 192.0.2.9
}

@test "nor after a year without popwatch, nor is one that is read in a later round" {
	prepare
	login 192.0.2.1 >"$LOG"
	once
	login 192.0.2.8 60 >>"$LOG"
	# more than one round reads
	printf -v filler '%01000d\n' 0
	for _ in {1..6000}; do printf '%s' "$filler"; done >>"$LOG"
	{ a_year_ago 192.0.2.9; login 192.0.2.2; } >>"$LOG"
	start_popwatch
	eventually recorded 192.0.2.2
	stop_popwatch
	recorded 192.0.2.1
	not recorded 192.0.2.8
	not recorded 192.0.2.9
}

@test "a log that was not written to since last year has no login of today" {
	prepare
	login 192.0.2.9 60 >"$LOG"
	touch -d '-365 days' "$LOG"
	once
	not recorded 192.0.2.9
	login 192.0.2.1 >>"$LOG"
	once
	recorded 192.0.2.1
	not recorded 192.0.2.9
}

@test "no connection of last year is open" {
	prepare
	{ login 192.0.2.9 60
		printf '%s vm dovecot: imap(alice)<205><192029>: Disconnected: Logged out in=9 out=469\n' "$(date '+%b %e %T' -d '-50 seconds')"
		a_year_ago 192.0.2.8; login 192.0.2.1; } >"$LOG"
	once
	not grep -q ' o vm dovecot 192028$' "$DIR/db/popwatch.state"
}

@test "lines of several hosts, a month out of order, lose nothing" {
	prepare
	{ login 192.0.2.1; other '29 days ago'; login 192.0.2.2; other '-5 minutes'; login 192.0.2.3; } >"$LOG"
	once
	recorded 192.0.2.1 192.0.2.2 192.0.2.3
}

# what was in the log when popwatch began to read may well be old: a line more
# each time, until there are enough that are not
warned_of_a_zone() {
	login 192.0.2.1 5400 >>"$LOG"
	grep -q "$LOG: lines that are written now have stamps 1:30 hours ago: .* time-zone " "$DIR/stderr"
}

@test "lines that are written now with stamps of another zone are warned of, and count as what they say" {
	prepare
	: >"$LOG"
	start_popwatch
	eventually warned_of_a_zone
	stop_popwatch
	not recorded 192.0.2.1
}
