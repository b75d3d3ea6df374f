# needs: root
# enclosure: rsyslog mailutils
# real Mailutils servers behind tcpd: address and success on different lines, and a logger that lets anybody forge lines

load ../lib/test
load daemon
load real

start_file() {
	start_rsyslog
	unix_user alice
	configure_mailutils pop3d imap4d
	pam_service pop3d
	pam_service imap4d
	inetd 110 /usr/sbin/tcpd /usr/sbin/pop3d --inetd --no-config --config-file="$WORK/pop3d.conf"
	inetd 143 /usr/sbin/tcpd /usr/sbin/imap4d --inetd --no-config --config-file="$WORK/imap4d.conf"
}

@test "exactly the logins are recorded" {
	# tcpd logs connections as facility daemon: they are not in mail.log
	watch "$WORK/log/syslog" "servers = mailutils"
	prove_logins --pop 110 --imap 143 --only basic,hostile,pair --threads 8
	stop_popwatch
}
