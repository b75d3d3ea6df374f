# who records a login never waits for relaymirror, nor talks to it: it follows the
# database, and is nobody's business
#
# enclosure:
load ../lib/test
load mirror

POPWATCH=$BUILD/popwatch/popwatch
SERVER_OF_PAM=$BUILD/tests/pam/prog_server
MODULE=$BUILD/pam_relaydb/pam_relaydb.so

# traced COMMAND...: its calls that could reach another process go to
# $DIR/calls; to whom it may speak is left out: syslog, the service manager, the
# name service, the kernel, and popwatch by a datagram that does not wait
traced() {
	strace -f -qq -o "$DIR/trace" -e trace=%network,mknod,mknodat,kill,tgkill,open,openat "$@" </dev/null 3>&-
	grep -v '/dev/log\|/run/systemd\|/run/nscd\|AF_NETLINK\|MSG_DONTWAIT.*/run/relayers/popwatch.sock' "$DIR/trace" \
		>"$DIR/calls" || :
	grep -q openat "$DIR/calls" || fail "nothing of $1 was seen"
}

# none of them is to relaymirror or the engine, and none to anybody else
apart() {
	not grep -F -e "$DIR/pop/control" -e "$DIR/pop/state" -e "$ENGINE" "$DIR/calls"
	not grep -E '(connect|sendto|sendmsg|kill)\(' "$DIR/calls"
}

@test "popwatch, pam_relaydb and vsmtprelay beside a relaymirror and an engine that stand still" {
	[[ $BUILD != */sanitize ]] || skip 'strace would see the sanitizers'
	start_engine
	pair
	start pop smtp
	login pop 192.0.2.1
	eventually has smtp 192.0.2.1
	kill -STOP "$(cat "$DIR/pop/pid")" "$ENGINE_PID"
	# from the log
	printf '%s mx dovecot: imap-login: Login: user=<a>, method=PLAIN, rip=192.0.2.2, lip=198.51.100.1, mpid=7, session=<abcd>\n' \
		"$(date '+%b %e %T')" >"$DIR/log"
	printf '%s\n' "definitions = $SOURCES/popwatch/servers.d" "log = $DIR/log" 'servers = dovecot' "database = $(database pop)" \
		"state = $DIR/popwatch.state" 'ignore = none' 'user =' 'socket =' 'stats-file =' >"$DIR/popwatch.conf"
	traced "$POPWATCH" -o -c "$DIR/popwatch.conf"
	has pop 192.0.2.2
	apart
	# from PAM
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' \
		"account optional $MODULE db=$(database pop) socket= ignore=none" >/etc/pam.d/waits
	traced "$SERVER_OF_PAM" waits carol secret 192.0.2.3 ac
	has pop 192.0.2.3
	apart
	# by hand, for this host alone
	traced "$VSMTPRELAY" -f "$(database pop)" expire 60
	apart
	# and they are known everywhere once both go on
	kill -CONT "$(cat "$DIR/pop/pid")" "$ENGINE_PID"
	eventually has smtp 192.0.2.2
	eventually has smtp 192.0.2.3
	[ "$(rows smtp | wc -l)" = 3 ]
}
