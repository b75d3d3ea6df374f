# a site of 0.1.0: its popwatch.conf, the state and the definitions that it left behind, and what docs/UPGRADING.md says of it

load ../lib/test
load daemon

# from_010: the state as 0.1.0 would have written it, which knew neither kinds nor proofs
from_010() {
	sed -i -E -e 's/^(session .* k [^ ]+ [^ ]+).*/\1/' -e 's/^(session .* [oc] [^ ]+ [^ ]+ [^ ]+).*/\1/' "$DIR/db/popwatch.state"
	grep -q '^popwatch-state 1$' "$DIR/db/popwatch.state"
}

line() {	# line MESSAGE
	echo "$(date '+%b %e %T') vm $1" >>"$LOG"
}

open_now() {	# whose connections are open
	sed -n 's/^session [0-9]* [0-9]* [0-9]* \([^ ]*\) o .*/\1/p' "$DIR/db/popwatch.state"
}

@test "-n takes every setting that 0.1.0 had" {
	prepare
	touch "$LOG"
	cat >"$DIR/popwatch.conf" <<-END
		format = syslog
		log = $LOG
		format = dovecot
		log = $DIR/log/dovecot.log
		journal = no
		servers = dovecot courier cyrus mailutils nginx-mail perdition popa3d qpopper solid-pop3d teapop cucipop vm-pop3d vpopmail zimbra
		definitions = $SOURCES/popwatch/servers.d
		socket = $DIR/db/socket
		socket-users = root 33
		window = 30m
		refresh = 60
		ignore = 127.0.0.0/8 ::1
		ignore = 192.0.2.0/24
		join-max = 10m
		session-max = 1d
		database = $DB
		commit-interval = 1
		expire = 0
		state = $DIR/db/popwatch.state
		stats-file = $DIR/db/stats
		pid-file = $DIR/db/pid
		user =
	END
	touch "$DIR/log/dovecot.log"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 0 ] || fail "$output"
}

@test "the position and open connections of 0.1.0 are kept, and what it thought of ends is not" {
	prepare 'servers = dovecot courier'
	login 203.0.113.1 >"$LOG"
	line 'dovecot: imap(alice)<205><20301131>: Disconnected: Logged out in=1 out=2'
	login 203.0.113.2 >>"$LOG"
	login 203.0.113.3 >>"$LOG"
	line 'pop3d: LOGIN, user=bob, ip=[::ffff:203.0.113.4], port=[50001]'
	line 'pop3d: LOGOUT, user=bob, ip=[::ffff:203.0.113.4], port=[50001], top=0, retr=0, rcvd=12, sent=39, time=1'
	once
	recorded 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4
	from_010
	[ "$(open_now | sort | tr '\n' ' ')" = '203.0.113.2 203.0.113.3 ' ]
	"$VSMTPRELAY" -f "$DB" load /dev/null
	login 203.0.113.5 >>"$LOG"
	line 'dovecot: imap(alice)<205><20301132>: Disconnected: Logged out in=1 out=2'
	# handed on to another server: no end will be logged
	line 'pop3d: LOGIN, user=bob, ip=[::ffff:203.0.113.6], port=[50002]'
	once
	recorded 203.0.113.5 203.0.113.6
	not recorded 203.0.113.1
	not recorded 203.0.113.4
	not grep -qx 203.0.113.2 <(open_now)
	grep -qx 203.0.113.3 <(open_now)
	not grep -qx 203.0.113.6 <(open_now)
}

@test "what 0.1.0 took for dovecot and uw-imap needs the servers that docs/UPGRADING.md names" {
	local proxied ipop3d
	prepare
	proxied='dovecot: imap-login: proxy(alice,198.51.100.2:143): Started proxying to <198.51.100.2> (0.009 secs): user=<alice>, method=PLAIN,'
	line "$proxied rip=203.0.113.1, lip=198.51.100.1, session=<abc>"
	line 'ipop3d[7]: Login user=alice host=client.example.net [203.0.113.2] nmsgs=1/1'
	run --separate-stderr "$POPWATCH" -c "$DIR/popwatch.conf" -t "$LOG" -s dovecot,uw-imap
	[ -z "$output" ] || fail "$output"
	[[ $stderr == *'dovecot: 1 line, 0 logins, 0 logouts, 0 failed logins, 1 near miss,'* ]] || fail "$stderr"
	for name in dovecot-proxy uw-pop; do
		sed -n '/^## From one version/,$p' "$SOURCES/docs/UPGRADING.md" | grep -q "servers = .*$name" || fail "$name"
	done
	run --separate-stderr "$POPWATCH" -c "$DIR/popwatch.conf" -t "$LOG" -s 'dovecot dovecot-proxy uw-imap uw-pop'
	[ "$(cut -f 3 <<<"$output" | tr '\n' ' ')" = '203.0.113.1 203.0.113.2 ' ] || fail "$output"
}
