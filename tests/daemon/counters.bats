# what the counters count: logins, and apart from them what open connections record

load ../lib/test
load daemon

said() {	# said TEXT: on stderr
	grep -qF -- "$1" "$DIR/stderr"
}

logout() {	# logout ADDRESS: the line that ends the connection of login ADDRESS
	printf '%s vm dovecot: imap(alice)<205><%s>: Disconnected: Logged out in=9 out=469\n' "$(date '+%b %e %T')" "${1//[.:]/}"
}

refreshed() {	# since BEFORE
	[ "$(stamp_of 192.0.2.1)" -gt "$before" ]
}

counter() {	# counter NAME{LABELS}: its value
	sed -n "s/^popwatch_$1 //p" "$DIR/db/popwatch.prom"
}

@test "one login is one login, however often its open connection is refreshed" {
	prepare 'window = 8s' 'refresh = 0' "stats-file = $SCRATCH/$BATS_TEST_NUMBER/db/popwatch.prom"
	start_popwatch		# before the logins, whose window is short
	{ login 192.0.2.9; logout 192.0.2.9; login 192.0.2.1; } >"$LOG"
	eventually recorded 192.0.2.1 192.0.2.9
	for _ in 1 2; do
		before=$(stamp_of 192.0.2.1)
		eventually refreshed
	done
	kill -USR1 "$POPWATCH_PID"
	eventually said ' 2 logins recorded,'
	logout 192.0.2.1 >>"$LOG"
	stop_popwatch
	[ "$(counter 'logins_total{verdict="recorded"}')" -eq 2 ]
	[ "$(counter 'refreshes_total{verdict="recorded"}')" -ge 2 ]
	[ "$(counter 'logouts_total{verdict="recorded"}')" -eq 1 ]	# that of 192.0.2.9 only showed that there are logouts
	[ "$(counter 'server_lines_total{server="dovecot",means="login"}')" -eq 2 ]
	grep -Eq '; 2 logins recorded, 0 recent, .* unusable; [1-9][0-9]* refreshes of open connections, 0 logouts recorded; ' "$DIR/stderr"
}
