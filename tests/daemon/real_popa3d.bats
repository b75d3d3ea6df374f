# needs: root
# enclosure: rsyslog popa3d
# a real popa3d behind tcpd: address and success on different lines, in syslog and not in mail.log

load ../lib/test
load daemon
load real

start_file() {
	start_rsyslog
	add_user popa3d
	unix_user alice
	pam_service popa3d
	inetd 110 /usr/sbin/tcpd /usr/sbin/popa3d
}

@test "exactly the logins are recorded" {
	watch "$WORK/log/syslog" 'servers = popa3d'
	prove_logins --pop 110 --only basic,hostile,pair --threads 8
	stop_popwatch
}
