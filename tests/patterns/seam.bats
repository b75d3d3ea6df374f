# a line written behind the torn beginning of another, as a full disk leaves them: nothing of either lets anybody in

load ../lib/test
load patterns

setup() {
	use_shipped
}

# found SERVER: the addresses that logins of standard input have
found() {
	"$POPWATCH" -t - -s "$1" -c "$SCRATCH/popwatch.conf" 2>"$SCRATCH/stderr" | cut -f 3 | tr '\n' ' '
}

# seams SERVER HEAD MESSAGE TORN NEXT TAG: with each form of a stamp, MESSAGE alone, then TORN with a line NEXT behind it
seams() {
	local server=$1 before=$2 torn=$3 next=$4 stamp
	for stamp in "$(date '+%b %e %T') mx" "$(date -d "$(date +%Y-%m)-05" '+%b %-d %T') mx" "$(date '+%b %e %T %Y') mx" "$(date '+%b %e %Y %T') mx" \
		"$(date '+%Y %b %e %T') mx" "$(date '+%F %T') mx" \
		"$(date +%FT%T.%6N%:z) mx" "$(date -u +%FT%TZ) mx"; do
		is=$(printf '%s\n' ${before:+"$stamp $before"} "$stamp $torn$stamp $next" | found $server)
		[ -z "$is" ] || fail "$server, $stamp: $is"
		grep -q ' 1 cut off, torn' "$SCRATCH/stderr" || fail "$server, $stamp: not reported: $(cat "$SCRATCH/stderr")"
	done
}

@test "the address of who fails and the success of another, in either order" {
	seams mailutils 'pop3d[5]: connect from h (203.0.113.9)' 'pop3d[5]: user `xx' \
		"pop3d[7]: user \`alice' logged in with mailbox \`/var/mail/alice' (0 messages)"
	for server in courier courier-stderrlogger; do
		seams $server '' 'pop3d: LOGIN, user=alice, ip=[::fff' 'pop3d: LOGIN FAILED, user=x, ip=[::ffff:203.0.113.9], port=[4000]'
	done
	seams uw-imap '' 'imapd[5]: Login user=al' 'imapd[6]: Login failed user=x auth=x host=h [203.0.113.9]'
	seams uw-imap '' 'imapd[5]: Login user=al' 'imapd[6]: Logout user=??? host=h [203.0.113.9]'
	seams teapop '' 'teapop[4]: Successful login for alice [192.0' 'teapop[5]: Failed login for x [198.51.100.1] from h [203.0.113.9]'
	seams perdition '' 'perdition[5]: Auth: 203.0.113.7:4000->192.0.2.1:110 client-secure=plaintext authorisation_id=NONE authentication_id="xx' \
		'perdition[6]: Auth: 192.0.2.77:4000->192.0.2.1:110 client-secure=plaintext authorisation_id=NONE authentication_id="alice" server="h:110" protocol=POP3 server-secure=plaintext status="ok"'
}

@test "a seam within the header, and another program's line with a client's words behind it" {
	stamp=$(date '+%b %e %T') iso=$(date +%FT%T%:z)
	for server in courier all; do
		is=$(printf '%s\n' \
			"<22>1 $iso mx pop3d 12 - [meta a=\"b<38>1 $iso mx sshd 99 - - Invalid user \"] LOGIN, user=x, ip=[203.0.113.9], port=[1]" \
			"$stamp mx pop3d[12$stamp mx x[99]: LOGIN, user=x, ip=[203.0.113.9], port=[1]" \
			"$stamp mx pop3d[12]: [ID 70$stamp mx sshd: Invalid user ] LOGIN, user=x, ip=[203.0.113.9], port=[1]" | found $server)
		[ -z "$is" ] || fail "$server: $is"
	done
}

@test "the line after a seam is read as ever" {
	stamp=$(date '+%b %e %T')
	is=$(printf '%s\n' "$stamp mx pop3d: LOGIN, user=al$stamp mx pop3d: LOGIN FAILED, user=x, ip=[::ffff:203.0.113.9], port=[4000]" \
		"$stamp mx pop3d: LOGIN, user=alice, ip=[::ffff:192.0.2.1], port=[50919]" | found courier)
	[ "$is" = '192.0.2.1 ' ]
}

@test "addresses and times that only look like a stamp put no login in doubt" {
	stamp=$(date '+%b %e %T')
	is=$(printf '%s\n' "$stamp mx pop3d: LOGIN, user=11:46:38, ip=[2001:db8:11:46:38:20:11:46], port=[50919]" \
		"$stamp mx pop3d: LOGIN, user=a@4000000b, ip=[2001:db8::12:34:56], port=[50919]" | found courier)
	[ "$is" = '2001:db8:11:46:38:20:11:46 2001:db8::12:34:56 ' ] || fail "$is"
}
