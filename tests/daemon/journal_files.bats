# needs: root
# enclosure: journal-remote
# journal files made with systemd-journal-remote: entries of any sender can be acted, and a file grows while it is read

load ../lib/test
load daemon

REMOTE=/lib/systemd/systemd-journal-remote

# entry ADDRESS [FIELD=VALUE...]: a login of Dovecot in the journal's export format, of now; fields given later win
entry() {
	local address=$1 now
	shift
	now=${EPOCHREALTIME/./}
	printf '%s\n' "__REALTIME_TIMESTAMP=$now" "__MONOTONIC_TIMESTAMP=$now" _BOOT_ID=0123456789abcdef0123456789abcdef \
		_MACHINE_ID=fedcba9876543210fedcba9876543210 _HOSTNAME=vm _TRANSPORT=syslog PRIORITY=6 SYSLOG_IDENTIFIER=dovecot _PID=100 \
		"MESSAGE=imap-login: Login: user=<alice>, method=PLAIN, rip=$address, lip=198.51.100.1, mpid=1, session=<abc>" "$@" ''
}

dovecot() {	# dovecot ADDRESS: of Dovecot itself
	entry "$1" _UID=0 _EXE=/usr/lib/dovecot/log
}

prepare_files() {
	prepare "journal = $SCRATCH/$BATS_TEST_NUMBER/journal" "$@"
	sed -i '/^log = /d' "$DIR/popwatch.conf"
	mkdir "$DIR/journal"
}

remote() {	# entries on standard input, appended to the file NAME
	$REMOTE -o "$DIR/journal/$1.journal" --split-mode=none - >/dev/null 2>&1
}

@test "entries are believed by their trusted fields alone" {
	[ -x $REMOTE ] || skip "no systemd-journal-remote"
	prepare_files
	{
		dovecot 192.0.2.1
		entry 203.0.113.1 _UID=1000 _EXE=/usr/lib/dovecot/log	# anybody can run that program
		entry 203.0.113.2 _UID=0 _EXE=/usr/bin/logger
		entry 203.0.113.3 _UID=0
		entry 203.0.113.4 UID=0 EXE=/usr/lib/dovecot/log	# fields of the sender's own
		dovecot 192.0.2.2
	} | remote system
	once
	recorded 192.0.2.1 192.0.2.2
	[ "$("$VSMTPRELAY" -f "$DB" dump | grep -vc '^#')" -eq 2 ]
}

@test "a file that grows is followed, and nothing is read twice after a restart" {
	[ -x $REMOTE ] || skip "no systemd-journal-remote"
	prepare_files 'refresh = 0'
	mkfifo "$DIR/pipe"
	remote system <"$DIR/pipe" 3>&- &
	exec 7>"$DIR/pipe"
	dovecot 192.0.2.1 >&7
	eventually test -s "$DIR/journal/system.journal"
	start_popwatch
	eventually recorded 192.0.2.1
	for i in 2 3 4 5; do
		dovecot 192.0.2.$i >&7
		eventually recorded 192.0.2.$i
	done
	stop_popwatch
	dovecot 192.0.2.6 >&7
	start_popwatch
	eventually recorded 192.0.2.6
	not grep -q 'login from 192.0.2.[1-5]:' "$DIR/stderr"
	stop_popwatch
	exec 7>&-
	wait
}

@test "empty, cut and garbled files beside good ones do no harm" {
	[ -x $REMOTE ] || skip "no systemd-journal-remote"
	prepare_files
	dovecot 192.0.2.1 | remote system
	: >"$DIR/journal/empty.journal"
	head -c 5000 "$DIR/journal/system.journal" >"$DIR/journal/cut.journal"
	garbage 20000 >"$DIR/journal/garbled.journal"
	once
	recorded 192.0.2.1
}

@test "what a client has put behind a login, and the journal has dropped, counts" {
	[ -x $REMOTE ] || skip "no systemd-journal-remote"
	prepare_files 'servers = perdition'
	perdition() {	# perdition ADDRESS [FIELD=VALUE...]
		entry "$1" _SYSTEMD_UNIT=perdition.service SYSLOG_IDENTIFIER=perdition "MESSAGE=$(auth "$1")" "${@:2}" |
			sed -e '/^MESSAGE=imap-login/d' -e '/^SYSLOG_IDENTIFIER=dovecot/d'
	}
	auth() { echo "Auth: $1:41903->198.51.100.1:110 authentication_id=\"x\" server=\"h\" protocol=POP3 server-secure=plaintext status=\"ok\""; }
	raw() { echo "SYSLOG_RAW=<22>Nov 20 10:00:00 perdition[100]: $(auth "$1")$2"; }
	{
		perdition 192.0.2.1
		perdition 203.0.113.1 "$(raw 203.0.113.1 "$(printf '%3900s' '')")"
		perdition 203.0.113.2 "$(raw 203.0.113.2 "$(printf '%3900s' '" server=')")"
		# the journal keeps a message as it came for other reasons too
		perdition 192.0.2.2 "$(raw 192.0.2.2 '')"
		# so long that the journal compresses it: read in the sandbox too
		perdition 192.0.2.3 "$(printf 'SYSLOG_RAW=<22>%900s%s' '' "$(auth 192.0.2.3)")"
	} | remote system
	once
	recorded 192.0.2.1 192.0.2.2 192.0.2.3
	[ "$("$VSMTPRELAY" -f "$DB" dump | grep -vc '^#')" -eq 3 ]
}

@test "a line of standard error is no message, unless the rule names it" {
	[ -x $REMOTE ] || skip "no systemd-journal-remote"
	prepare_files 'servers = nginx-mail'
	nginx() {	# nginx ADDRESS TRANSPORT
		entry "$1" _SYSTEMD_UNIT=nginx.service SYSLOG_IDENTIFIER=nginx \
			"MESSAGE=2026/11/20 11:26:51 [info] 9#9: *2 client logged in, client: $1, server: 0.0.0.0:110, login: \"x\", upstream: 192.0.2.200:110" |
			sed -e "s/^_TRANSPORT=.*/_TRANSPORT=$2/" -e '/^MESSAGE=imap-login/d' -e '/^SYSLOG_IDENTIFIER=dovecot/d'
	}
	{
		nginx 192.0.2.1 syslog
		nginx 203.0.113.1 stdout	# a line end in a user name makes it
	} | remote system
	once
	recorded 192.0.2.1
	not recorded 203.0.113.1
	mkdir "$DIR/mine"
	sed 's/^journal = .*/& _TRANSPORT=stdout/' "$SOURCES/popwatch/servers.d/nginx-mail.conf" >"$DIR/mine/nginx-mail.conf"
	sed -i "1i definitions = $DIR/mine" "$DIR/popwatch.conf"
	rm "$DIR/db/popwatch.state"
	once
	recorded 203.0.113.1
}
