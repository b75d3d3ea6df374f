# vsmtprelay why, status and setup on hosts with sendmail, Postfix, Exim and none: no server runs, each answers with the
# configuration of the host
#
# enclosure: sendmail postfix exim

load ../lib/test
load mta
load hosts

start_file() {
	start_hosts
}

setup() {
	fresh_rows
	printf 'servers = auto\n' >/etc/relayers/popwatch.conf
	: >/var/log/mail.log
	host
}

clients() {	# of mta.bash's table, the same for each server: with a window of its own, or without
	local column=$1 client what window open want
	while read -r client what window open; do
		[ -n "$client" ] || continue
		[ "$column" = window ] && want=$window || want=$open
		if [ "$want" = yes ]; then
			why 0 ': yes, it may relay now' "$client"
		else
			why 1 ': no, it may not relay now' "$client"
		fi
	done <<<"$CLIENTS"
}

@test "sendmail answers by its rule set, with its window" {
	sendmail_host
	clients window
	why 0 $'yes, it may relay now (sendmail)\nlets it relay: check_rcpt in sendmail -bt returns\nleft of that of sendmail' 127.0.1.2
	why 1 $'Relaying denied\nthat of sendmail, 60m, is over' 127.0.1.3
	sendmail_host "$without_window"
	clients open
	shows 1 '^sendmail +ok +its configuration asks the database'
}

@test "Postfix answers by postmap -q" {
	postfix_host
	clients open
	why 0 $'yes, it may relay now (Postfix)\nfinds it: postmap -q 2001:db8::1 hash:/var/lib/relayers/relayers prints' 2001:DB8::0:1
	why 1 $'prints nothing\nstart it: install -d -o relayers -g relayers -m 755 /run/relayers && popwatch -d' 192.0.2.99
	shows 1 '^Postfix +ok +its configuration asks the database'
	# what postmap warns of at every use is no part of the row
	mv /usr/sbin/postmap /usr/sbin/postmap.real
	printf '%s\n' '#!/bin/sh' 'echo "postmap: warning: $3: hash/btree support is deprecated" >&2' 'exec /usr/sbin/postmap.real "$@"' >/usr/sbin/postmap
	chmod 755 /usr/sbin/postmap
	why 0 'yes, it may relay now (Postfix)' 127.0.1.1
	why 1 'prints nothing' 192.0.2.99
	mv /usr/sbin/postmap.real /usr/sbin/postmap
}

@test "Exim answers by exim -bh, with its window" {
	exim_host
	clients window
	why 0 $'yes, it may relay now (Exim)\nlets it relay: exim -bh 127.0.1.2 answers RCPT with 250' 127.0.1.2
	why 1 $'550 relay not permitted\nthat of Exim, 60m, is over' 127.0.1.3
	shows 1 '^Exim +ok +its configuration asks the database'
}

@test "without a mail server the row answers" {
	clients open
	why 0 'none is installed here: the answer is that of the row' 127.0.1.1
	shows 1 '^mail server +off +none is installed'
}

@test "recorded, but refused: the mail server does not name the database, or names another" {
	postfix_host
	sed -i '/^relayers =/d; s/check_client_access $relayers,//' /etc/postfix/main.cf
	why 1 $'its configuration does not name /var/lib/relayers/relayers.db, see docs/postfix.md\nRecorded, but refused' 127.0.1.1
	shows 1 '^Postfix +warning +its configuration does not name the database'
	sendmail_host
	sed -i s,/var/lib/relayers/relayers,/var/lib/other/relayers,g /etc/mail/sendmail.cf
	why 1 $'its configuration does not name /var/lib/relayers/relayers.db, see sendmail-cf/README.md\nRelaying denied' 127.0.1.1
}

@test "an address that popwatch ignores, who recorded one, and the last line of it" {
	printf 'servers = auto\nignore = 192.0.2.0/24\n' >/etc/relayers/popwatch.conf
	why 1 $'does not record it: it is in `ignore\npopwatch ignores this address' 192.0.2.99
	printf '%s\n' "Nov 28 13:00:00 mx popwatch[7]: login from 127.0.1.1: user 'al', server x, ice', server dovecot, session 'abc'" \
		'Nov 28 13:00:00 mx vsmtprelay[7]: add 2001:db8::1 1000 (/var/lib/relayers/relayers.db, by uid 0)' \
		$'Nov 28 13:00:01 mx dovecot: imap-login: Login: rip=127.0.1.2, \e[2J' \
		'Nov 28 13:00:02 mx dovecot: imap-login: Login: rip=127.0.1.21' >/var/log/mail.log
	why 0 'recorded by  popwatch (dovecot, al)' 127.0.1.1
	why 0 'recorded by  vsmtprelay (uid 0)' 2001:db8::1
	why 0 'last line    Nov 28 13:00:01 mx dovecot: imap-login: Login: rip=127.0.1.2, \033[2J' 127.0.1.2
	"$BUILD/vsmtprelay/vsmtprelay" list -h | grep -qE '^127\.0\.1\.1 .* popwatch \(dovecot, al\)$'
	"$BUILD/vsmtprelay/vsmtprelay" list -h | grep -qE '^127\.0\.1\.2 .* 3[0-9]m +(30|2[0-9])m  -$'
}

@test "names, and what is no address, are refused with the reason" {
	why 64 '"mx.example.test" is a name; a login counts for an address' mx.example.test
	why 64 'is not the IP address of a client' 192.0.2.0/24
	why 64 'is not the IP address of a client' fe80::1%eth0
}

@test "a database that is missing or damaged: said, and no yes" {
	garbage 5000 >$RELAYERS.db
	why 65 $'cannot\n' 127.0.1.1 || why 65 "$RELAYERS.db" 127.0.1.1
	shows 1 '^database +fault'
	rm $RELAYERS.db
	why 66 "does not exist" 127.0.1.1
}

@test "a mail server that hangs does not keep the answer" {
	postfix_host
	mv /usr/sbin/postmap /usr/sbin/postmap.real
	printf '#!/bin/sh\nsleep 600 & echo $! >%s/hangs; wait\n' "$SCRATCH" >/usr/sbin/postmap
	chmod 755 /usr/sbin/postmap
	why 75 $'unknown\nno answer in time' 127.0.1.1
	mv /usr/sbin/postmap.real /usr/sbin/postmap
	wait_for 60 is_gone "$(cat "$SCRATCH/hangs")"
}

@test "status: each part, as JSON too" {
	postfix_host
	shows 1 $'^database +ok +/var/lib/relayers/relayers.db \\(hash\\), 12 rows; newest login [0-9]+[sm] ago\n^expiry +warning +by cron, after 60m; but there are older\n^popwatch +warning +does not run\n^relayguard +off'
	printf '%s\n' "127.0.1.1 $EPOCHSECONDS" | "$BUILD/vsmtprelay/vsmtprelay" load
	cp "$(type -P sleep)" "$SCRATCH/popwatch"
	"$SCRATCH/popwatch" 600 3>&- &
	WATCH=$!
	wait_for 60 grep -qx popwatch /proc/$WATCH/comm
	printf 'stats-file = %s/popwatch.prom\n' "$SCRATCH" >>/etc/relayers/popwatch.conf
	printf '%s\n' 'popwatch_lines_total{result="read"} 12' 'popwatch_logins_total{verdict="recorded"} 3' 'popwatch_logins_total{verdict="old"} 9' \
		'popwatch_server_near_misses_total{server="a"} 1' 'popwatch_server_near_misses_total{server="b"} 1' >"$SCRATCH/popwatch.prom"
	shows 0 $'^expiry +ok +by cron, after 60m\n^popwatch +ok +runs; 12 lines, 3 logins recorded, 2 near misses, as of [0-9]+[sm] ago\n^Postfix +ok'
	"$BUILD/vsmtprelay/vsmtprelay" status --json | python3 -c '
import json, sys
s = json.load(sys.stdin)
parts = {p["part"]: p for p in s["parts"]}
assert s["ok"] is True and parts["database"]["rows"] == 1 and parts["popwatch"]["logins"] == 3 and parts["expiry"]["after_seconds"] == 3600'
	touch -d '1 hour ago' "$SCRATCH/popwatch.prom"
	shows 1 '^popwatch +warning .*as of 6[0-9]m ago'
	kill $WATCH
	wait $WATCH || :
}

begun() {	# it has read the database once, since when it prints what is new
	"$BUILD/vsmtprelay/vsmtprelay" add 192.0.2.49 $((EPOCHSECONDS + ++ROUND))
	grep -q '  192\.0\.2\.49$' "$SCRATCH/watched"
}

watched() {	# watched N ADDRESS: so many lines of it have come
	[ "$(grep -cE "^[-0-9]+ [:0-9]+  $2\$" "$SCRATCH/watched")" = "$1" ]
}

@test "watch: logins as they are recorded, each once; later ones of the same address again" {
	"$BUILD/vsmtprelay/vsmtprelay" watch >"$SCRATCH/watched" 3>&- &
	PID=$!
	ROUND=0
	wait_for 60 begun
	"$BUILD/vsmtprelay/vsmtprelay" add 192.0.2.50 $((now = EPOCHSECONDS))
	wait_for 60 watched 1 192.0.2.50
	"$BUILD/vsmtprelay/vsmtprelay" add 192.0.2.51 $now
	wait_for 60 watched 1 192.0.2.51
	watched 1 192.0.2.50
	"$BUILD/vsmtprelay/vsmtprelay" add 192.0.2.50 $((now + 1))
	wait_for 60 watched 2 192.0.2.50
	watched 1 192.0.2.51
	kill $PID
	wait $PID || :
}

# ---- setup ----

setup_says() {	# setup_says STATUS [OPTION...]: leaves what it prints in $SCRATCH/setup
	local want=$1 status=0
	shift
	"$BUILD/vsmtprelay/vsmtprelay" setup "$@" >"$SCRATCH/setup" 2>&1 || status=$?
	[ "$status" = "$want" ] || fail "status $status, expected $want: $(cat "$SCRATCH/setup")"
}

# every line to run or to write is in a document of the project
documented() {
	local line found=0
	cat "$SOURCES"/README.md "$SOURCES"/docs/*.md "$SOURCES"/sendmail-cf/README.md "$SOURCES"/man/*.8 \
		"$BUILD/placed/popwatch/popwatch.conf.sample" | sed 's/^[[:space:]]*//' >"$SCRATCH/documents"
	while IFS= read -r line; do
		found=$((found + 1))
		grep -qF -e "$line" "$SCRATCH/documents" || fail "in no document: $line"
	done < <(awk '/^--- (run|into)/ { inside = 1; next } /^---$/ || /^$/ { inside = 0 } inside && !/^popwatch: / { sub(/^[ \t]*/, ""); print }' "$SCRATCH/setup")
	[ $found -gt 4 ] || fail "$found lines only: $(cat "$SCRATCH/setup")"
}

lines_into() {	# lines_into FILE: what is to be written into it
	awk -v to="--- into $1" '/^--- into/ { inside = index($0, to) == 1; next } /^---$/ { inside = 0 } inside' "$SCRATCH/setup" | grep .
}

pictures() {	# of every file of a mail server, and of cron
	find /etc/mail /etc/postfix /etc/exim4 /etc/cron.d -type f -exec cksum {} + | sort
}

@test "setup on a bare host: every step in order, as the documents have it; --write makes what is ours, and no more" {
	postfix_host
	sed -i '/^relayers =/,$d' /etc/postfix/main.cf
	rm -rf /var/lib/relayers /etc/relayers /etc/cron.d/vsmtprelay
	before=$(pictures)
	setup_says 1
	documented
	[ "$(grep -c '^\[TO DO\]' "$SCRATCH/setup")" = 6 ] || fail "$(cat "$SCRATCH/setup")"
	tail -n 20 "$SCRATCH/setup" | grep -q 'Postfix asks the database'
	[ ! -e /var/lib/relayers ] && [ ! -e /etc/relayers ]
	setup_says 1 --write
	[ "$(stat -c %U:%G:%a /var/lib/relayers)" = relayers:relayers:755 ]
	grep -qx 'servers = auto' /etc/relayers/popwatch.conf
	[ "$(grep -c '^wrote ' "$SCRATCH/setup")" = 2 ]
	grep -qF '[done] 1.' "$SCRATCH/setup"
	grep -qF '[TO DO] 2.' "$SCRATCH/setup"
	echo '# mine' >>/etc/relayers/popwatch.conf
	setup_says 1 --write
	not grep -q '^wrote ' "$SCRATCH/setup"
	tail -n 1 /etc/relayers/popwatch.conf | grep -qx '# mine'
	[ "$(pictures)" = "$before" ]
	echo '*/15 * * * *  relayers  /usr/sbin/vsmtprelay expire 60' >/etc/cron.d/vsmtprelay
}

@test "setup without systemd and without cron: cron, and no timer that nobody would start" {
	[ ! -e /run/systemd/system ]
	mv /usr/sbin/cron "$SCRATCH/cron"
	setup_says 1
	mv "$SCRATCH/cron" /usr/sbin/cron
	grep -qx 'apt install --no-install-recommends cron' "$SCRATCH/setup"
	not grep -q systemctl "$SCRATCH/setup"
}

@test "what fixes a finding is not systemd's where there is none" {
	[ ! -e /run/systemd/system ]
	{
		"$BUILD/vsmtprelay/vsmtprelay" check || true
		"$BUILD/vsmtprelay/vsmtprelay" status || true
	} >"$SCRATCH/said" 2>&1
	grep -q 'popwatch -d -p /run/popwatch.pid' "$SCRATCH/said" || fail "$(cat "$SCRATCH/said")"
	not grep -q systemctl "$SCRATCH/said"
}

@test "setup: what it prints for Postfix, sendmail and Exim works, and then it is done" {
	postfix_host
	sed -i '/^relayers =/,$d' /etc/postfix/main.cf
	why 1 ': no, it may not relay now' 127.0.1.1
	setup_says 1
	documented
	lines_into /etc/postfix/main.cf >>/etc/postfix/main.cf
	postconf -n | grep -q 'check_client_access \$relayers'
	why 0 'yes, it may relay now (Postfix)' 127.0.1.1
	setup_says 1
	grep -q '^\[done\] 6. Postfix' "$SCRATCH/setup" || fail "$(cat "$SCRATCH/setup")"

	exim_host
	sed -i '/^relayers:/,/{no}}$/d; /^ *acl = relayers$/,+1d; /^  accept !domains = +local_domains : +relay_to_domains$/d' /etc/exim4/exim4.conf
	why 1 'no, it may not relay now' 127.0.1.1
	setup_says 1
	documented
	lines_into /etc/exim4/exim4.conf.template,\ below >"$SCRATCH/acl" || lines_into "Exim's configuration" >"$SCRATCH/acl"
	lines_into /etc/exim4/exim4.conf.template,\ acl >"$SCRATCH/rcpt" || lines_into 'the ACL for RCPT' >"$SCRATCH/rcpt"
	sed -i -e "/^begin acl/r $SCRATCH/acl" -e "/^  accept authenticated = /r $SCRATCH/rcpt" /etc/exim4/exim4.conf
	why 0 'yes, it may relay now (Exim)' 127.0.1.1
	setup_says 1
	grep -q '^\[done\] 6. Exim' "$SCRATCH/setup" || fail "$(cat "$SCRATCH/setup")"

	sendmail_host dnl
	why 1 'no, it may not relay now' 127.0.1.1
	setup_says 1
	documented
	sendmail_host "$(lines_into /etc/mail/sendmail.mc)"
	why 0 'yes, it may relay now (sendmail)' 127.0.1.1
	setup_says 1
	grep -q '^\[done\] 6. sendmail' "$SCRATCH/setup" || fail "$(cat "$SCRATCH/setup")"
}
