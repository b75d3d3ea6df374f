# needs: root
# enclosure: rsyslog popa3d mailutils
# servers that give PAM no address: the module is called, does no harm, and records nothing (popwatch reads their logs); and
# what would happen if they gave one

load ../lib/test
load ../daemon/daemon
load pam

start_file() {
	start_rsyslog_with_auth
	add_carol
	add_refused
	add_user popa3d
	configure_mailutils pop3d
	inetd=$BATS_TEST_DIRNAME/../daemon/inetd.py
	(quietly inetd110 "$inetd" 110 "$WORK/inetd110.pid" /usr/sbin/tcpd /usr/sbin/popa3d)
	(quietly inetd1110 "$inetd" 1110 "$WORK/inetd1110.pid" /usr/sbin/tcpd \
		/usr/sbin/pop3d --inetd --no-config --config-file="$WORK/pop3d.conf")
	comes_up inetd110 - listens 110
	comes_up inetd1110 - listens 1110
}

setup() {
	skip_sanitized
	prepare
	: >"$DIR/stderr"
	: >"$AUTHLOG"
}

# login_at PORT PASSWORD [USER]: by USER and PASS; curl would choose APOP where a server offers that, and PAM would not be asked
login_at() {
	local answer command
	exec 7<>"/dev/tcp/127.0.0.1/$1"
	for command in '' "USER ${3:-carol}" "PASS $2"; do
		[ -z "$command" ] || printf '%s\r\n' "$command" >&7
		read -r -t "$DEADLINE" answer <&7
	done
	printf 'QUIT\r\n' >&7 || :
	exec 7>&-
	[[ $answer == +OK* ]]
}

no_address() {	# no_address SERVICE PORT
	stack dovecot "$1" debug ignore=none
	login_at "$2" secret || fail "$(cat "$AUTHLOG" "$WORK/log/syslog")"
	eventually told "pam_relaydb($1:account): the server gives no client address (PAM_RHOST): nothing to record"
	not login_at "$2" wrong
	nothing_recorded
	[ ! -e "$DB" ]
}

@test "popa3d" {
	no_address popa3d 110
}

@test "mailutils' pop3d" {
	no_address pop3d 1110
}

# ---- as if they gave one ----

# with_address SERVICE PORT CONTROL: the lines of the page, with CONTROL, and a module that sets PAM_RHOST ahead of them;
# who has logged in is recorded
with_address() {
	local REQUIRED=$3
	FIRST="auth optional $BUILD/tests/pam/rhost.so 192.0.2.1" stack dovecot "$1"
	login_at "$2" secret
	eventually recorded 192.0.2.1
	rm "$DB"
	not login_at "$2" wrong
	nothing_recorded
}

@test "popa3d with an address: a refused login is not recorded, by required and by requisite" {
	for control in required requisite; do
		with_address popa3d 110 $control
		for user in $REFUSED; do
			not login_at 110 secret "$user"
			nothing_recorded || fail "$control, $user"
		done
	done
}

@test "mailutils with an address: right with requisite and the manual's line alone, since it always reports success" {
	with_address pop3d 1110 requisite
	not login_at 1110 secret gone
	nothing_recorded
	with_address pop3d 1110 required
	not login_at 1110 secret gone
	eventually recorded 192.0.2.1
	rm "$DB"
	line=$(sed -n 's/^\.Dl account/account/p' "$LIB/../../man/pam_relaydb.8")
	sed -i "s/^account *required.*/$line/" /etc/pam.d/pop3d
	for user in $REFUSED; do
		not login_at 1110 secret "$user"
		nothing_recorded || fail "$user"
	done
}
