# the lines that real servers wrote have exactly their verdicts, forged ones included

load ../lib/test

POPWATCH=$BUILD/popwatch/popwatch
CAPTURED=$BATS_TEST_DIRNAME/captured
DEFINITIONS=$BATS_TEST_DIRNAME/../../popwatch/servers.d

start_file() {
	echo "definitions = $(readlink -f "$DEFINITIONS")" >"$SCRATCH/popwatch.conf"
}

# verdicts NAME SERVERS FORMAT: what differs from the expected ones
verdicts() {
	"$POPWATCH" -c "$SCRATCH/popwatch.conf" -t "$CAPTURED/$1.log" -s "$2" -F "$3" 2>"$SCRATCH/summary" | cut -f 1,3 |
		sed 's/\t/\tallow /' >"$SCRATCH/found"
	grep -P '\tallow ' "$CAPTURED/$1.expected" | diff - "$SCRATCH/found"
}

# prove SERVER NAME...: with the server's definition alone, and among all the others
prove() {
	local server=$1 name format
	shift
	for name; do
		format=syslog
		[ "$name" != dovecot-own ] || format=dovecot
		verdicts "$name" "$server" "$format" || fail "$name with $server alone"
		verdicts "$name" all "$format" || fail "$name with all servers"
	done
}

@test "Courier" {
	prove courier courier-iso courier-rfc3164
}

@test "Cyrus" {
	prove cyrus cyrus-iso cyrus-rfc3164
}

@test "Dovecot: syslog, auth_debug, as a proxy, its own log file" {
	prove dovecot dovecot-iso dovecot-rfc3164 dovecot-debug-iso dovecot-debug-rfc3164 dovecot-proxy-iso dovecot-proxy-rfc3164 dovecot-own
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
