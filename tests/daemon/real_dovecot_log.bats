# needs: root
# enclosure: rsyslog dovecot
# what a real Dovecot logs as a proxy, and with other settings of its log: exactly the logins, and their ends

load ../lib/test
load daemon
load real

start_file() {
	start_rsyslog
	start_dovecot
}

# hold PORT: alice logs in by IMAP from 127.0.0.1 and stays
hold() {
	local reply
	exec 8<>"/dev/tcp/127.0.0.1/$1"
	printf 'a login alice secret\r\n' >&8
	while read -r -t "$DEADLINE" -u 8 reply; do
		[[ $reply != 'a OK'* ]] || return 0
	done
	fail 'no login'
}

open_connections() {
	grep -c '^session [0-9]* [0-9]* [0-9]* [^ ]* o ' "$DIR/db/popwatch.state"
}

one_is_open() {
	[ "$(open_connections)" = 1 ]
}

none_is_open() {
	[ "$(open_connections)" = 0 ]
}

# the end of a connection is known where ends are logged, whether the client says so or goes
prove_ends() {	# prove_ends PORT
	# the server has many sessions of before to end first
	DEADLINE=120 eventually none_is_open
	hold "$1"
	eventually one_is_open
	printf 'b logout\r\n' >&8
	eventually none_is_open
	exec 8>&-
	hold "$1"
	eventually one_is_open
	exec 8>&-
	eventually none_is_open
}

@test "as a proxy: exactly the logins that the server behind has confirmed" {
	watch "$WORK/log/mail.log" 'servers = dovecot-proxy'
	start_dovecot_proxy
	prove_logins --pop 1110 --imap 1143 --only basic,hostile,pair --threads 8 --no6
	prove_ends 1143
	stop_dovecot_proxy
	stop_popwatch
}

@test "other elements and another prefix: with what doveconf -h prints exactly the logins" {
	stop_dovecot
	dovecot_other_log >"$WORK/dovecot/extra.conf"
	start_dovecot
	watch "$WORK/log/mail.log" "elements = $(doveconf -c "$WORK/dovecot/dovecot.conf" -h login_log_format_elements)"
	prove_logins --pop 110 --imap 143 --only basic,hostile,pair --threads 8
	prove_ends 143
	stop_popwatch
}
