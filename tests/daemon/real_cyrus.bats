# needs: root
# enclosure: rsyslog cyrus sasl
# a real Cyrus

load ../lib/test
load daemon
load real

start_file() {
	ldconfig
	start_rsyslog
	getent passwd cyrus >/dev/null || useradd -r -M -g mail -d "$WORK/cyrus" -s /bin/sh cyrus
	install -d -m 755 -o cyrus -g mail "$WORK/cyrus" "$WORK/cyrus/run"
	cat >"$WORK/imapd.conf" <<-END
		configdirectory: $WORK/cyrus
		proc_path: $WORK/cyrus/run/proc
		mboxname_lockpath: $WORK/cyrus/run/lock
		defaultpartition: default
		partition-default: $WORK/cyrus/mail
		sievedir: $WORK/cyrus/sieve
		admins: cyrus
		allowplaintext: yes
		popminpoll: 0
		autocreate_quota: 0
		autocreate_post: yes
		sasl_pwcheck_method: auxprop
		sasl_auxprop_plugin: sasldb
		sasl_sasldb_path: $WORK/sasldb2
		sasl_mech_list: PLAIN LOGIN
		defaultdomain: $(hostname)
		lmtpsocket: $WORK/cyrus/run/lmtp
		idlesocket: $WORK/cyrus/run/idle
		notifysocket: $WORK/cyrus/run/notify
		syslog_prefix: cyrus
	END
	cat >"$WORK/cyrus.conf" <<-END
		START {
			recover cmd="/usr/sbin/cyrus ctl_cyrusdb -C $WORK/imapd.conf -r"
		}
		SERVICES {
			imap cmd="imapd -C $WORK/imapd.conf -U 30" listen="143" prefork=0 maxchild=100
			pop3 cmd="pop3d -C $WORK/imapd.conf -U 30" listen="110" prefork=0 maxchild=50
		}
		EVENTS {
			checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -C $WORK/imapd.conf -c" period=30
		}
	END
	cp "$WORK/imapd.conf" /etc/imapd.conf
	setpriv --reuid=cyrus --regid=mail --clear-groups cyrus makedirs
	install -o cyrus -g mail /dev/null "$WORK/cyrus/user_deny.db"
	printf secret | saslpasswd2 -p -c -f "$WORK/sasldb2" -u "$(hostname)" alice
	chown cyrus "$WORK/sasldb2"
	(quietly cyrmaster /usr/sbin/cyrmaster -C "$WORK/imapd.conf" -M "$WORK/cyrus.conf" -p "$WORK/cyrus/master.pid" -d)
	comes_up cyrmaster - listens 110
	comes_up cyrmaster - listens 143
	# her first login makes her mailbox; of two at once one would be sent away
	# after it was logged
	curl -sS --max-time 60 --interface 127.0.0.2 -u alice:secret pop3://127.0.0.1/ >/dev/null
}

@test "exactly the logins are recorded" {
	watch "$WORK/log/mail.log" 'servers = cyrus'
	prove_logins --pop 110 --imap 143 --only basic,hostile,pair --threads 16
	stop_popwatch
}
