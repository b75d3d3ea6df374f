# needs: root
# enclosure: courier
# a real Courier and a real systemd-journald, which takes the blanks at the end of a message away

load ../lib/test
load daemon
load real

JOURNALD=/lib/systemd/systemd-journald

start_file() {
	[ -x $JOURNALD ] || skip "no systemd-journald on this host"
	[ -s /etc/machine-id ] || echo fedcba9876543210fedcba9876543210 >/etc/machine-id
	mkdir -p /run/systemd/journal /run/log/journal
	(quietly journald $JOURNALD) &
	comes_up journald $! test -S /run/systemd/journal/dev-log
	ln -s /run/systemd/journal/dev-log /dev/log
	ldconfig /usr/lib /usr/lib/courier-authlib
	add_user courier vmail
	install -d -m 775 -g courier /run/courier
	install -d -m 750 -o courier -g courier /run/courier/authdaemon
	install -d -o vmail -g vmail "$WORK/home"
	setpriv --reuid=vmail --regid=vmail --clear-groups maildirmake.courier "$WORK/home/Maildir"
	ln -sf /usr/lib/courier/makedat /usr/bin/makedat
	cd /etc/courier
	sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' authdaemonrc
	sed -i -e 's/^ADDRESS=.*/ADDRESS=0/' -e 's/^POP3AUTH=.*/POP3AUTH="PLAIN LOGIN"/' pop3d
	printf 'alice\tuid=%s|gid=%s|home=%s|mail=%s|systempw=%s\n' "$(id -u vmail)" "$(id -g vmail)" "$WORK/home" "$WORK/home/Maildir" \
		"$(openssl passwd -1 secret)" >userdb
	chmod 600 userdb
	makeuserdb
	(quietly authdaemond /usr/sbin/authdaemond start)
	(quietly pop3d /usr/lib/courier/pop3d start)
	comes_up pop3d - listens 110
}

# forge NAME: POP3 with a wrong password
forge() {
	python3 - "$1" <<-'END'
	import socket, sys
	s = socket.create_connection(("127.0.0.1", 110), 60, ("127.0.0.9", 0))
	f = s.makefile("rwb")
	f.readline()
	for line in "USER " + sys.argv[1], "PASS wrong":
	    f.write(line.encode() + b"\r\n")
	    f.flush()
	    answer = f.readline()
	sys.exit(0 if answer.startswith(b"-ERR") else "logged in")
	END
}

@test "blanks up to where the logger cuts a message do not hide that it was cut" {
	prepare "journal = /run/log/journal/$(cat /etc/machine-id)" 'servers = courier'
	sed -i '/^log = /d' "$DIR/popwatch.conf"
	start_popwatch
	# the logger keeps 511 bytes, begins the rest where the client likes, and adds the true end of the line to it
	forge "q$(printf '%487s' '')LOGIN, user=x"
	# the rest is cut, too: all of it is the client's
	forge "q$(printf '%487s' '')LOGIN, user=x, ip=[203.0.113.9], port=[1]$(printf '%600s' '')"
	# the logger throws away lines of other clients behind one that it cuts: the first logins need not be in the log
	alice_counts() {
		curl -sS --max-time "$DEADLINE" --interface 127.0.0.8 -u alice:secret pop3://127.0.0.1/ >/dev/null
		recorded 127.0.0.8
	}
	eventually alice_counts
	# the attack did happen: perfect lines
	journalctl -D /run/log/journal -o cat | grep -qx 'LOGIN FAILED, user=q'
	journalctl -D /run/log/journal -o cat | grep -qx 'LOGIN, user=x, ip=\[::ffff:127.0.0.9\], port=\[[0-9]*\]'
	journalctl -D /run/log/journal -o cat | grep -qx 'LOGIN, user=x, ip=\[203.0.113.9\], port=\[1\]'
	not recorded 127.0.0.9
	not recorded 203.0.113.9
	stop_popwatch
}
