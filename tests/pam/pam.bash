# pam.bash - real servers that ask PAM, with pam_relaydb in the stack; load ../lib/test, ../daemon/daemon and this; in an enclosure
#
# The user is carol, password secret, a user of the system.  Clients come from 192.0.2.0/24 and 2001:db8::/64, which are put on
# the loopback interface.  What the module says is in $AUTHLOG.
# The sanitizers' build is left out: servers without them cannot load it, and the unit test has the module under them.

skip_sanitized() {
	[[ $BUILD != */sanitize ]] || skip 'a server without the sanitizers cannot load the module'
}

AUTHLOG=$WORK/log/auth.log
MODULE=$BUILD/pam_relaydb/pam_relaydb.so

# the tests' rsyslogd leaves authpriv out, as Debian's mail.log does; here it goes where Debian has it, to auth.log
start_rsyslog_with_auth() {
	mkdir -p "$WORK/log"
	{
		sed "s,@WORK@,$WORK,g" "$LIB/rsyslog.conf"
		echo "auth,authpriv.* $AUTHLOG"
	} >"$WORK/rsyslog.conf"
	quietly rsyslogd rsyslogd -n -f "$WORK/rsyslog.conf" -i "$WORK/rsyslogd.pid" &
	comes_up rsyslogd $! test -S /dev/log -a -s "$WORK/rsyslogd.pid"
}

add_carol() {
	useradd -M -d "$WORK/carol" -s /bin/sh -p "$(openssl passwd -6 -salt salt secret)" carol
	install -d -o carol "$WORK/carol"
	install -o carol -g mail -m 660 /dev/null /var/mail/carol
}

# users with the password of carol and an account that PAM refuses: it has expired; so has its password; and eve, who is kept
# out by $WORK/access, if a stack asks that
REFUSED='gone stale'
add_refused() {
	local user
	for user in $REFUSED eve; do
		useradd -M -d "$WORK/carol" -s /bin/sh -p "$(openssl passwd -6 -salt salt secret)" "$user"
		install -o "$user" -g mail -m 660 /dev/null "/var/mail/$user"
	done
	chage -E 0 gone
	chage -d 0 stale
	echo '-:eve:ALL' >"$WORK/access"
	echo 'the host is being repaired' >"$WORK/nologin"
}

add_addresses() {
	local i
	for i in {1..60}; do
		ip addr add "192.0.2.$i/32" dev lo
	done
	ip addr add 2001:db8::1/128 dev lo
}

# documented PAGE: the PAM lines of docs/PAGE.md, whose module is ours with these words behind it
documented() {
	local text
	text=$(page_block "$1" pam) || return
	sed "s,pam_relaydb\\.so,$MODULE ${*:2}," <<<"$text"
}

# stack PAGE SERVICE [ARGUMENT...]: /etc/pam.d/SERVICE is what docs/PAGE.md says, with the database and the socket of this
# test.  BEFORE, if set, is an account line ahead of ours, FIRST a line ahead of all; REQUIRED, if set, stands in place of
# `requisite` in the lines of the page
stack() {
	local page=$1 service=$2
	shift 2
	documented "$page" "db=$DB" "socket=$DIR/db/sock" "$@" >"$DIR/stack"
	grep -q '^account *requisite' "$DIR/stack" || fail "docs/$page.md: $(cat "$DIR/stack")"
	{
		echo "${FIRST:-}"
		sed "s/requisite/${REQUIRED:-requisite}/" "$DIR/stack" | grep -v "$MODULE"
		echo "${BEFORE:-}"
		grep "$MODULE" "$DIR/stack"
	} >"/etc/pam.d/$service"
}

login_as() {	# login_as USER ADDRESS
	curl -s -m "$DEADLINE" --interface "$2" -u "$1:secret" pop3://127.0.0.1/ >/dev/null
}

pop() {	# pop ADDRESS [PASSWORD]: fetches carol's mail; fails as the login does
	curl -sS -m "$DEADLINE" --interface "$1" -u "carol:${2:-secret}" pop3://127.0.0.1/ >/dev/null
}

imap() {
	local server=127.0.0.1
	[[ $1 != *:* ]] || server='[::1]'
	curl -sS -m "$DEADLINE" --interface "$1" -u "carol:${2:-secret}" "imap://$server/" >/dev/null
}

told() {	# told TEXT: by the module, to authpriv
	grep -qF -- "$1" "$AUTHLOG"
}

nothing_recorded() {
	! "$VSMTPRELAY" -f "$DB" dump 2>/dev/null | grep -v '^#'
}
