# needs: root
# enclosure: rsyslog logrotate
# Debian's own rotation of mail.log, by its logrotate and its rules for rsyslog: no login is missed, and we add no rule

load ../lib/test
load ../daemon/daemon
load ../daemon/real

start_file() {
	[ -e /etc/logrotate.d/rsyslog ] && [ -e /usr/lib/rsyslog/rsyslog-rotate ]
	mkdir -p "$WORK/log"
	sed -e 's,@WORK@/log,/var/log,' "$LIB/rsyslog.conf" >"$WORK/rsyslog.conf"
	# rsyslog-rotate asks systemd to send HUP; this stands in for it, on a host with systemd
	printf '#!/bin/sh\nkill -HUP $(cat %s)\n' "$WORK/rsyslogd.pid" >/usr/bin/systemctl
	chmod 755 /usr/bin/systemctl
}

setup() {
	rm -f /var/log/mail.log* /var/log/syslog* /var/lib/logrotate/status
	(quietly rsyslogd rsyslogd -n -f "$WORK/rsyslog.conf" -i "$WORK/rsyslogd.pid") &
	comes_up rsyslogd $! test -S /dev/log -a -s "$WORK/rsyslogd.pid"
	log_in 192.0.2.1
	wait_for 60 test -s /var/log/mail.log
}

teardown() {
	[ -z "${POPWATCH_PID:-}" ] || stop_popwatch
	stop_rsyslog
	rm -rf /run/systemd/system "$WORK/rsyslogd.pid"
}

log_in() {	# through /dev/log, as Dovecot says it
	logger -t dovecot -p mail.info "imap-login: Login: user=<alice>, method=PLAIN, rip=$1, lip=192.0.2.200, mpid=5, session=<${1//./}>"
}

rotate() {
	logrotate --force /etc/logrotate.conf
}

@test "with systemd: rsyslog is told, and every login before, between and after is recorded" {
	mkdir -p /run/systemd/system
	watch /var/log/mail.log
	eventually recorded 192.0.2.1
	for i in 2 3 4; do
		rotate
		log_in 192.0.2.$i
		eventually recorded 192.0.2.$i
	done
	[ -s /var/log/mail.log.1 ]
	[ -s /var/log/mail.log.2.gz ]
	[ "$(stat -c %U:%G:%a /var/log/mail.log)" = root:adm:640 ]
}

@test "without systemd: rsyslog writes on into the renamed file, and every login is recorded" {
	watch /var/log/mail.log
	eventually recorded 192.0.2.1
	for i in 2 3; do
		rotate
		log_in 192.0.2.$i
		eventually recorded 192.0.2.$i
	done
	grep -q 192.0.2.3 /var/log/mail.log.1
	[ ! -s /var/log/mail.log ]
}

@test "rotated while popwatch did not run: nothing is missed" {
	mkdir -p /run/systemd/system
	watch /var/log/mail.log
	eventually recorded 192.0.2.1
	stop_popwatch
	log_in 192.0.2.2
	wait_for 60 grep -q 192.0.2.2 /var/log/mail.log
	rotate
	log_in 192.0.2.3
	# rsyslog hears of the rotation by a signal: until then it writes to the file it has
	wait_for 60 grep -q 192.0.2.3 /var/log/mail.log /var/log/mail.log.1
	start_popwatch
	eventually recorded 192.0.2.2 192.0.2.3
}
