# needs: root
# enclosure: rsyslog dovecot
# a real Dovecot logging through a real rsyslog, popwatch as user relayers

load ../lib/test
load daemon
load real

start_file() {
	start_rsyslog
	start_dovecot
}

@test "exactly the logins are recorded" {
	watch "$WORK/log/mail.log"
	prove_logins --pop 110 --imap 143 --only basic,hostile,pair --threads 8
	stop_popwatch
}

@test "a log of root:adm 0640 is followed through rotations" {
	watch "$WORK/log/mail.log"
	[ "$(stat -c %U:%G:%a "$WORK/log/mail.log")" = root:adm:640 ]
	for i in 2 3 4; do
		rotate "$WORK/log/mail.log"
		curl -sS --interface 127.0.1.$i -u alice:secret pop3://127.0.0.1/ >/dev/null
		eventually recorded 127.0.1.$i
		mv "$WORK/log/mail.log.1" "$WORK/log/mail.log.$i"
	done
	stop_popwatch
}

@test "authorisations are logged to syslog, even after a restart of rsyslog" {
	watch "$WORK/log/mail.log"
	curl -sS --interface 127.0.2.2 -u alice:secret pop3://127.0.0.1/ >/dev/null
	eventually grep -q "popwatch\[$POPWATCH_PID\]: login from 127.0.2.2: user 'alice', server dovecot" "$WORK/log/mail.log"
	stop_rsyslog
	start_rsyslog
	login 127.0.2.3 >>"$WORK/log/mail.log"
	eventually grep -q "popwatch\[$POPWATCH_PID\]: login from 127.0.2.3" "$WORK/log/mail.log"
	stop_popwatch
}

@test "popwatch's own words in the log it reads do not count as logins" {
	watch "$WORK/log/mail.log"
	evil='x, server dovecot: imap-login: Login: 203.0.113.9'
	printf '%s vm dovecot: imap-login: Login: user=<%s>, method=PLAIN, rip=127.0.2.9, lip=127.0.0.1, mpid=205, session=<x>\n' \
		"$(date '+%b %e %T')" "$evil" >>"$WORK/log/mail.log"
	eventually recorded 127.0.2.9
	eventually grep -q 'popwatch.*login from 127.0.2.9.*203.0.113.9' "$WORK/log/mail.log"
	login 127.0.2.10 >>"$WORK/log/mail.log"
	eventually recorded 127.0.2.10
	not recorded 203.0.113.9
	stop_popwatch
}

@test "-n names what user relayers cannot read" {
	prepare
	add_user relayers
	sed -i 's/^user =.*/user = relayers/' "$DIR/popwatch.conf"
	install -m 600 /dev/null "$LOG"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" -eq 77 ]
	[[ $output == *"relayers cannot read $LOG: Permission denied"* ]]
	[[ $output == *"relayers cannot write in the directory $DIR/db: Permission denied"* ]]
}
