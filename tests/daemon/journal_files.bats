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
	head -c 20000 /dev/urandom >"$DIR/journal/garbled.journal"
	once
	recorded 192.0.2.1
}
