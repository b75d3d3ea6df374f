# what belongs together over several lines: connection and login, login and logout; across restarts, too

load ../lib/test
load daemon

line() {	# line TAG MESSAGE... [at -s SECONDS ago]
	local ago=0
	if [ "$1" = -s ]; then
		ago=$2
		shift 2
	fi
	printf '%s vm %s: %s\n' "$(date -d "-$ago seconds" '+%b %e %T')" "$1" "$2"
}

dovecot_login() {	# dovecot_login ADDRESS SESSION [SECONDS-AGO]
	line -s "${3:-0}" dovecot "imap-login: Login: user=<alice>, method=PLAIN, rip=$1, lip=198.51.100.1, mpid=205, session=<$2>"
}

dovecot_logout() {
	line -s "${2:-0}" dovecot "imap(alice)<205><$1>: Disconnected: Logged out in=9 out=469"
}

@test "a connection and its login are joined by the process id" {
	prepare 'servers = popa3d'
	{ line 'popa3d[158]' 'Session from 192.0.2.1'; line 'popa3d[159]' 'Session from 192.0.2.2'
		line 'popa3d[159]' 'Authentication failed for alice'; line 'popa3d[158]' 'Authentication passed for alice'; } >"$LOG"
	once
	recorded 192.0.2.1
	not recorded 192.0.2.2
}

@test "a connection waits for its login across a restart, and across a rotation" {
	prepare 'servers = popa3d'
	line 'popa3d[158]' 'Session from 192.0.2.1' >"$LOG"
	once
	mv "$LOG" "$LOG.1"
	line 'popa3d[158]' 'Authentication passed for alice' >"$LOG"
	once
	recorded 192.0.2.1
}

@test "a connection does not wait for ever: a process id that comes back is another client's" {
	prepare 'servers = popa3d' 'join-max = 5m'
	{ line -s 360 'popa3d[158]' 'Session from 192.0.2.1'; line 'popa3d[158]' 'Authentication passed for alice'; } >"$LOG"
	once
	not recorded 192.0.2.1
}

@test "the same process id on another host, or of another program, is another connection" {
	prepare 'servers = popa3d, mailutils'
	{ line 'popa3d[158]' 'Session from 192.0.2.1'; line 'popa3d[158]' 'Authentication passed for alice' | sed 's/ vm / other /'
		line 'pop3d[158]' "user \`alice' logged in (source: system)"; } >"$LOG"
	once
	not recorded 192.0.2.1
}

@test "an open connection keeps its address fresh, and its logout starts the window" {
	prepare 'window = 8s' 'refresh = 0'
	start_popwatch		# before the logins, whose window is short
	{ dovecot_login 192.0.2.9 first; dovecot_logout first; } >"$LOG"
	eventually recorded 192.0.2.9
	dovecot_login 192.0.2.1 open >>"$LOG"
	dovecot_login 192.0.2.2 closed >>"$LOG"
	dovecot_logout closed >>"$LOG"
	closed=$(date +%s)
	eventually recorded 192.0.2.1 192.0.2.2
	refreshed() { [ "$(stamp_of 192.0.2.1)" -ge $((closed + 2)) ]; }
	eventually refreshed
	[ "$(stamp_of 192.0.2.2)" -le "$closed" ] || fail "a closed connection was refreshed"
	# the logout records its own time, and that is the end of it
	dovecot_logout open >>"$LOG"
	stop_popwatch
	last=$(stamp_of 192.0.2.1)
	start_popwatch
	stop_popwatch
	[ "$(stamp_of 192.0.2.1)" -eq "$last" ]
}

@test "an open connection stays open across a restart" {
	prepare 'window = 1h' 'refresh = 0'
	{ dovecot_login 192.0.2.9 first 3000; dovecot_logout first 3000; dovecot_login 192.0.2.1 open 3000; } >"$LOG"
	once
	grep -q '^session .* 192.0.2.1 o vm dovecot open$' "$DIR/db/popwatch.state"
	refreshed() { [ "$(stamp_of 192.0.2.1)" -ge $(($(date +%s) - 60)) ]; }
	start_popwatch
	eventually refreshed
	stop_popwatch
}

@test "where no logout was ever seen no connection counts as open" {
	prepare 'window = 1h'
	dovecot_login 192.0.2.1 open 3000 >"$LOG"
	once
	not grep -q '^session' "$DIR/db/popwatch.state"
}

@test "the server's start ends its open connections" {
	prepare
	{ dovecot_login 192.0.2.9 first; dovecot_logout first; dovecot_login 192.0.2.1 open; } >"$LOG"
	once
	grep -q ' o vm dovecot open$' "$DIR/db/popwatch.state"
	line dovecot 'master: Dovecot v2.3.19.1 (9b53102964) starting up for imap, pop3 (core dumps disabled)' >>"$LOG"
	once
	not grep -q ' o vm dovecot' "$DIR/db/popwatch.state"
}

@test "a boot of the machine ends all open connections" {
	prepare
	{ dovecot_login 192.0.2.9 first; dovecot_logout first; dovecot_login 192.0.2.1 open; } >"$LOG"
	once
	sed -i 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' "$DIR/db/popwatch.state"
	once
	not grep -q ' o vm dovecot' "$DIR/db/popwatch.state"
}

@test "a connection ends at session-max, though its logout was lost" {
	prepare 'session-max = 10m'
	{ dovecot_login 192.0.2.9 first 1200; dovecot_logout first 1200; dovecot_login 192.0.2.1 open 1200; dovecot_login 192.0.2.2 young 60; } >"$LOG"
	once
	not grep -q '192.0.2.1 o vm' "$DIR/db/popwatch.state"
	grep -q '192.0.2.2 o vm' "$DIR/db/popwatch.state"
}

@test "the lines after a cut one are not believed, not even after a restart in between" {
	prepare 'servers = courier'
	long=$(head -c 600 /dev/zero | tr '\0' P)
	line pop3d "LOGIN FAILED, user=${long:0:490}" >"$LOG"
	once
	line pop3d 'LOGIN, user=x, ip=[203.0.113.9], port=[1]' >>"$LOG"
	for n in 1 2 3 4; do
		line pop3d "Connection, ip=[::ffff:192.0.2.1], port=[$n]" >>"$LOG"
	done
	once
	not recorded 203.0.113.9
	line pop3d 'LOGIN, user=x, ip=[203.0.113.9], port=[5]' >>"$LOG"
	line pop3d 'LOGIN, user=alice, ip=[::ffff:192.0.2.1], port=[6]' >>"$LOG"
	run once
	recorded 192.0.2.1
	not recorded 203.0.113.9
	[[ $output == *'suspicious: a line that follows a cut one is not believed'* ]]
}
