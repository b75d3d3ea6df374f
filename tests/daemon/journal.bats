# needs: root
# enclosure: dovecot
# the journal of a real systemd-journald: Dovecot's logins, a forger's lines, rotation, restart

load ../lib/test
load daemon

start_file() {
	start_journald
	start_dovecot
}

# a configuration that reads the journal alone
prepare_journal() {
	prepare "journal = /run/log/journal/$(cat /etc/machine-id)" "$@"
	sed -i '/^log = /d' "$DIR/popwatch.conf"
}

pop_login() {	# pop_login ADDRESS [PASSWORD]
	curl -sS --max-time "$DEADLINE" --interface "$1" -u "alice:${2:-secret}" pop3://127.0.0.1/ >/dev/null
}

logged() {	# logged ADDRESS: the journal has its login
	journalctl -t dovecot | grep -qE "(Login|Logged in): .*rip=$1,"
}

@test "Dovecot's logins are recorded from the journal, failed ones are not" {
	prepare_journal
	start_popwatch
	pop_login 127.0.0.2
	not pop_login 127.0.0.3 wrong
	pop_login 127.0.0.4
	eventually recorded 127.0.0.2 127.0.0.4
	not recorded 127.0.0.3
	stop_popwatch
}

@test "a user who writes Dovecot's line is not believed, root's other programs are not either" {
	prepare_journal
	start_popwatch
	forged='imap-login: Login: user=<x>, method=PLAIN, rip=203.0.113.9, lip=127.0.0.1, mpid=1, session=<AAAA>'
	setpriv --reuid=65534 --clear-groups logger -t dovecot "$forged"
	logger -t dovecot "$forged"
	pop_login 127.0.0.5
	eventually recorded 127.0.0.5
	not recorded 203.0.113.9
	stop_popwatch
}

@test "without the trusted fields the forged line is believed: the test can fail" {
	mkdir -p "$SCRATCH/careless"
	sed 's/^journal = .*/journal = _UID=65534/' "$SOURCES/popwatch/servers.d/dovecot.conf" >"$SCRATCH/careless/dovecot.conf"
	prepare_journal
	sed -i "s,^definitions = .*,definitions = $SCRATCH/careless," "$DIR/popwatch.conf"
	start_popwatch
	setpriv --reuid=65534 --clear-groups logger -t dovecot \
		'imap-login: Login: user=<x>, method=PLAIN, rip=203.0.113.9, lip=127.0.0.1, mpid=1, session=<AAAA>'
	eventually recorded 203.0.113.9
	stop_popwatch
}

@test "logins from where the definition does not expect them are reported with where they are from" {
	mkdir -p "$SCRATCH/elsewhere"
	sed 's,^journal = .*,journal = _UID=0 _EXE=/usr/local/libexec/dovecot/log,' \
		"$SOURCES/popwatch/servers.d/dovecot.conf" >"$SCRATCH/elsewhere/dovecot.conf"
	prepare_journal
	sed -i "s,^definitions = .*,definitions = $SCRATCH/elsewhere," "$DIR/popwatch.conf"
	pop_login 127.0.0.12
	eventually logged 127.0.0.12
	start_popwatch
	eventually grep -q 'dovecot: [0-9]* entries of the journal look like its logins and are not believed' "$DIR/stderr"
	grep -q '_TRANSPORT=syslog _UID=0 _EXE=/usr/lib.*/dovecot/log' "$DIR/stderr"
	not recorded 127.0.0.12
	stop_popwatch
}

@test "a rotation of the journal, and a restart of popwatch, lose nothing and repeat nothing" {
	prepare_journal 'refresh = 0'
	start_popwatch
	pop_login 127.0.0.6
	eventually recorded 127.0.0.6
	journalctl --rotate
	pop_login 127.0.0.7
	eventually recorded 127.0.0.7
	stop_popwatch
	pop_login 127.0.0.8
	journalctl --rotate
	pop_login 127.0.0.9
	start_popwatch
	eventually recorded 127.0.0.8 127.0.0.9
	not grep -q 'login from 127.0.0.6' "$DIR/stderr"
	stop_popwatch
}

@test "HUP takes new servers over, and goes on where it was" {
	prepare_journal 'refresh = 0' 'servers = popa3d'
	start_popwatch
	pop_login 127.0.0.10
	sed -i 's/^servers = .*/servers = popa3d dovecot/' "$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
	eventually grep -q 'using the new configuration' "$DIR/stderr"
	pop_login 127.0.0.11
	# and logged, which it is when it is recorded
	eventually grep -q 'login from 127.0.0.11' "$DIR/stderr"
	# away again, and another server's lines are none of ours
	sed -i 's/^servers = .*/servers = popa3d/' "$DIR/popwatch.conf"
	: >"$DIR/stderr"
	kill -HUP "$POPWATCH_PID"
	eventually grep -q 'using the new configuration' "$DIR/stderr"
	pop_login 127.0.0.12
	sed -i 's/^servers = .*/servers = dovecot/' "$DIR/popwatch.conf"
	: >"$DIR/stderr"
	kill -HUP "$POPWATCH_PID"
	eventually grep -q 'using the new configuration' "$DIR/stderr"
	pop_login 127.0.0.13
	eventually recorded 127.0.0.13
	not grep -q 'login from 127.0.0.11' "$DIR/stderr"
	stop_popwatch
}

@test "HUP to servers without a journal setting is refused" {
	mkdir -p "$SCRATCH/ruleless"
	sed '/^journal = /d' "$SOURCES/popwatch/servers.d/popa3d.conf" >"$SCRATCH/ruleless/popa3d.conf"
	prepare_journal
	sed -i "1i definitions = $SCRATCH/ruleless" "$DIR/popwatch.conf"
	start_popwatch
	echo 'servers = popa3d' >>"$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
	eventually grep -q 'keeping the old configuration' "$DIR/stderr"
	grep -q "none of the enabled servers' definitions has a journal setting" "$DIR/stderr"
	pop_login 127.0.0.14
	eventually recorded 127.0.0.14
	stop_popwatch
}

@test "a journal that cannot be read is reported at the start" {
	prepare
	sed -i '/^log = /d' "$DIR/popwatch.conf"
	echo "journal = $DIR/nowhere" >>"$DIR/popwatch.conf"
	run "$POPWATCH" -c "$DIR/popwatch.conf"
	[ "$status" -eq 78 ]
	[[ $output == *"cannot read the journal in $DIR/nowhere"* ]]
}
