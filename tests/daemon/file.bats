# following log files: rotation, late creation, truncation, restart, odd lines

load ../lib/test
load daemon

@test "a login is recorded with the time of its line" {
	prepare
	login 192.0.2.1 600 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	login 192.0.2.2 >>"$LOG"
	eventually recorded 192.0.2.2
	[ $(($(date +%s) - $(stamp_of 192.0.2.1))) -ge 600 ]
	stop_popwatch
}

@test "a login outside the window is not recorded" {
	prepare
	{ login 192.0.2.1 3610; login 192.0.2.2; } >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.2
	not recorded 192.0.2.1
	stop_popwatch
}

@test "a log that does not exist yet is followed when it does" {
	prepare
	start_popwatch
	login 192.0.2.1 >"$LOG"
	eventually recorded 192.0.2.1
	stop_popwatch
}

@test "after a rotation by rename both files are read" {
	prepare
	login 192.0.2.1 >"$LOG"
	exec 5>>"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	mv "$LOG" "$LOG.1"
	login 192.0.2.2 >&5
	eventually recorded 192.0.2.2
	login 192.0.2.3 >"$LOG"
	login 192.0.2.4 >&5
	eventually recorded 192.0.2.3 192.0.2.4
	mv "$LOG.1" "$LOG.2"
	login 192.0.2.5 >&5
	eventually recorded 192.0.2.5
	exec 5>&-
	stop_popwatch
}

@test "a rotation while popwatch does not run loses nothing" {
	prepare
	login 192.0.2.1 >"$LOG"
	once
	login 192.0.2.2 >>"$LOG"
	mv "$LOG" "$LOG.1"
	login 192.0.2.3 >"$LOG"
	mv "$LOG" "$LOG-20261120"
	login 192.0.2.4 >"$LOG"
	run once
	[ "$status" -eq 0 ]
	recorded 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4
	# the line that was read before is not read again
	[[ $output != *192.0.2.1:* ]]
}

@test "a truncated log is read from its beginning" {
	prepare
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	login 192.0.2.22 >"$LOG"
	eventually recorded 192.0.2.22
	stop_popwatch
}

@test "copytruncate loses nothing that the copy has, and reads nothing twice" {
	prepare
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	kill -STOP "$POPWATCH_PID"
	login 192.0.2.2 >>"$LOG"
	cp "$LOG" "$LOG.1"
	login 192.0.2.3 >"$LOG"
	kill -CONT "$POPWATCH_PID"
	eventually recorded 192.0.2.2 192.0.2.3
	[ "$(grep -c 'from 192.0.2.1:' "$DIR/stderr")" -eq 1 ]
	stop_popwatch
}

@test "copytruncate while popwatch does not run brings back nobody who was deleted" {
	prepare
	login 192.0.2.1 >"$LOG"
	once
	"$VSMTPRELAY" -f "$DB" delete 192.0.2.1
	login 192.0.2.2 >>"$LOG"
	cp "$LOG" "$LOG.1"
	login 192.0.2.3 >"$LOG"
	once
	recorded 192.0.2.2 192.0.2.3
	not recorded 192.0.2.1
}

@test "a log that is emptied within a line begins with what a client may have chosen" {
	prepare
	login 192.0.2.1 >"$LOG"
	printf '%s' 'Nov 20 10:00:00 vm dovecot: imap-login: Disconnected: user=<' >>"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	login 192.0.2.66 >"$LOG"
	eventually grep -q 'may be the rest of another and is not believed: .*192\.0\.2\.66' "$DIR/stderr"
	login 192.0.2.2 >>"$LOG"
	eventually recorded 192.0.2.2
	stop_popwatch
	not recorded 192.0.2.66
}

@test "a symbolic link is followed, and where it leads may rotate" {
	prepare
	mkdir "$DIR/log/real"
	login 192.0.2.1 >"$DIR/log/real/today"
	ln -s real/today "$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	mv "$DIR/log/real/today" "$DIR/log/real/today.1"
	login 192.0.2.2 >"$DIR/log/real/today"
	eventually recorded 192.0.2.2
	login 192.0.2.3 >"$DIR/log/real/tomorrow"
	ln -sfn real/tomorrow "$LOG"
	eventually recorded 192.0.2.3
	stop_popwatch
}

@test "half a line waits for its end" {
	prepare
	line=$(login 192.0.2.1)
	printf '%s' "${line%????????}" >"$LOG"
	start_popwatch
	login 192.0.2.2 >"$LOG.1"		# newer than the start: a neighbour, read at the next look
	eventually recorded 192.0.2.2
	not recorded 192.0.2.1
	printf '%s\n' "${line: -8}" >>"$LOG"
	eventually recorded 192.0.2.1
	stop_popwatch
}

@test "of a line that is too long nothing is believed, not its end either" {
	prepare
	start_popwatch
	{
		printf '%s vm dovecot: ' "$(date '+%b %e %T')"
		head -c 20000 /dev/zero | tr '\0' x
		login 192.0.2.1
		login 192.0.2.2
	} >>"$LOG"
	eventually recorded 192.0.2.2
	not recorded 192.0.2.1
	stop_popwatch
}

@test "the end of a line that is too long is not believed after a restart in its middle" {
	prepare
	login 192.0.2.3 >"$LOG"
	{
		printf '%s vm dovecot: ' "$(date '+%b %e %T')"
		head -c 20000 /dev/zero | tr '\0' x
	} >>"$LOG"
	once
	login 192.0.2.1 >>"$LOG"
	login 192.0.2.2 >>"$LOG"
	once
	recorded 192.0.2.2 192.0.2.3
	not recorded 192.0.2.1
}

@test "a line with a NUL byte is not believed" {
	prepare
	{
		login 192.0.2.1 | sed 's/alice/al\x00ce/'
		head -c 100 /dev/zero
		login 192.0.2.2
		login 192.0.2.3
	} >"$LOG"
	once
	recorded 192.0.2.3
	not recorded 192.0.2.1
	not recorded 192.0.2.2
}

@test "TERM commits what was read" {
	prepare 'commit-interval = 60'
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	login 192.0.2.2 >>"$LOG"
	was_read() { kill -USR1 "$POPWATCH_PID"; grep -q ' 2 lines (' "$DIR/stderr"; }
	eventually was_read
	not recorded 192.0.2.2
	stop_popwatch
	recorded 192.0.2.2
}

watch_locked() {	# popwatch, and a database whose lock descriptor 6 has
	prepare
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	exec 6<"$DB"
	flock 6
}

in_force() {	# in_force ADDRESS: in the database itself, as a mail server looks
	makemap -u hash "$DB" | grep -q "^$1[[:space:]]"
}

@test "while the database is locked logins are kept safe, reported, and in force afterwards" {
	watch_locked
	login 192.0.2.2 >>"$LOG"
	eventually grep -q 'login from 192.0.2.2:' "$DIR/stderr"
	eventually grep -q 'recorded, but mail servers do not see them yet' "$DIR/stderr"
	exec 6<&-
	eventually grep -q 'mail servers see the recorded logins again' "$DIR/stderr"
	in_force 192.0.2.2
	[ "$(grep -c 'do not see them yet' "$DIR/stderr")" -eq 1 ]
	stop_popwatch
}

lines_read() {	# how many, by its own counters
	: >"$DIR/stderr"
	kill -USR1 "$POPWATCH_PID"
	eventually grep -q ' lines (' "$DIR/stderr"
	sed -n 's/.* \([0-9]*\) lines (.*/\1/p' "$DIR/stderr" | head -n 1
}

@test "while database and queue are locked only so many logins wait, the rest stays in the log" {
	watch_locked
	: >"$DB.queue"
	chmod 660 "$DB.queue"
	exec 7<"$DB.queue"
	flock 7
	login 198.51.100.1 | awk -v count=120000 '{ at = index($0, "198.51.100.1"); before = substr($0, 1, at - 1); after = substr($0, at + 12)
		for (i = 0; i < count; i++) printf "%s10.%d.%d.%d%s\n", before, i / 65536, i / 256 % 256, i % 256, after }' >>"$LOG"
	login 192.0.2.2 >>"$LOG"
	resting() { before=$(lines_read); [ "$before" -gt 65536 ] && [ "$(lines_read)" = "$before" ]; }
	eventually resting
	[ "$before" -lt 110000 ] || fail "$before lines read"
	exec 6<&- 7<&-
	eventually grep -q 'login from 192.0.2.2:' "$DIR/stderr"
	[ "$("$VSMTPRELAY" -f "$DB" dump | grep -c '^10\.')" -eq 120000 ]
	stop_popwatch
}

@test "a state file that is damaged is reported, and the log read again" {
	prepare
	login 192.0.2.1 >"$LOG"
	once
	rm "$DB"
	sed -i '$d' "$DIR/db/popwatch.state"
	run once
	[ "$status" -eq 0 ]
	[[ $output == *"popwatch.state: is not complete"* ]]
	recorded 192.0.2.1
}
