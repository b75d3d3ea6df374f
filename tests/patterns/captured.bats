# the lines that real servers wrote have exactly their verdicts, forged ones included

load ../lib/test
load patterns

CAPTURED=$BATS_TEST_DIRNAME/captured

start_file() {
	use_shipped
}

# verdicts NAME SERVERS FORMAT: what differs from the expected ones
verdicts() {
	"$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$CAPTURED/$1.log" -s "$2" -F "$3" 2>"$SCRATCH/summary" | cut -f 1,3 |
		sed 's/\t/\tallow /' >"$SCRATCH/found"
	grep -P '\tallow ' "$CAPTURED/$1.expected" | diff - "$SCRATCH/found"
}

# prove SERVERS NAME...: with those definitions alone, and among all the others
prove() {
	local servers=$1 name format
	shift
	for name; do
		format=syslog
		case $name in
		dovecot*-own | *-shapes) format=dovecot ;;
		esac
		verdicts "$name" "$servers" "$format" || fail "$name with $servers alone"
		verdicts "$name" all "$format" || fail "$name with all servers"
	done
}

@test "Courier" {
	prove courier courier-iso courier-rfc3164
}

@test "Cyrus" {
	prove cyrus cyrus-iso cyrus-rfc3164
}

@test "Dovecot: syslog, auth_debug, its own log file, 2.4" {
	prove dovecot dovecot-iso dovecot-rfc3164 dovecot-debug-iso dovecot-debug-rfc3164 dovecot-own dovecot-24-iso dovecot-24-own
}

@test "Dovecot as a proxy, beside the server behind it; 2.4: syslog, its own log file, every shape of the line" {
	prove dovecot,dovecot-proxy dovecot-proxy-iso dovecot-proxy-rfc3164
	prove dovecot-proxy dovecot-proxy-24-iso dovecot-proxy-24-own dovecot-proxy-24-shapes
}

@test "a proxy's line is no login to the definition dovecot, nor a login to dovecot-proxy" {
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$CAPTURED/dovecot-proxy-24-iso.log" -s dovecot
	[ -z "$output" ] || fail "$output"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$CAPTURED/dovecot-24-iso.log" -s dovecot-proxy
	[ -z "$output" ] || fail "$output"
}

@test "failures of a proxy are counted" {
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$CAPTURED/dovecot-proxy-24-shapes.log" -F dovecot -s dovecot-proxy
	[[ $output == *'dovecot-proxy: '*', 10 logins, 10 logouts, 2 failed logins, '* ]] || fail "$output"
	run "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$CAPTURED/dovecot-proxy-24-iso.log" -s dovecot-proxy
	[[ $output == *'dovecot-proxy: '*', 6 logins, 6 logouts, 4 failed logins, '* ]] || fail "$output"
}

@test "Mailutils: inetd, daemon, forged lines" {
	prove mailutils mailutils-iso mailutils-rfc3164 mailutils-daemon-iso mailutils-daemon-rfc3164 mailutils-forged
}

@test "nginx: syslog, and its own log file, of which nothing is believed" {
	prove nginx-mail nginx-mail-iso nginx-mail-rfc3164 nginx-mail-own
}

@test "perdition" {
	prove perdition perdition-iso perdition-rfc3164
}

@test "popa3d: standalone, inetd" {
	prove popa3d popa3d-iso popa3d-rfc3164 popa3d-inetd-iso popa3d-inetd-rfc3164
}

@test "solid-pop3d: standalone, inetd" {
	prove solid-pop3d solid-pop3d-iso solid-pop3d-rfc3164 solid-pop3d-inetd-iso solid-pop3d-inetd-rfc3164
}

@test "every captured file is in one of these tests, and has logins unless it is one of nothing but forgeries" {
	for log in "$CAPTURED"/*.log; do
		name=$(basename "$log" .log)
		grep -qw "$name" "$BATS_TEST_FILENAME" || fail "$name is not tested"
		case $name in
		*-forged | *-daemon-* | nginx-mail-own) ;;
		*) grep -q allow "$CAPTURED/$name.expected" || fail "$name has no logins" ;;
		esac
	done
}

@test "without the distrust of cut lines Courier's forgeries are believed: the test can fail" {
	mkdir "$SCRATCH/careless"
	sed '/^cut/d; s/^longest.*/longest = 1000/' "$DEFINITIONS/courier.conf" >"$SCRATCH/careless/courier.conf"
	echo "definitions = $SCRATCH/careless" >"$SCRATCH/careless.conf"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/careless.conf" -t "$CAPTURED/courier-iso.log" -s courier
	[[ $output == *$'\tlogin\t203.0.113.9\tcourier\t'* ]]
}

@test "Courier's rest of a long name is not believed either where other pieces come before it" {
	local head="2026-11-20T11:44:49.2+00:00 vm" long forged='LOGIN, user=, ip=[::ffff:203.0.113.66], port=[4711]'
	long="LOGIN FAILED, user=$(head -c 487 /dev/zero | tr '\0' M)"
	{
		# a burst of failed logins, as seen: the rest comes behind the rest of another message
		printf '%s pop3d: %s\n' "$head" "${long:0:505}" "$head" '=LOGIN, user=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' "$head" "$forged"
		# a piece of 511 bytes that came without its DEBUG: and its blanks
		printf '%s imapd: %s\n' "$head" "${long:0:505}" "$head" 'x' "$head" "$forged"
		# long lines enough, and the forged one is far behind
		for n in {1..20}; do
			printf '%s pop3d-ssl: %s\n' "$head" "${long:0:505}" "$head" "rest $n"
		done
		for n in {1..15}; do
			printf '%s pop3d-ssl: LOGIN FAILED, user=, ip=[::ffff:192.0.2.1], port=[%d]\n' "$head" "$n"
		done
		printf '%s pop3d-ssl: %s\n' "$head" "$forged"
		# ten seconds later, and of another process, logins count
		printf '2026-11-20T11:45:00.2+00:00 vm pop3d: LOGIN, user=alice, ip=[::ffff:192.0.2.2], port=[4712]\n'
		printf '%s imapd-ssl: LOGIN, user=alice, ip=[::ffff:192.0.2.3], port=[4713]\n' "$head"
	} >"$SCRATCH/burst.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/burst.log" -s courier
	[ "$(cut -f 3 <<<"$output")" = $'192.0.2.2\n192.0.2.3' ] || fail "$output"
}

# silenced DEFINITION RESTS: how many of 300 true logins count beside a failed one with a long name a second, whose rest follows as a line (1) or not (0)
silenced() {
	awk -v rests="$2" 'BEGIN {
		for (long = "LOGIN FAILED, user="; length(long) < 505;) long = long "P"
		for (i = 0; i < 300; i++) {
			head = sprintf("2026-11-20T11:%02d:%02d+00:00 vm pop3d: ", i / 60, i % 60)
			client = sprintf("ip=[::ffff:192.0.2.%d], port=[%d]", i % 250, i + 1024)
			print head long
			if (rests) print head "LOGIN, user=x, ip=[203.0.113.9], port=[1]"
			print head "Connection, " client
			print head "LOGIN, user=alice, " client
			print head "LOGOUT, user=alice, " client ", top=0, retr=0, rcvd=6, sent=30, time=0"
		}
	}' >"$SCRATCH/silenced.log"
	"$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/silenced.log" -s "$1" 2>"$SCRATCH/summary" >"$SCRATCH/found"
	not grep -q '203\.0\.113' "$SCRATCH/found"
	grep -c $'\tlogin\t192\.0\.2\.[0-9]*\tcourier' "$SCRATCH/found"
}

@test "a failed login with a long name a second keeps no true login of Courier from being recorded" {
	[ "$(silenced courier-stderrlogger 0)" = 300 ]
	[ "$(silenced courier 0)" = 300 ]
	[ "$(silenced courier 1)" = 300 ]
	[ "$(silenced all 1)" = 300 ]
	[ "$(silenced 'courier mailutils' 1)" = 300 ]
	# nor one of Mailutils'
	for n in {1..200}; do
		printf 'Nov 20 11:46:38 vm imap4d[%d]: %s\n' 7 "user \`$(printf 'A%.0s' {1..250})': nonexistent" 7 "connect from h (203.0.113.9)" \
			"1$n" "connect from h (192.0.2.$n)" 7 "user \`x' logged in (source: system)" "1$n" "user \`alice' logged in (source: system)"
	done >"$SCRATCH/silenced.log"
	"$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/silenced.log" -s mailutils >"$SCRATCH/found"
	[ "$(grep -c $'\tlogin\t192\.0\.2\.' "$SCRATCH/found")" = 200 ]
	not grep -q '203\.0\.113' "$SCRATCH/found"
}

@test "the rest of a cut line is a login for no other definition with its tag either" {
	long="user \`$(printf 'A%.0s' {1..250})': nonexistent"
	printf 'Nov 20 11:46:38 vm pop3d[7]: %s\n' "$long" 'login: h [203.0.113.9] x plaintext User logged in' \
		"$long" 'LOGIN, user=x, ip=[203.0.113.9], port=[1]' >"$SCRATCH/other.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/other.log" -s all
	[ -z "$output" ] || fail "$output"
	# both are logins where none was cut
	sed -i '/AAAA/d' "$SCRATCH/other.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/other.log" -s all
	[ "$(cut -f 4 <<<"$output")" = $'cyrus\ncourier' ] || fail "$output"
}

@test "a doubted logout ends a connection: the next login of that process is not from there" {
	{
		echo 'Nov 28 01:00:00 h pop3d[7]: connect from evil.example (203.0.113.7)'
		echo "Nov 28 01:00:00 h pop3d[7]: user \`$(printf 'A%.0s' {1..250})': authentication failed"
		echo 'Nov 28 01:00:00 h pop3d[7]: session ended for no user'
		echo "Nov 28 01:00:11 h pop3d[7]: user \`alice' logged in with mailbox \`/var/mail/alice' (0 messages)"
	} >"$SCRATCH/joined.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/joined.log" -s mailutils
	[ "$status" -eq 0 ]
	[ -z "$output" ] || fail "$output"
}

# long_id: what Dovecot before 2.4 writes of an ID that it splits, up to the border
long_id() {
	printf 'imap-login: ID sent: k=%s' "$(head -c 4075 /dev/zero | tr '\0' A)"
}

@test "the rest of a long ID is no login where Dovecot writes no mpid, nor on a proxy" {
	local head="Nov 20 10:00:00 vm dovecot:" tail='user=<nobody>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.80'
	{
		printf '%s %s\n' "$head" "$(long_id)" "$head" "imap-login: Login: $tail"
		printf '%s %s\n' "$head" "$(long_id)" "$head" "$(long_id)" "$head" "imap-login: Login: $tail, TLS"
		printf '%s %s\n' "$head" "$(long_id)" "$head" "imap-login: proxy(x): started proxying to h: $tail, session=<A>"
		# the next one is another's
		printf '%s %s\n' "$head" 'imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.80'
	} >"$SCRATCH/rest.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/rest.log" -s all
	[ "$(cut -f 3 <<<"$output")" = 192.0.2.1 ] || fail "$output"
	# without the split length they are believed: the test can fail
	mkdir "$SCRATCH/whole"
	for name in dovecot dovecot-proxy; do
		sed '/^cut = /d' "$DEFINITIONS/$name.conf" >"$SCRATCH/whole/$name.conf"
	done
	echo "definitions = $SCRATCH/whole" >"$SCRATCH/whole.conf"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/whole.conf" -t "$SCRATCH/rest.log" -s all
	[ "$(cut -f 3 <<<"$output" | sort -u)" = $'192.0.2.1\n203.0.113.9' ] || fail "$output"
}

@test "the split length holds without the demand for mpid" {
	sed -e 's/, mpid=(?<proof>\[0-9\]+)/(?:, mpid=(?<proof>[0-9]+))?/' -e '/^\[samples\]/,$d' "$DEFINITIONS/dovecot.conf" >"$SCRATCH/dovecot.conf"
	not cmp -s "$SCRATCH/dovecot.conf" "$DEFINITIONS/dovecot.conf"
	mkdir "$SCRATCH/lax"
	mv "$SCRATCH/dovecot.conf" "$SCRATCH/lax/"
	echo "definitions = $SCRATCH/lax" >"$SCRATCH/lax.conf"
	printf 'Nov 20 10:00:00 vm dovecot: %s\n' "$(long_id)" \
		'imap-login: Login: user=<nobody>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.80, session=<A>' \
		'imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.80, mpid=7, session=<B>' >"$SCRATCH/lax.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/lax.conf" -t "$SCRATCH/lax.log" -s dovecot
	[ "$(cut -f 3 <<<"$output")" = 192.0.2.1 ] || fail "$output"
}

@test "a client that makes long lines all day keeps nobody's login from being recorded" {
	local n head long name
	long=$(long_id) name=$(head -c 4090 /dev/zero | tr '\0' a)
	for n in {1..60}; do
		head="Nov 20 10:00:$(printf %02d $((n - 1))) vm dovecot:"
		# an ID with its rest behind it, or of just the size that has none
		echo "$head $long"
		((n % 2)) || echo "$head AAAA: user=<>, rip=203.0.113.9, lip=192.0.2.80, session=<A>"
		echo "$head imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.$n, lip=192.0.2.80, mpid=7, TLS, session=<B$n>"
		# a name that a proxy tries in vain
		echo "$head imap-login: Error: proxy($name,198.51.100.2:143): Disconnected by server: user=<aaa...>, rip=203.0.113.9, session=<A>"
		echo "$head imap-login: proxy(alice,198.51.100.2:143): Started proxying to <198.51.100.2> (0.009 secs): user=<alice>, method=PLAIN," \
			"rip=198.51.100.$n, lip=192.0.2.80, session=<C$n>"
	done >"$SCRATCH/allday.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/allday.log" -s all
	[ "$(cut -f 3 <<<"$output" | sort -u | wc -l)" -eq 120 ] || fail "$output"
	! grep -q 203.0.113.9 <<<"$output" || fail "$output"
}

# cut_at SIZE HEAD WORDS: the piece that a logger leaves of a message "HEAD NAME ..." if it cuts at SIZE, the name being such that it ends in WORDS
cut_at() {
	local fill=$(($1 - ${#2} - ${#3}))
	printf '%s%s%s' "$2" "$(head -c $fill /dev/zero | tr '\0' A)" "$3"
}

@test "a name that fills the line until the syslog daemon cuts it is not believed" {
	local stamp="Nov 20 10:00:00 vm" size auth
	auth='Auth: 203.0.113.9:41903->198.51.100.1:110 client-secure=plaintext authorisation_id=NONE authentication_id="'
	for size in 215 256 985 1024 8150; do
		echo "$stamp vm-pop3d[19]: $(cut_at $size "User '" "' logged in from 203.0.113.9")"
		echo "$stamp vm-pop3d[20]: Connect from 203.0.113.9"
		echo "$stamp vm-pop3d[20]: $(cut_at $size "User '" "' logged in")"
		echo "$stamp cucipop[21]: $(cut_at $size '' ' 203.0.113.9 0, 2 (3456), 0 (0)')"
		echo "$stamp vpopmail[22]: $(cut_at $size 'vchkpw: login [' '] from 203.0.113.9')"
		echo "$stamp imap4d[23]: connect from h (203.0.113.9)"
		echo "$stamp imap4d[23]: $(cut_at $size "user \`" "' logged in (source: system)")"
		# and the rest of it, which imap4d itself has cut off
		echo "$stamp imap4d[23]: User x logged in with mailbox y from 203.0.113.10"
		[ $size -ge 985 ] || continue
		echo "$stamp perdition[24]: $(cut_at $size "$auth" '" server="h" protocol=POP3 server-secure=plaintext status="ok"')"
		echo "$stamp dovecot: pop3-login: $(cut_at $size 'proxy(' '): started proxying to h: user=<y>, method=PLAIN, rip=203.0.113.9, lip=127.0.0.1')"
	done >"$SCRATCH/cut.log"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/cut.log" -s all
	[ "$status" -eq 0 ]
	[ -z "$output" ] || fail "$output"
	# those who believe them do so for no other reason: the test can fail
	mkdir "$SCRATCH/long"
	for file in "$DEFINITIONS"/{vm-pop3d,cucipop,vpopmail,mailutils,perdition,dovecot-proxy}.conf; do
		sed '/^cut/d; s/^longest.*/longest = 8192/; /^\[samples\]/,$d' "$file" >"$SCRATCH/long/${file##*/}"
	done
	echo "definitions = $SCRATCH/long" >"$SCRATCH/long.conf"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/long.conf" -t "$SCRATCH/cut.log" -s all
	for name in vm-pop3d cucipop vpopmail mailutils perdition dovecot-proxy; do
		[[ $output == *$'\t'"$name"$'\t'* ]] || fail "$name believes none: $output"
	done
}

@test "lines of one server that tell of a login at another one with that tag" {
	cat >"$SCRATCH/cross.log" <<-'END'
		Nov 20 10:00:01 mail imapd[1]: Login failed user=LOGIN, user=x, ip=[203.0.113.9], port=[1] auth=x host=h [192.0.2.66]
		Nov 20 10:00:02 mail imapd[1]: AUTHENTICATE LOGIN failure host=h.example.net [192.0.2.66]
		Nov 20 10:00:03 mail imapd: LOGIN FAILED, user=login: [203.0.113.9] x plaintext User logged in, ip=[::ffff:192.0.2.66]
		Nov 20 10:00:04 mail pop3d[1]: POP3 login: user `Login user=x host=[203.0.113.9]', source system
		Nov 20 10:00:05 mail imapd[1]: login: x.example.net [192.0.2.66] anonymous Login user=x host=[203.0.113.9]
		Nov 20 10:00:06 mail pop3d[1]: badlogin: h [192.0.2.66] plaintext (User x logged in with mailbox y from 203.0.113.9) invalid user
		Nov 20 10:00:07 mail imap4d[2]: connect from client.example.net (203.0.113.66)
		Nov 20 10:00:08 mail imap4d[2]: anonymous user x@example.org logged in
		Nov 20 10:00:08 mail imap4d[2]: user `guest' logged in (source: system)
	END
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$SCRATCH/cross.log" -s all
	[ "$status" -eq 0 ]
	[ -z "$output" ] || fail "$output"
}

@test "an expression that is not anchored at its end believes a user name: the test can fail" {
	mkdir "$SCRATCH/loose"
	cat >"$SCRATCH/loose/dovecot.conf" <<-'END'
		[server]
		tags = dovecot
		[lines]
		login = ^(?:imap|pop3)-login: Login: user=<.*?>, method=[A-Z]+, rip={ip},.*$
	END
	echo "definitions = $SCRATCH/loose" >"$SCRATCH/loose.conf"
	run --separate-stderr "$POPWATCH" -c "$SCRATCH/loose.conf" -t "$CAPTURED/dovecot-iso.log" -s dovecot
	[[ $output == *$'\tlogin\t203.0.113.9\tdovecot\t'* ]]
}
