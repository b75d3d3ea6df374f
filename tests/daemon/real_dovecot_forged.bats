# needs: root
# enclosure: rsyslog dovecot
# what clients without a password can make a real Dovecot log, and what of it is believed

load ../lib/test
load daemon
load real

FORGER=$BATS_TEST_DIRNAME/forger.py

start_file() {
	start_rsyslog
	mkdir -p "$WORK/dovecot"
	# the worst that names can be: any byte, capitals kept
	printf '%s\n' 'auth_username_chars =' 'auth_username_format = %u' >"$WORK/dovecot/extra.conf"
	! dovecot_is_2_3 || echo 'imap_id_log = *' >>"$WORK/dovecot/extra.conf"
	start_dovecot
}

# the lines of imap-login in which TEXT comes first
begins_a_line() {	# begins_a_line TEXT
	grep -F "dovecot: imap-login: $1" "$WORK/log/mail.log"
}

# a true login from ADDRESS is recorded: all that came before it was read
login_counts() {	# login_counts ADDRESS
	curl -s --interface "$1" -u alice:secret imap://127.0.0.1/ >/dev/null
	eventually recorded "$1"
}

@test "the rest of a long ID begins where the client wants it, and is no login" {
	dovecot_is_2_3 || skip 'Dovecot 2.4 logs no ID'
	watch "$WORK/log/mail.log" 'servers = all'
	python3 "$FORGER" split 143 127.0.3.2 'Login: user=<x' nobody
	eventually begins_a_line 'Login: user=<x: user=<nobody>, method=PLAIN, rip=127.0.3.2, lip=127.0.0.1'
	python3 "$FORGER" split 143 127.0.3.3 'Login' nobody
	eventually begins_a_line 'Login: user=<nobody>, method=PLAIN, rip=127.0.3.3, lip=127.0.0.1'
	python3 "$FORGER" split 143 127.0.3.4 'Login'
	eventually begins_a_line 'Login: user=<>, rip=127.0.3.4, lip=127.0.0.1'
	python3 "$FORGER" split 143 127.0.3.5 'Login: user=<x>, method=PLAIN, rip=127.0.3.6, lip=127.0.0.1, mpid=1, session=<A'
	eventually begins_a_line 'Login: user=<x>, method=PLAIN, rip=127.0.3.6, lip=127.0.0.1, mpid=1, session=<A: user=<>'
	python3 "$FORGER" split 143 127.0.3.7 'Login: user=<x, mpid=1' 'x,mpid=1'
	login_counts 127.0.3.9
	for n in 2 3 4 5 6 7; do
		not recorded 127.0.3.$n
	done
	stop_popwatch
}

@test "a name at the border, after an ID of just the right size, is no login either" {
	dovecot_is_2_3 || skip 'Dovecot 2.4 logs no ID'
	watch "$WORK/log/mail.log" 'servers = all'
	# "k=x: user=<" before the border
	python3 "$FORGER" split 143 127.0.4.2 'x' '"Login: user=<x"' 9
	eventually begins_a_line 'Login: user=<x>, method=PLAIN, rip=127.0.4.2, lip=127.0.0.1'
	login_counts 127.0.4.9
	not recorded 127.0.4.2
	stop_popwatch
}

# a name with a line end in it, such that "$1" becomes a message of imap-login; too long for the server behind, so that the proxy logs it
line_in_a_name() {
	printf 'x\n\1\2999 %s\n%s' "$1" "$(head -c 4000 /dev/zero | tr '\0' y)"
}

@test "a line end in the name that a proxy puts before its words: not with the default of auth_username_chars" {
	dovecot_is_2_3 || skip 'Dovecot 2.4 writes a blank for a line end in the prefix'
	watch "$WORK/log/mail.log" 'servers = all dovecot-proxy'
	start_dovecot_proxy
	line_in_a_name 'proxy(x): started proxying to h: user=<x>, method=PLAIN, rip=203.0.113.99, lip=127.0.0.1' |
		python3 "$FORGER" name 1143 127.0.5.2
	curl -s --interface 127.0.5.9 -u alice:secret imap://127.0.0.1:1143/ >/dev/null
	eventually recorded 127.0.5.9
	not begins_a_line 'proxy(x): started proxying to h'
	not recorded 203.0.113.99
	not recorded 127.0.5.2
	stop_dovecot_proxy
	stop_popwatch
}

@test "with an empty auth_username_chars it makes any line, as dovecot-proxy.conf says; servers = all leaves that out" {
	dovecot_is_2_3 || skip 'Dovecot 2.4 writes a blank for a line end in the prefix'
	watch "$WORK/log/mail.log" 'servers = all'
	start_dovecot_proxy 'auth_username_chars =' 'auth_username_format = %u'
	line_in_a_name 'proxy(x): started proxying to h: user=<x>, method=PLAIN, rip=203.0.113.98, lip=127.0.0.1' |
		python3 "$FORGER" name 1143 127.0.6.2
	curl -s --interface 127.0.6.3 -u alice:secret pop3://127.0.0.1:1110/ >/dev/null
	eventually begins_a_line 'proxy(x): started proxying to h: user=<x>, method=PLAIN, rip=203.0.113.98'
	login_counts 127.0.6.9
	not recorded 203.0.113.98
	# nor a proxy's true login
	eventually grep -q 'pop3-login: proxy(alice,127.0.0.1:110): Started proxying .*rip=127.0.6.3' "$WORK/log/mail.log"
	not recorded 127.0.6.3
	stop_dovecot_proxy
	stop_popwatch
}

@test "an ID of a proxy's client that ends as its lines begin is no login, though the ID is logged" {
	dovecot_is_2_3 || skip 'Dovecot 2.4 logs no ID'
	watch "$WORK/log/mail.log" 'servers = all dovecot-proxy'
	start_dovecot_proxy 'imap_id_log = *'
	python3 "$FORGER" split 1143 127.0.8.2 'proxy(x): started proxying to h'
	eventually begins_a_line 'proxy(x): started proxying to h: user=<>, rip=127.0.8.2, lip=127.0.0.1'
	python3 "$FORGER" split 1143 127.0.8.3 'proxy(x): started proxying to h' nobody
	eventually begins_a_line 'proxy(x): started proxying to h: user=<nobody>, method=PLAIN, rip=127.0.8.3, lip=127.0.0.1'
	curl -s --interface 127.0.8.9 -u alice:secret pop3://127.0.0.1:1110/ >/dev/null
	eventually recorded 127.0.8.9
	not recorded 127.0.8.2
	not recorded 127.0.8.3
	stop_dovecot_proxy
	stop_popwatch
}

@test "an ID of a proxy's client that ends as its lines begin is no login where the ID is not logged" {
	dovecot_is_2_3 || skip 'Dovecot 2.4 logs no ID'
	watch "$WORK/log/mail.log" 'servers = all dovecot-proxy'
	start_dovecot_proxy
	python3 "$FORGER" split 1143 127.0.7.2 'proxy(x): started proxying to h'
	curl -s --interface 127.0.7.9 -u alice:secret pop3://127.0.0.1:1110/ >/dev/null
	eventually recorded 127.0.7.9
	not recorded 127.0.7.2
	stop_dovecot_proxy
	stop_popwatch
}
