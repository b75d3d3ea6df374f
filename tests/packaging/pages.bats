# enclosure: postfix rsyslog
# blocks of the pages in docs/ that are about Postfix's other ports, and about a POP server on another host

load ../lib/test
load ../mta/mta

setup_file() {
	make_scratch
	export RELAYERS=$SCRATCH/relayers
}

teardown() {
	[ -z "${POSTFIX_PID-}" ] || stop_postfix
	[ -z "${RSYSLOG_PID-}" ] || stop "$RSYSLOG_PID"
	POSTFIX_PID= RSYSLOG_PID=
}

# lines_of_submission: of the master.cf that comes with Postfix, without what needs certificates and SASL
lines_of_submission() {
	sed -n '/^#submission /,/^# Choose one/p' /usr/share/postfix/master.cf.dist | grep -E '^#(submission|  -o)' | sed 's/^#//' |
		grep -vE 'smtpd_(sasl|tls)_'
}

@test "docs/postfix.md: port 2525 asks the map, submission as it comes does not, and does with the three lines" {
	start_rsyslog
	RSYSLOG_PID=$(cat "$WORK/rsyslogd.pid")
	fresh_rows
	configure_postfix
	sed -i '/^smtpd_relay_restrictions/d' /etc/postfix/main.cf
	stanza postfix relay >>/etc/postfix/main.cf
	sed -i '/^2525 /d' /etc/postfix/master.cf
	stanza postfix port >>/etc/postfix/master.cf
	lines_of_submission >>/etc/postfix/master.cf
	lines_of_submission | sed 's/^submission /588 /' | grep -vE 'smtpd_(relay|recipient)_restrictions' >>/etc/postfix/master.cf
	stanza postfix submission >>/etc/postfix/master.cf
	sed -i -E '/ smtpd$/s/ y /n /' /etc/postfix/master.cf	# the test's queue directory is no root file system
	postfix check
	start_as_it_is postfix
	relays 127.0.1.1 -p 2525 || fail "2525: $REPLY"
	refuses 127.0.1.9 -p 2525
	refuses 127.0.1.1 -p 587
	relays 127.0.1.1 -p 588 || fail "588: $REPLY"
	refuses 127.0.1.9 -p 588
}

@test "docs/INSTALL.md: a POP host forwards its log, and the mail host takes it from there alone" {
	stanza INSTALL rsyslog-pop-host | sed 's/"mx.example.net"/"127.0.0.1"/' >"$SCRATCH/pop-host"
	stanza INSTALL rsyslog-mail-host | sed 's/"192.0.2.25"/"127.0.0.1"/' >"$SCRATCH/mail-host"
	mkdir -p "$SCRATCH/queue"
	cat - "$SCRATCH/mail-host" "$SCRATCH/pop-host" >"$SCRATCH/rsyslog.conf" <<-CONF
		module(load="imuxsock")
		\$WorkDirectory $SCRATCH/queue
	CONF
	quietly rsyslogd rsyslogd -n -f "$SCRATCH/rsyslog.conf" -i "$SCRATCH/rsyslogd.pid" &
	RSYSLOG_PID=$!
	comes_up rsyslogd $RSYSLOG_PID test -S /dev/log -a -s "$SCRATCH/rsyslogd.pid"
	comes_up rsyslogd $RSYSLOG_PID listens 10514
	line='imap-login: Login: user=<alice>, method=PLAIN, rip=%s, lip=192.0.2.200, mpid=5, session=<a>'
	forged=$(printf "<22>%s pop dovecot: $line" "$(LC_ALL=C date '+%b %e %T')" 203.0.113.9)
	python3 - "$forged" <<-'PY'		# from another address than that of the POP host
		import socket, sys
		s = socket.create_connection(("127.0.0.1", 10514), source_address=("127.0.0.2", 0))
		s.sendall(sys.argv[1].encode() + b"\n")
		s.shutdown(socket.SHUT_WR)
		s.recv(1)		# closed when it was read
	PY
	python3 - "${forged#<22>}" <<-'PY'		# from the POP host, beyond what rsyslog keeps of a message; imtcp drops a byte of it
		import socket, sys
		s = socket.create_connection(("127.0.0.1", 10514))
		head = b"<22>Nov 20 11:46:38 pop dovecot: "
		texts = [head + b"B" * (8096 - len(head)) + gap + sys.argv[1].encode() for gap in (b"", b" ")]
		s.sendall(b"".join(b"%s\n" % text for text in texts))		# lines
		s.sendall(b"".join(b"%d %s" % (len(text), text) for text in texts))		# counted octets
		s.shutdown(socket.SHUT_WR)
		s.recv(1)
	PY
	logger -t dovecot -p mail.info "$(printf "$line" 192.0.2.1)"
	wait_for 60 grep -q 192.0.2.1 /var/log/pop.log
	[ "$(grep -c 'dovecot: B*$' /var/log/pop.log)" -eq 4 ]
	[ "$(stat -c %U:%G:%a /var/log/pop.log)" = root:adm:640 ]
	printf '%s\n' "definitions = $SOURCES/popwatch/servers.d" 'servers = dovecot' >"$SCRATCH/popwatch.conf"
	"$BUILD/popwatch/popwatch" -c "$SCRATCH/popwatch.conf" -t /var/log/pop.log >"$SCRATCH/found"
	[ "$(cut -f 2-5 "$SCRATCH/found")" = "$(printf 'login\t192.0.2.1\tdovecot\talice')" ] || fail "$(cat "$SCRATCH/found")"
}
