# real.bash - popwatch, as user relayers, beside a real server; load ../lib/test, daemon and this; inside an enclosure
#
# Each file starts rsyslog and its server in start_file and then calls prove_logins.  matrix.py logs in in many ways, each from an address
# of its own: right and wrong passwords, hostile names, line ends in names where the protocol permits them.

HERE=$BATS_TEST_DIRNAME

# a user of the system with an empty mailbox, password "secret"
unix_user() {
	getent passwd "$1" >/dev/null || useradd -M -d "$WORK/$1" -s /bin/sh -p "$(openssl passwd -6 secret)" "$1"
	install -d -o "$1" "$WORK/$1"
	install -o "$1" -g mail -m 660 /dev/null "/var/mail/$1"
}

pam_service() {	# pam_service NAME: passwords of /etc/shadow
	printf '%s\n' 'auth required pam_unix.so' 'account required pam_unix.so' 'session required pam_permit.so' >"/etc/pam.d/$1"
}

inetd() {	# inetd PORT PROGRAM ARGV0 [ARG...]: behind tcpd, as Debian sets it up
	(quietly "inetd$1" "$HERE/inetd.py" "$1" "$WORK/inetd$1.pid" "${@:2}")
	comes_up "inetd$1" - listens "$1"
}

# popwatch as user relayers of group adm, following LOG (root:adm 0640, as rsyslog makes it) with SETTINGS
watch() {	# watch LOG SETTING...
	local log=$1
	shift
	add_user relayers
	usermod -a -G adm relayers
	prepare "$@"
	sed -i -e "s,^log = .*,log = $log," -e 's/^user =.*/user = relayers/' "$DIR/popwatch.conf"
	chown -R relayers: "$DIR/db"
	start_popwatch
	# it really is somebody else now, and confined
	grep -q "^Uid:	$(id -u relayers)	" "/proc/$POPWATCH_PID/status"
	grep -q '^NoNewPrivs:	1$' "/proc/$POPWATCH_PID/status"
	grep -q '^Seccomp:	2$' "/proc/$POPWATCH_PID/status"
}

# prove_logins MATRIX-OPTION...: exactly those addresses are recorded whose clients were told that they are logged in
prove_logins() {
	python3 "$HERE/matrix.py" "$@" >"$DIR/transcript"
	awk -F '\t' '$4 == "ok" { print $3 }' "$DIR/transcript" | sort -u >"$DIR/expected"
	[ "$(wc -l <"$DIR/expected")" -ge 3 ] || fail "hardly anybody could log in: $(cat "$DIR/transcript")"
	grep -qP '\tno\t' "$DIR/transcript" || fail "everybody could log in"
	found() { "$VSMTPRELAY" -f "$DB" dump 2>/dev/null | sed -n 's/^\([^#][^ ]*\) .*/\1/p' | sort -u; }
	agree() { found >"$DIR/found" && cmp -s "$DIR/expected" "$DIR/found"; }
	eventually agree || { diff "$DIR/expected" "$DIR/found"; return 1; }
}

rotate() {	# rotate LOG: as logrotate does it, new file and all; then rsyslogd is told, and has closed the old one
	mv "$1" "$1.1"
	install -o root -g adm -m 640 /dev/null "$1"
	kill -HUP "$(cat "$WORK/rsyslogd.pid")"
	eventually has_closed "$1.1"
}

has_closed() {	# has_closed FILE: rsyslogd
	! find "/proc/$(cat "$WORK/rsyslogd.pid")/fd" -lname "$1" | grep -q .
}
