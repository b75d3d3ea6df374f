# servers.sh - starts and stops real servers inside an enclosure; to be sourced by sh or bats
#
# Each start_X makes a configuration below $WORK (or where the package looks for it), starts the server on its usual port and
# returns when it can be talked to; stop_X returns when it is gone.  Both fail when that takes longer than a deadline, and at
# once when the server ends; on stderr they say what was waited for, and what the server said.
# Nothing needs stopping at the end: the enclosure takes every process with it.
# LIB is this directory; the caller sets it.  What servers say themselves is in $WORK/log/NAME.out.

PATH=$LIB/bin:$PATH
. "$LIB/versions.sh"

# wait_for SECONDS COMMAND...: until COMMAND succeeds; fails when SECONDS have passed
wait_for() {
	wait_until=$(($(date +%s) + $1)); shift
	until "$@" >/dev/null 2>&1; do
		if [ "$(date +%s)" -gt "$wait_until" ]; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		sleep 0.02
	done
}

# listens PORT: somebody has the TCP port open (no connection is made, so nothing is logged)
listens() {
	ss -ltnH "sport = :$1" | grep -q .
}

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:	Z' "/proc/$1/status"
}

# words_of NAME: the end of what it said, and of what was logged, on stderr
words_of() {
	for words in "$WORK/log/$1.out" "$WORK/log/syslog"; do
		if [ -s "$words" ]; then
			echo "---- the end of $words:"
			tail -n 15 "$words"
		else
			echo "---- nothing is in $words"
		fi
	done >&2
}

# comes_up NAME PID COMMAND...: until COMMAND succeeds; fails, with what NAME said, when PID (- where it is not known) has ended
# or a minute has passed
comes_up() {
	up_name=$1 up_pid=$2 up_until=$(($(date +%s) + 60)); shift 2
	until "$@" >/dev/null 2>&1; do
		if [ "$up_pid" != - ] && is_gone "$up_pid"; then
			echo "$up_name has ended" >&2
		elif [ "$(date +%s)" -gt "$up_until" ]; then
			echo "$up_name: waited in vain for: $*" >&2
		else
			sleep 0.02
			continue
		fi
		words_of "$up_name"
		return 1
	done
}

# stop PID [SIGNAL]: and waits until it is gone
stop() {
	kill -s "${2:-TERM}" "$1" && wait_for 60 is_gone "$1"
}

# quietly NAME COMMAND...: in place of this (sub)shell and without the caller's descriptors (bats has some), on which their readers would wait for ever
quietly() {
	quietly_name=$1; shift
	mkdir -p "$WORK/log"
	exec "$@" >"$WORK/log/$quietly_name.out" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

add_user() {	# add_user NAME...: system users with a group of the same name
	for user; do
		getent passwd "$user" >/dev/null || useradd -r -M -s /usr/sbin/nologin "$user"
	done
}

# ---- rsyslog: /dev/log, mail.* to $WORK/log/mail.log as Debian 12 writes it, everything to $WORK/log/syslog ----

start_rsyslog() {
	mkdir -p "$WORK/log"
	sed "s,@WORK@,$WORK,g" "$LIB/rsyslog.conf" >"$WORK/rsyslog.conf"
	quietly rsyslogd rsyslogd -n -f "$WORK/rsyslog.conf" -i "$WORK/rsyslogd.pid" &
	comes_up rsyslogd $! test -S /dev/log -a -s "$WORK/rsyslogd.pid"
}

stop_rsyslog() {
	stop "$(cat "$WORK/rsyslogd.pid")"
}

# ---- systemd-journald: /dev/log and the journal in memory, /run/log/journal, as a Debian without a syslog daemon has them ----

start_journald() {
	journald=/lib/systemd/systemd-journald
	[ -x $journald ] || { echo "no $journald on this host: package systemd" >&2; return 1; }
	[ -s /etc/machine-id ] || echo fedcba9876543210fedcba9876543210 >/etc/machine-id
	mkdir -p /run/systemd/journal
	install -d -g systemd-journal -m 2755 /run/log /run/log/journal "/run/log/journal/$(cat /etc/machine-id)"
	(quietly journald $journald) &
	comes_up journald $! test -S /run/systemd/journal/dev-log
	ln -sf /run/systemd/journal/dev-log /dev/log
}

# ---- Dovecot: POP3 on 110, IMAP on 143, user alice, password secret, one empty mailbox ----

start_dovecot() {
	add_user dovecot dovenull vmail
	mkdir -p "$WORK/dovecot/home"
	chown vmail: "$WORK/dovecot/home"
	{
		dovecot_first_lines
		dovecot_cleartext
		dovecot_maildir "$WORK/dovecot/home/Maildir"
		dovecot_users "$WORK/dovecot/users" vmail "$WORK/dovecot/home"
		sed "s,@WORK@,$WORK,g" "$LIB/dovecot.conf"
	} >"$WORK/dovecot/dovecot.conf"
	echo 'alice:{PLAIN}secret' >"$WORK/dovecot/users"
	(quietly dovecot dovecot -c "$WORK/dovecot/dovecot.conf") || {
		echo "dovecot does not start: status $?" >&2
		words_of dovecot
		return 1
	}
	comes_up dovecot - listens 110
	comes_up dovecot - listens 143
}

stop_dovecot() {
	stop "$(cat "$WORK/dovecot/run/master.pid")"
}

# ---- Dovecot as a proxy: POP3 on 1110, IMAP on 1143, everybody is handed on to the Dovecot above ----

start_dovecot_proxy() {	# start_dovecot_proxy [SETTING...]
	mkdir -p "$WORK/proxy"
	{
		dovecot_first_lines
		dovecot_cleartext
		dovecot_maildir "$WORK/dovecot/home/Maildir"
		dovecot_to_host 127.0.0.1
		printf '%s\n' "base_dir = $WORK/proxy/run" "state_dir = $WORK/proxy/state" "$@"
		cat "$LIB/dovecot-proxy.conf"
	} >"$WORK/proxy/dovecot.conf"
	(quietly proxy dovecot -c "$WORK/proxy/dovecot.conf") || {
		echo "the proxy does not start: status $?" >&2
		words_of proxy
		return 1
	}
	comes_up proxy - listens 1110
	comes_up proxy - listens 1143
}

stop_dovecot_proxy() {
	stop "$(cat "$WORK/proxy/run/master.pid")"
	proxy_is_gone() { ! listens 1143 && ! listens 1110; }
	wait_for 60 proxy_is_gone
}

# ---- Mailutils: pop3d and imap4d, started by an inetd for each client ----

# configure_mailutils SERVICE...: $WORK/SERVICE.conf: passwords by the PAM service of that name, /var/mail, syslog's mail
configure_mailutils() {
	ldconfig /usr/lib/x86_64-linux-gnu/libmariadb3
	for service; do
		cat >"$WORK/$service.conf" <<-END
			pam { service "$service"; };
			auth { authentication pam; authorization system; };
			mailbox { mail-spool "/var/mail"; };
			logging { syslog yes; facility mail; };
		END
	done
}

# ---- sendmail: SMTP on 25 of 127.0.0.1 and ::1; nothing is delivered, everything is queued ----

# configure_sendmail [FILE.mc]: /etc/mail/sendmail.cf from it, or from sendmail-cf/sample.mc with the map $RELAYERS
configure_sendmail() {
	add_user smmta smmsp
	cp "$LIB/../../sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	cp "$BUILD/placed/sendmail-cf/feature/"*.m4 /usr/share/sendmail/cf/feature/
	mkdir -p /etc/mail /run/sendmail/mta /var/lib/sendmail/host_status
	: >/etc/mail/local-host-names
	: >/etc/mail/aliases
	sed "s,/var/lib/relayers/relayers,${RELAYERS:-/var/lib/relayers/relayers}," "${1:-$LIB/../../sendmail-cf/sample.mc}" \
		>"$WORK/sendmail.mc"
	m4 "$WORK/sendmail.mc" >/etc/mail/sendmail.cf
	install -d -m 700 "$WORK/mqueue"
}

start_sendmail() {	# start_sendmail [FILE.mc]
	configure_sendmail "$@"
	quietly sendmail /usr/libexec/sendmail/sendmail -bD -ODeliveryMode=queueonly -OQueueDirectory="$WORK/mqueue" -ORefuseLA=0 -OQueueLA=0 \
		-ODaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25 -ODaemonPortOptions=Name=MTA6,Family=inet6,Addr=::1,Port=25 \
		-OTimeout.ident=0 &
	SENDMAIL_PID=$!
	comes_up sendmail $! listens 25
}

stop_sendmail() {
	stop "$SENDMAIL_PID"
}

# ---- Postfix: SMTP on 2525 of 127.0.0.1 and ::1; nothing is delivered ----

# the types of maps that are packages of their own, which their maintainer scripts would register
optional_maps() {
	grep -E '^(lmdb|sqlite)[[:space:]]' /usr/share/postfix/dynamicmaps.cf >/etc/postfix/dynamicmaps.cf
}

configure_postfix() {
	add_user postfix
	getent group postdrop >/dev/null || groupadd -r postdrop
	rm -rf "$WORK/postfix"
	mkdir -p "$WORK/postfix" /etc/postfix
	sed -e "s,@WORK@,$WORK,g" -e "s,@RELAYERS@,${RELAYERS:-/var/lib/relayers/relayers},g" "$LIB/postfix/server.cf" >/etc/postfix/main.cf
	cp "$LIB/postfix/master.cf" /etc/postfix/master.cf
	optional_maps
	install -d -o postfix "$WORK/postfix/data"
	mkdir "$WORK/postfix/queue"
	ldconfig /usr/lib/postfix
	postfix set-permissions create-missing 2>/dev/null || :	# complains of manuals that the package keeps elsewhere
}

start_postfix() {
	configure_postfix
	quietly postfix /usr/lib/postfix/sbin/master -d &
	POSTFIX_PID=$!
	comes_up postfix $! listens 2525
}

stop_postfix() {
	stop "$POSTFIX_PID"
}
