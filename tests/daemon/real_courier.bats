# needs: root
# enclosure: rsyslog courier
# a real Courier, whose logger lets anybody forge a login line

load ../lib/test
load daemon
load real

start_file() {
	ldconfig /usr/lib /usr/lib/courier-authlib
	start_rsyslog
	add_user courier vmail
	install -d -m 775 -g courier /run/courier
	install -d -m 750 -o courier -g courier /run/courier/authdaemon
	install -d -o vmail -g vmail "$WORK/home"
	setpriv --reuid=vmail --regid=vmail --clear-groups maildirmake.courier "$WORK/home/Maildir"
	ln -sf /usr/lib/courier/makedat /usr/bin/makedat
	cd /etc/courier
	sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' authdaemonrc
	sed -i -e 's/^ADDRESS=.*/ADDRESS=0/' -e 's/^POP3AUTH=.*/POP3AUTH="PLAIN LOGIN"/' pop3d
	sed -i -e 's/^ADDRESS=.*/ADDRESS=0/' -e 's/^IMAP_CAPABILITY="IMAP4rev1/& AUTH=PLAIN/' imapd
	printf 'alice\tuid=%s|gid=%s|home=%s|mail=%s|systempw=%s\n' "$(id -u vmail)" "$(id -g vmail)" "$WORK/home" "$WORK/home/Maildir" \
		"$(openssl passwd -1 secret)" >userdb
	chmod 600 userdb
	makeuserdb
	(quietly authdaemond /usr/sbin/authdaemond start)
	(quietly pop3d /usr/lib/courier/pop3d start)
	(quietly imapd /usr/lib/courier/imapd start)
	comes_up pop3d - listens 110
	comes_up imapd - listens 143
}

@test "exactly the logins are recorded, though forged lines are in the log" {
	watch "$WORK/log/mail.log" 'servers = courier'
	prove_logins --pop 110 --imap 143 --only basic,hostile,pair --threads 32
	# the attack did happen: a perfect line, of an address that never logged in
	grep -q 'd: LOGIN, user=x*, ip=\[203.0.113.9\]' "$WORK/log/mail.log" || skip "no forged line this time"
	stop_popwatch
}

@test "with -stderrlogger there are no forged lines, and long names keep nobody out" {
	for service in pop3d:110 imapd:143; do
		port=${service#*:} service=${service%:*}
		(quietly "$service" "/usr/lib/courier/$service" stop)
		eventually not listens "$port"
		# the line that docs/courier.md gives
		sed -n "s/^ *\(TCPDOPTS=.*-stderrloggername=\)pop3d\"\$/\1$service\"/p" "$LIB/../../docs/courier.md" >>"/etc/courier/$service"
		grep -q "stderrloggername=$service\"\$" "/etc/courier/$service"
		(quietly "$service" "/usr/lib/courier/$service" start)
	done
	comes_up pop3d - listens 110
	comes_up imapd - listens 143
	# the forged lines of before are still in the old log, which popwatch would read too
	rotate "$WORK/log/mail.log"
	rm "$WORK/log/mail.log.1"
	watch "$WORK/log/mail.log" 'servers = courier-stderrlogger'
	prove_logins --pop 110 --imap 143 --only basic,hostile,pair --threads 32
	# the long names did come, and were cut
	eventually grep -q 'd: LOGIN FAILED, user=P\{485\}' "$WORK/log/mail.log"
	not grep -q 'd: LOGIN, user=x*, ip=\[203.0.113.9\]' "$WORK/log/mail.log"
	stop_popwatch
}
