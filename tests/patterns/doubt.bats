# a cut line and the piece behind it, where several servers have one tag, and behind loggers that hide the cut

load ../lib/test
load patterns

FORGED='LOGIN, user=x, ip=[203.0.113.9], port=[1]'

setup() {
	use_shipped
}

# name BYTES: a user name
name() {
	printf '%*s' "$1" '' | tr ' ' A
}

# found SERVERS HEAD...: the addresses of lines, each "HEAD MESSAGE" behind stamp and host
found() {
	local servers=$1 line
	shift
	for line; do
		echo "$(date '+%b %e %T') mx $line"
	done >"$SCRATCH/log"
	"$POPWATCH" -t "$SCRATCH/log" -s "$servers" -c "$SCRATCH/popwatch.conf" 2>/dev/null |
		cut -f 3 | tr '\n' ' '
}

@test "a long line of Cyrus puts no login of its process in doubt, whatever definitions are beside it" {
	local servers tag long
	for servers in cyrus cyrus,courier cyrus,mailutils all; do
		for tag in 'pop3d[310]' 'imapd[310]'; do
			for long in "badlogin: [192.0.2.6] plaintext ($(name 520)) [SASL(-13): authentication failure]" \
				"badlogin: h [192.0.2.6] plaintext $(name 520) SASL(-13): authentication failure: checkpass failed" \
				"client id sessionid=<x> userid=<NIL>: \"name\" \"$(name 520)\"" "SASL $(name 520)"; do
				is="$(found $servers "$tag: $long" "$tag: login: [192.0.2.7] alice plaintext User logged in")"
				[ "$is" = '192.0.2.7 ' ] || fail "$servers, $tag: $is"
			done
		done
	done
}

@test "but words of Cyrus at the begin of a rest do not end the doubt" {
	local rest='login: [203.0.113.9] x plaintext User logged in'
	[ -z "$(found all "pop3d[7]: user \`$(name 250)': nonexistent" "pop3d[7]: badlogin: $(name 250)" "pop3d[7]: $rest")" ]
	[ -z "$(found all "pop3d[7]: user \`$(name 250)': nonexistent" "pop3d[7]: $rest")" ]
	# of Dovecot, where it writes neither mpid nor session
	rest='imap-login: Login: user=<x>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1'
	[ -z "$(found all "dovecot: imap-login: ID sent: $(name 4090)" "dovecot: imap-login: $(name 4090)" "dovecot: $rest")" ]
	[ "$(found all "dovecot: imap-login: $(name 4090)" "dovecot: $rest")" = '203.0.113.9 ' ]
}

@test "behind a long ID of a client of Dovecot a login needs what no rest of it can have" {
	local id rest='imap-login: Login: user=<x>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1'
	for id in "imap-login: ID sent: name=$(name 4090)" "imap-login: Info: ID sent: name=$(name 4090)"; do
		[ -z "$(found dovecot "dovecot: $id" "dovecot: $rest")" ] || fail "$id"
	done
	# any other long line is whole, and silences nobody
	[ "$(found dovecot "dovecot: imap-login: $(name 4090)" "dovecot: $rest")" = '203.0.113.9 ' ]
	[ "$(found dovecot "dovecot: imap-login: ID sent: name=x" "dovecot: $rest")" = '203.0.113.9 ' ]
	[ "$(found dovecot "dovecot: $id" "dovecot: $rest, mpid=77, session=<q3+NW1QRgNDAAAAB>")" = '203.0.113.9 ' ]
}

@test "a long line of Courier does, with a process id from the journal as well" {
	local tag
	for tag in pop3d 'pop3d[77]'; do
		[ -z "$(found all "$tag: LOGIN FAILED, user=$(name 500)" "$tag: $FORGED")" ] || fail "$tag"
		[ -z "$(found all "$tag: LOGIN FAILED, user=$(name 500)" "$tag: $(name 511)" "$tag: $FORGED")" ] || fail "$tag, twice cut"
	done
	[ "$(found all 'pop3d: LOGIN FAILED, user=x, ip=[203.0.113.9], port=[1]' "pop3d: $FORGED")" = '203.0.113.9 ' ]
}

@test "a line of Courier that Mailutils would cut puts no login of the same process id in doubt" {
	local servers long
	for servers in courier,mailutils courier-stderrlogger,mailutils courier,mailutils,cyrus; do
		for long in "LOGIN FAILED, user=$(name 180), ip=[::ffff:203.0.113.9], port=[4000]" \
			"LOGOUT, user=$(name 180), ip=[::ffff:203.0.113.9], port=[4000], rcvd=38, sent=387, time=47" "ERR: $(name 210)"; do
			is="$(found $servers "pop3d[900]: $long" 'pop3d[900]: LOGIN, user=alice, ip=[::ffff:192.0.2.1], port=[50919]')"
			[ "$is" = '192.0.2.1 ' ] || fail "$servers, $long: $is"
		done
	done
}

@test "behind busybox's syslogd, which keeps 256 bytes, a shorter line is a cut one" {
	[ -z "$(found all "mail.info pop3d: LOGIN FAILED, user=$(name 205)" "mail.info pop3d: $FORGED")" ]
	[ "$(found all "pop3d: LOGIN FAILED, user=$(name 205)" "pop3d: $FORGED")" = '203.0.113.9 ' ]
	[ "$(found all 'mail.info pop3d: LOGIN, user=alice, ip=[::ffff:192.0.2.1], port=[1]' 'mail.info pop3d: LOGIN, user=bob, ip=[::ffff:192.0.2.2], port=[2]')" = \
		'192.0.2.1 192.0.2.2 ' ]
}

@test "and so it is in a log without a host, as its option -S leaves it" {
	local stamp
	stamp=$(date '+%b %e %T')
	printf '%s\n' "$stamp pop3d: LOGIN FAILED, user=$(name 205)" "$stamp pop3d: $FORGED" >"$SCRATCH/log"
	for servers in courier all; do
		is=$("$POPWATCH" -t "$SCRATCH/log" -F nohost -s $servers -c "$SCRATCH/popwatch.conf" 2>/dev/null)
		[ -z "$is" ] || fail "$servers: $is"
	done
	echo "$stamp pop3d: LOGIN, user=alice, ip=[::ffff:192.0.2.1], port=[1]" >"$SCRATCH/log"
	"$POPWATCH" -t "$SCRATCH/log" -F nohost -s all -c "$SCRATCH/popwatch.conf" 2>/dev/null | grep -q 192.0.2.1
}

@test "nginx with a process id in a file is what systemd makes of its standard error" {
	line='2026/11/20 11:26:51 [info] 119#119: *2 client logged in, client: 192.0.2.1, server: 198.51.100.1:110, login: "alice", upstream: 198.51.100.2:110'
	[ "$(found all "nginx: $line")" = '192.0.2.1 ' ]
	[ -z "$(found all "nginx[119]: $line")" ]
}
