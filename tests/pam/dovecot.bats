# needs: root
# enclosure: rsyslog dovecot
# pam_relaydb in a real Dovecot: what a login records with popwatch and without, and that nothing ever costs a login

load ../lib/test
load ../daemon/daemon
load pam

passwords_by_pam() {	# passwords_by_pam [WORD...]: of dovecot_pam; a failed login is answered at once
	{
		echo 'auth_failure_delay = 0'
		dovecot_pam dovecot "$@"
	} >"$WORK/dovecot/extra.conf"
}

start_file() {
	start_rsyslog_with_auth
	add_carol
	add_refused
	add_addresses
	mkdir -p "$WORK/dovecot"
	passwords_by_pam
	printf '%s\n' 'auth required pam_deny.so' >/etc/pam.d/dovecot
	start_dovecot
}

setup() {
	skip_sanitized
	prepare "socket = $SCRATCH/$BATS_TEST_NUMBER/db/sock" 'refresh = 0'
	: >"$DIR/stderr"
	: >"$AUTHLOG"
	stack dovecot dovecot timeout=500
	unset BEFORE
}

# ---- without popwatch ----

@test "a login by POP3 records the address, one by IMAP too" {
	pop 192.0.2.1
	recorded 192.0.2.1
	imap 192.0.2.2
	recorded 192.0.2.1 192.0.2.2
	imap 2001:db8::1
	recorded 2001:db8::1
	eventually told 'pam_relaydb(dovecot): recorded 2001:db8::1'
}

@test "a wrong password records nothing, nor does an unknown user" {
	not pop 192.0.2.1 wrong
	not imap 192.0.2.2 wrong
	not curl -sS -m "$DEADLINE" --interface 192.0.2.3 -u nobody-here:secret pop3://127.0.0.1/
	nothing_recorded
}

@test "among the auth lines, where PAM calls it for wrong passwords too, it records nothing" {
	FIRST="auth optional $MODULE db=$DB socket=$DIR/db/sock" stack dovecot dovecot
	not pop 192.0.2.1 wrong
	nothing_recorded
	pop 192.0.2.1
	recorded 192.0.2.1
}

@test "a right password of an account that is refused records nothing, by required and by requisite" {
	for REQUIRED in required requisite; do
		stack dovecot dovecot
		for user in $REFUSED; do
			not login_as "$user" 192.0.2.1
			nothing_recorded || fail "$REQUIRED, $user"
		done
		BEFORE="account $REQUIRED pam_access.so accessfile=$WORK/access" stack dovecot dovecot
		not login_as eve 192.0.2.1
		nothing_recorded || fail "$REQUIRED, pam_access"
		BEFORE="account $REQUIRED pam_nologin.so file=$WORK/nologin" stack dovecot dovecot
		not pop 192.0.2.1
		nothing_recorded || fail "$REQUIRED, pam_nologin"
	done
	stack dovecot dovecot
	login_as eve 192.0.2.1
	recorded 192.0.2.1
}

@test "Debian's own lines with ours behind them, and every way in which Dovecot may call PAM" {
	for asks in '' session setcred 'session setcred'; do
		restart_with $asks
		for stack in account 'auth account' 'account session' 'auth account session'; do
			{
				printf '@include common-%s\n' auth account session
				printf "%s optional $MODULE db=$DB socket=$DIR/db/sock refresh=0\n" $stack
			} >/etc/pam.d/dovecot
			for user in $REFUSED; do
				not login_as "$user" 192.0.2.1
				nothing_recorded || fail "$asks, $stack, $user"
			done
			pop 192.0.2.1
			recorded 192.0.2.1 || fail "$asks, $stack"
			rm "$DB"
		done
	done
	restart_with
}

@test "a login that another module of the session refuses records nothing" {
	restart_with session
	stack dovecot dovecot
	echo 'session required pam_deny.so' >>/etc/pam.d/dovecot
	not pop 192.0.2.1
	nothing_recorded
	restart_with
}

restart_with() {	# restart_with [WORD...]: of dovecot_pam
	stop_dovecot
	passwords_by_pam "$@"
	start_dovecot
}

@test "a client on the host itself is not recorded, unless that is asked for" {
	pop 127.0.0.1
	nothing_recorded
	stack dovecot dovecot ignore=none
	pop 127.0.0.1
	recorded 127.0.0.1
}

@test "fifty logins at the same time are all recorded" {
	stack dovecot dovecot timeout=20000
	fifty_logins
	recorded 192.0.2.{1..50}
}

fifty_logins() {
	local i pids=() pid
	for i in {1..50}; do
		pop "192.0.2.$i" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
}

# ---- with popwatch ----

@test "popwatch takes the login and records it, the module writes nothing itself" {
	start_popwatch
	stack dovecot dovecot debug
	pop 192.0.2.1
	imap 2001:db8::1
	eventually recorded 192.0.2.1 2001:db8::1
	eventually grep -q "login from 192.0.2.1: user 'carol', server socket, session 'dovecot'" "$DIR/stderr"
	eventually told "2001:db8::1 taken by $DIR/db/sock"
	not told 'recorded 192.0.2.1'
	not pop 192.0.2.3 wrong
	stop_popwatch
	not recorded 192.0.2.3
}

@test "fifty logins at the same time are all recorded by popwatch" {
	start_popwatch
	stack dovecot dovecot timeout=20000
	fifty_logins
	eventually recorded 192.0.2.{1..50}
	stop_popwatch
}

@test "popwatch stopped, its queue full: the module records by itself, in time" {
	start_popwatch
	kill -STOP "$POPWATCH_PID"
	full() { [[ $("$BUILD/tests/daemon/prog_send" "$DIR/db/sock" 0 1000 'login 192.0.2.60 x y') == 0\ * ]]; }
	eventually full
	pop 192.0.2.1
	recorded 192.0.2.1
	not recorded 192.0.2.60
	kill -CONT "$POPWATCH_PID"
	eventually recorded 192.0.2.60
	recorded 192.0.2.1
	stop_popwatch
}

@test "popwatch killed: its socket lies there, the module records by itself" {
	start_popwatch
	kill -KILL "$POPWATCH_PID"
	wait "$POPWATCH_PID" || :
	POPWATCH_PID=
	[ -S "$DIR/db/sock" ]
	pop 192.0.2.1
	recorded 192.0.2.1
}

# ---- the database in its other forms ----

@test "lmdb and sqlite: where root may write, by the module itself; in the recorder's directory by popwatch alone" {
	for form in lmdb sqlite; do
		DB=$DIR/db/relayers.$form
		stack dovecot dovecot timeout=20000
		pop 192.0.2.1
		imap 2001:db8::1
		recorded 192.0.2.1 2001:db8::1 || fail "$form: $(cat "$AUTHLOG")"
		not pop 192.0.2.2 wrong
		not login_as gone 192.0.2.2
		not recorded 192.0.2.2
		# root hands neither library what another user may have written
		chown nobody:nogroup "$DIR/db" "$DB"*
		before=$(md5sum <"$DB")
		pop 192.0.2.3
		not_recorded_because 192.0.2.3 "$DB"
		[ "$(md5sum <"$DB")" = "$before" ] || fail "$form: root wrote into the recorder's directory"
		sed -i "s,^user =.*,user = nobody,; s,^database = .*,database = $DB," "$DIR/popwatch.conf"
		install -m 644 /dev/null "$LOG"
		start_popwatch
		pop 192.0.2.3
		eventually recorded 192.0.2.1 192.0.2.3
		stop_popwatch
		rm -f "$DB"* "$DIR/db/popwatch.state"*
		chown root:root "$DIR/db"
		: >"$AUTHLOG"
	done
}

# ---- trouble: the login succeeds while it lasts, and the log says why nothing is recorded ----

not_recorded_because() {	# not_recorded_because ADDRESS TEXT
	eventually told "$1 is not recorded and may not relay: "
	told "$2" || fail "$(cat "$AUTHLOG")"
}

@test "somebody holds the lock" {
	pop 192.0.2.1
	# the queue too, where logins go that find the lock taken
	(
		exec 3>&- 8>>"$DB.lock" 9>>"$DB.queue"
		flock 8 && flock 9
		exec sleep infinity
	) &
	holder=$!
	locked() { ! flock -n "$DB.lock" true && [ -e "$DB.queue" ] && ! flock -n "$DB.queue" true; }
	eventually locked
	pop 192.0.2.2
	locked
	not_recorded_because 192.0.2.2 'lock'
	kill "$holder"
	wait "$holder" || :
	not recorded 192.0.2.2
	pop 192.0.2.2
	recorded 192.0.2.1 192.0.2.2
}

@test "the disk is full" {
	mkdir "$DIR/small"
	mount -t tmpfs -o size=400k,mode=755 tmpfs "$DIR/small"
	DB=$DIR/small/relayers.db
	stack dovecot dovecot timeout=500
	pop 192.0.2.1
	recorded 192.0.2.1
	before=$(md5sum <"$DB")
	head -c 1M /dev/zero >"$DIR/small/filler" || :
	pop 192.0.2.2
	not_recorded_because 192.0.2.2 'No space left on device'
	[ "$(md5sum <"$DB")" = "$before" ]
	rm "$DIR/small/filler"
	pop 192.0.2.2
	recorded 192.0.2.1 192.0.2.2
	umount "$DIR/small"
}

@test "the directory is missing" {
	rm -r "$DIR/db"
	pop 192.0.2.1
	not_recorded_because 192.0.2.1 "$DIR/db"
}

@test "the file is damaged" {
	garbage 8192 >"$DB"
	before=$(md5sum <"$DB")
	pop 192.0.2.1
	not_recorded_because 192.0.2.1 "$DB"
	[ "$(md5sum <"$DB")" = "$before" ]
}

@test "arguments that make no sense are reported and left out" {
	stack dovecot dovecot timeout=soon nonsense
	pop 192.0.2.1
	recorded 192.0.2.1
	eventually told 'argument "timeout=soon" ignored, expected 1 to 60000 milliseconds'
	eventually told 'argument "nonsense" ignored'
}

@test "from Dovecot's cache of passwords nothing is recorded, as the manual says" {
	restart_with cached
	pop 192.0.2.1
	recorded 192.0.2.1
	pop 192.0.2.2
	not recorded 192.0.2.2
}
