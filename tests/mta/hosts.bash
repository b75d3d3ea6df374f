# hosts.bash - a host with user, directory, cron, and one mail server or none;
# load ../lib/test, mta and this
#
# The mail servers are unpacked side by side; those that a host is to have can
# be executed.  None runs, each answers with its configuration.

start_hosts() {
	add_user relayers
	add_user Debian-exim relayers
	add_user postfix
	usermod -a -G relayers Debian-exim
	export RELAYERS=/var/lib/relayers/relayers
	install -d -o relayers -g relayers -m 755 /var/lib/relayers
	mkdir -p /etc/relayers /etc/cron.d /var/log
	echo '*/15 * * * *  relayers  /usr/sbin/vsmtprelay expire 60' >/etc/cron.d/vsmtprelay
	printf '#!/bin/sh\n' >/usr/sbin/cron
	chmod 755 /usr/sbin/cron
}

PROGRAMS='/usr/libexec/sendmail/sendmail /usr/sbin/postconf /usr/sbin/postmap /usr/sbin/exim4'

host() {	# host [PROGRAM...]: the mail servers that are there
	chmod -x $PROGRAMS
	[ $# = 0 ] || chmod +x "$@"
}

sendmail_host() {
	host /usr/libexec/sendmail/sendmail
	relayers_mc "${1-$with_window}"
	configure_sendmail "$SCRATCH/sendmail.mc"
}

postfix_host() {	# which takes seconds the first time
	host /usr/sbin/postconf /usr/sbin/postmap
	if [ -d "$SCRATCH/postfix" ]; then
		cp -a "$SCRATCH/postfix/." /etc/postfix/
		return
	fi
	configure_postfix
	# Postfix has made its sendmail executable, which is a link to Exim here
	host /usr/sbin/postconf /usr/sbin/postmap
	sed -i '/^relayers =/d; /^smtpd_relay_restrictions/d' /etc/postfix/main.cf
	stanza postfix map >>/etc/postfix/main.cf
	stanza postfix relay >>/etc/postfix/main.cf
	cp -a /etc/postfix "$SCRATCH/postfix"
}

exim_host() {
	local word
	host /usr/sbin/exim4
	sed "s,@WORK@,$WORK,g" "$BATS_TEST_DIRNAME/exim.conf" >/etc/exim4/exim4.conf
	for word in acl rcpt; do
		stanza exim "$word" >"$SCRATCH/block"
		sed -i -e "/^@${word^^}@/r $SCRATCH/block" /etc/exim4/exim4.conf
	done
	sed -i '/^@[A-Z]*@$/d' /etc/exim4/exim4.conf
	install -d -o Debian-exim -g Debian-exim "$WORK/exim" "$WORK/exim/spool" "$WORK/exim/log"
}

# why STATUS WORDS ADDRESS: it ends with STATUS, and each line of WORDS is somewhere in what it prints
why() {
	local status=0 word
	"$BUILD/vsmtprelay/vsmtprelay" why "$3" >"$SCRATCH/why" 2>&1 || status=$?
	while read -r word; do
		grep -qF -e "$word" "$SCRATCH/why" || fail "$3: no '$word' in $(cat "$SCRATCH/why")"
	done <<<"$2"
	[ "$status" = "$1" ] || fail "$3: status $status, expected $1: $(cat "$SCRATCH/why")"
}

# shows STATUS WORDS: the same of status
shows() {
	local status=0 word
	"$BUILD/vsmtprelay/vsmtprelay" status >"$SCRATCH/status" 2>&1 || status=$?
	while read -r word; do
		grep -qE -e "$word" "$SCRATCH/status" || fail "no '$word' in $(cat "$SCRATCH/status")"
	done <<<"$2"
	[ "$status" = "$1" ] || fail "status $status, expected $1: $(cat "$SCRATCH/status")"
}
