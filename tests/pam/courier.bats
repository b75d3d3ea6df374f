# needs: root
# enclosure: rsyslog courier
# courier.bats - pam_relaydb in a real Courier, with the lines of docs/courier.md

load ../lib/test
load ../daemon/daemon
load pam

start_file() {
	ldconfig /usr/lib /usr/lib/courier-authlib
	start_rsyslog_with_auth
	add_carol
	add_refused
	add_addresses
	add_user courier
	install -d -m 775 -g courier /run/courier
	install -d -m 750 -o courier -g courier /run/courier/authdaemon
	setpriv --reuid=carol --regid=carol --clear-groups maildirmake.courier "$WORK/carol/Maildir"
	cd /etc/courier
	sed -i 's/^authmodulelist=.*/authmodulelist="authpam"/' authdaemonrc
	sed -i 's/^ADDRESS=.*/ADDRESS=0/' pop3d imapd
	(quietly authdaemond /usr/sbin/authdaemond start)
	(quietly pop3d /usr/lib/courier/pop3d start)
	(quietly imapd /usr/lib/courier/imapd start)
	comes_up pop3d - listens 110
	comes_up imapd - listens 143
}

setup() {
	skip_sanitized
	prepare
	: >"$AUTHLOG"
}

both_services() {	# both_services: the page's lines for pop3 and imap
	stack courier pop3 refresh=0
	stack courier imap refresh=0
}

@test "a login by POP3 records the address, one by IMAP too" {
	both_services
	pop 192.0.2.1
	recorded 192.0.2.1
	imap 192.0.2.2
	recorded 192.0.2.1 192.0.2.2
	imap 2001:db8::1
	recorded 2001:db8::1
	eventually told 'pam_relaydb(imap): recorded 2001:db8::1'
}

@test "a refused login is not recorded, by required and by requisite" {
	for REQUIRED in required requisite; do
		both_services
		not pop 192.0.2.1 wrong
		not imap 192.0.2.1 wrong
		for user in $REFUSED; do
			not login_as "$user" 192.0.2.1
		done
		BEFORE="account $REQUIRED pam_access.so accessfile=$WORK/access" both_services
		not login_as eve 192.0.2.1
		BEFORE="account $REQUIRED pam_nologin.so file=$WORK/nologin" both_services
		not pop 192.0.2.1
		not imap 192.0.2.1
		nothing_recorded || fail "$REQUIRED"
	done
	both_services
	pop 192.0.2.1
	recorded 192.0.2.1
}
