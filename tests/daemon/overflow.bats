# more events than inotify keeps: nothing is lost, and what comes afterwards is seen at once

load ../lib/test
load daemon

@test "a queue of inotify that overflows costs nothing" {
	prepare 'commit-interval = 0'
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	kill -STOP "$POPWATCH_PID"
	events=$(($(cat /proc/sys/fs/inotify/max_queued_events) + 2000))
	[ "$events" -le 100000 ] || skip "the queue of this host is too long to fill"
	# of two files in turn, since the same event twice in a row is kept once
	exec 8>>"$LOG" 9>>"$LOG.1"
	for ((i = 0; i < events / 2; i++)); do
		echo >&8
		echo >&9
	done
	exec 8>&- 9>&-
	login 192.0.2.2 >>"$LOG"
	mv "$LOG" "$LOG.2"
	login 192.0.2.3 >"$LOG"
	kill -CONT "$POPWATCH_PID"
	eventually recorded 192.0.2.2 192.0.2.3
	# events come again: with the look once a second alone each of these would take half a second or more
	begin=${EPOCHREALTIME/./}
	for i in 10 11 12 13 14; do
		login 192.0.2.$i >>"$LOG"
		eventually recorded 192.0.2.$i
	done
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	[ $took -lt 2500 ] || fail "five logins took $took ms"
	stop_popwatch
}
