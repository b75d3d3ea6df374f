# docs/TROUBLESHOOTING.md: each of its entries is a case here, made with the real
# programs, and what ours say leads to it
#
# A test is called as its entry, by the first sentence.  Where the page has words
# in italics, they must be in what the programs said in that test.
# enclosure: dovecot sendmail postfix exim rsyslog

load ../lib/test
load mta
load hosts
load ../daemon/daemon

CLIENT=192.0.2.77
HERE=192.0.2.99		# who really connects
CONFIG=/etc/relayers/popwatch.conf
LOG=/var/log/mail.log

start_file() {
	start_hosts
	usermod -a -G adm relayers
	install -m 755 "$POPWATCH" "$VSMTPRELAY" /usr/sbin/
	mkdir -p /usr/share/relayers
	cp -r "$SOURCES/popwatch/servers.d" /usr/share/relayers/
	ldconfig /usr/lib/postfix
	add_addresses $HERE
	sed -e '/^\*\.\*;/d' -e 's,@WORK@/log/,/var/log/,' -e "s,@WORK@,$WORK," "$LIB/rsyslog.conf" >"$WORK/rsyslog.conf"
	quietly rsyslogd rsyslogd -n -f "$WORK/rsyslog.conf" -i "$WORK/rsyslogd.pid" &
	comes_up rsyslogd $! test -S /dev/log -a -s "$WORK/rsyslogd.pid"
	start_dovecot
	# ten seconds pass until it is told that this is locked
	HELD=$SCRATCH/held.db
	export HELD
	vsmtprelay -f "$HELD" load /dev/null
	flock -F "$HELD" sleep 300 3>&- &
	HOLDER=$!
	export HOLDER
	wait_for 60 not flock -n "$HELD" true
	(
		status=0
		vsmtprelay -f "$HELD" add $CLIENT >"$SCRATCH/locked" 2>&1 || status=$?
		echo "status $status" >>"$SCRATCH/locked"
	) 3>&- &
}

end_file() {
	kill "$HOLDER"
	wait_for 60 grep -q '^status' "$SCRATCH/locked"
}

setup() {
	rm -f /var/lib/relayers/* "$SCRATCH/said" "$SCRATCH/why" "$SCRATCH/status" /var/log/mail.log.1
	chmod 755 /var/lib/relayers
	chown relayers:relayers /var/lib/relayers
	echo '*/15 * * * *  relayers  /usr/sbin/vsmtprelay expire 60' >/etc/cron.d/vsmtprelay
	printf '%s\n' 'log = auto' 'servers = auto' >$CONFIG
	fresh_rows
	empty_logs
	host
}

# what was logged before has been written, and is no more
empty_logs() {
	logger -t mark -p mail.info "of test $BATS_TEST_NUMBER"
	eventually grep -q "mark: of test $BATS_TEST_NUMBER\$" $LOG
	chown root:adm $LOG
	chmod 640 $LOG
	: >$LOG
}

# entries: of the page, NAME, a tab, and its text on a line
entries() {
	awk '
		function end_entry(   name, text) {
			if (entry == "")
				return
			gsub(/[`"]/, "", entry)
			text = name = entry
			gsub(/\*/, "", name)
			if (match(name, /[.:?]( |$)/))
				name = substr(name, 1, RSTART - (substr(name, RSTART, 1) == "?" ? 0 : 1))
			print name "\t" text
			entry = ""
		}
		/^```/ { code = !code; next }
		code { next }
		/^## / { end_entry(); if (heading != "") { entry = heading; end_entry() }; heading = substr($0, 4) ":"; items = 0; next }
		/^( *[0-9]+\.| *-) / { end_entry(); heading = ""; sub(/^ *[^ ]+ /, ""); entry = $0; next }
		/^$/ { end_entry(); next }
		heading != "" { sub(/^ +/, ""); heading = heading " " $0; next }
		entry != "" { sub(/^ +/, ""); entry = entry " " $0 }
		END { end_entry(); if (heading != "") { entry = heading; end_entry() } }' "$SOURCES/docs/TROUBLESHOOTING.md"
}

# the words in italics of this test's entry are in what was said
teardown() {
	local quote wrong=
	[ -z "${POPWATCH_PID:-}" ] || stop_popwatch
	[ -n "$BATS_TEST_COMPLETED" ] || { sed "s,^,said: ," "$SCRATCH/said" || :; return 0; }
	cat "$SCRATCH/said" "$SCRATCH/why" "$SCRATCH/status" >"$SCRATCH/all" 2>/dev/null || :
	while IFS= read -r quote; do
		grep -qF -e "$quote" "$SCRATCH/all" || {
			wrong=1
			echo "the page says *$quote*, and the programs: $(cat "$SCRATCH/all")" >&2
		}
	done < <(entries | awk -F '\t' -v name="$BATS_TEST_DESCRIPTION" '$1 == name { print $2 }' | grep -o '\*[^*]*\*' | tr -d '*')
	[ -z "$wrong" ]
}

# says STATUS WORDS COMMAND...: it ends with STATUS, and each line of WORDS is somewhere in what it prints
says() {
	local want=$1 words=$2 status=0 word
	shift 2
	"$@" >"$SCRATCH/now" 2>&1 </dev/null || status=$?
	cat "$SCRATCH/now" >>"$SCRATCH/said"
	while read -r word; do
		[ -z "$word" ] || grep -qF -e "$word" "$SCRATCH/now" || fail "$*: no '$word' in $(cat "$SCRATCH/now")"
	done <<<"$words"
	[ "$status" = "$want" ] || fail "$*: status $status, expected $want: $(cat "$SCRATCH/now")"
}

settings() {	# settings SETTING...: popwatch.conf
	printf '%s\n' "$@" >$CONFIG
}

start_watch() {	# what it says itself goes to $SCRATCH/said
	/usr/sbin/popwatch -v 2>>"$SCRATCH/said" 3>&- &
	POPWATCH_PID=$!
	eventually grep -q ': watching ' "$SCRATCH/said"
}

said() {	# said TEXT
	grep -qF -- "$1" "$SCRATCH/said"
}

# is_recorded ADDRESS: it is in the database, and popwatch's own line in the log
is_recorded() {
	eventually vsmtprelay get "$1"
	eventually grep -q "popwatch.*login from $1:" $LOG*
}

# of_dovecot MESSAGE: by way of the syslog daemon
of_dovecot() {
	logger -t dovecot -p mail.info "$1"
	eventually grep -qF -- "$1" $LOG
}

login_of() {	# login_of ADDRESS
	of_dovecot "imap-login: Login: user=<alice>, method=PLAIN, rip=$1, lip=192.0.2.1, mpid=5, session=<${1//./}>"
}

fetches_mail() {	# fetches_mail ADDRESS [PASSWORD]: from the real Dovecot, which logs it
	curl -sS --max-time "$DEADLINE" --interface "$1" -u "alice:${2-secret}" pop3://127.0.0.1/ >/dev/null
}

@test "every entry of the page is a case here, and every case an entry of the page" {
	entries | cut -f 1 | sort >"$SCRATCH/entries"
	[ "$(wc -l <"$SCRATCH/entries")" -ge 25 ]
	sed -n 's/^@test "\(.*\)" {$/\1/p' "$BATS_TEST_FILENAME" | grep -v '^every \|^the screens ' | sort |
		diff "$SCRATCH/entries" -
}

# screen: what is read, without what differs from one run to the next
screen() {
	sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:]{8}(\.[0-9]+)?([+-][0-9:]+)?/DATE/g' -e 's/\[[0-9]+\]/[PID]/g' \
		-e 's/[0-9]{10}/STAMP/g' -e 's/[0-9]+[smh]( ago| left)/AGE\1/g' -e 's/oldest [0-9]+s/oldest AGE/'
}

# shown BLOCK COMMAND...: the page shows what it prints
shown() {
	local block=$1
	shift
	{
		echo "# $*"
		"$@" || :
	} | screen >"$SCRATCH/printed"
	page_block TROUBLESHOOTING "$block" | screen | diff - "$SCRATCH/printed" || fail "what $* prints is: $("$@" || :)"
}

@test "the screens of the page are what the programs print" {
	postfix_host
	settings 'log = auto' 'servers = auto'
	rm $RELAYERS.db*
	vsmtprelay load /dev/null
	start_watch
	login_of $CLIENT
	is_recorded $CLIENT
	of_dovecot 'imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<bob>, method=PLAIN, rip=198.51.100.9, lip=192.0.2.1'
	shown yes vsmtprelay why $CLIENT
	shown no vsmtprelay why 198.51.100.9
	shown status vsmtprelay status
}

# ---- Nothing is recorded ----

@test "What is followed?" {
	settings 'log = /var/log/pop.log' 'servers = dovecot'
	says 66 'nothing would be recorded: /var/log/pop.log does not exist' popwatch -n
	why 1 $'nothing would be recorded: /var/log/pop.log does not exist\npopwatch -n, until it says fine' $CLIENT
	settings 'log = auto' 'servers = auto'
	says 0 $'log = auto: /var/log/mail.log\nservers = auto: dovecot (/usr/sbin/dovecot)' popwatch -n
	# a server that is in a container, or came from elsewhere
	logger -t perdition.imap4 -p mail.info "Auth: $CLIENT:4000->198.51.100.1:143 client-secure=plaintext authorisation_id=NONE authentication_id=\"alice\" server=\"198.51.100.2:143\" protocol=IMAP4 server-secure=plaintext status=\"ok\""
	eventually grep -q perdition $LOG
	start_watch
	eventually said '1 lines that look like its logins are not believed'
	said 'name it too: servers = auto perdition'
	why 1 $'`servers\' does not enable perdition\nwrite perdition behind `servers =\'' $CLIENT
}

@test "Does the log have the login, and does popwatch understand it?" {
	fetches_mail $HERE
	eventually grep -qE "(Login|Logged in): .*rip=$HERE" $LOG
	says 0 $'login\t192.0.2.99\tdovecot\talice\ndovecot: ' popwatch -t $LOG -s all
	start_watch
	is_recorded $HERE
	why 0 'recorded by  popwatch (dovecot, alice)' $HERE
	empty_logs
	vsmtprelay delete $HERE
	not fetches_mail $HERE wrong
	eventually grep -q "rip=$HERE" $LOG
	why 1 $'a login of it that failed (dovecot)\nhave the user check name and password' $HERE
}

@test "of other programs counts everything" {
	logger -t mydovecot -p mail.info "imap-login: Login: user=<alice>, rip=$CLIENT, lip=192.0.2.1, mpid=5"
	eventually grep -q mydovecot $LOG
	says 0 '1 line: 1 of other programs, 0 of another layout' popwatch -t $LOG -s all
}

@test "of another layout counts everything" {
	printf '%s imap-login: Info: Login: user=<alice>, method=PLAIN, rip=%s, lip=192.0.2.1, mpid=5\n' \
		"$(date '+%b %d %T')" $CLIENT >/var/log/dovecot.log
	settings 'log = /var/log/dovecot.log' 'servers = dovecot'
	says 0 '1 line: 0 of other programs, 1 of another layout' popwatch -t /var/log/dovecot.log
	settings 'format = dovecot' 'log = /var/log/dovecot.log' 'servers = dovecot'
	says 0 $'login\t192.0.2.77\tdovecot\talice' popwatch -t /var/log/dovecot.log
	# which only this log has, so that a reason can come from popwatch.conf's logs
	why 1 'last line' $CLIENT
	grep -q "rip=$CLIENT" "$SCRATCH/why"
}

@test "near miss counts lines" {
	of_dovecot "imap-login: Login: rip=$CLIENT, user=<alice>, mpid=207"
	says 0 '1 near miss, the first in line 1' popwatch -t $LOG -s all
	start_watch
	why 1 $'a line of it looks like a login of dovecot, but its definition matches none\ndocs/SERVERS.md has the setting of dovecot' $CLIENT
}

@test "not believed counts lines" {
	long=$(head -c 600 /dev/zero | tr '\0' P)
	logger -t pop3d -p mail.info "LOGIN FAILED, user=${long:0:490}"
	logger -t pop3d -p mail.info "LOGIN, user=x, ip=[$CLIENT], port=[1]"
	eventually grep -q port= $LOG
	says 0 'courier: 2 lines, 0 logins, 0 logouts, 0 failed logins, ' popwatch -t $LOG -s courier
}

@test "The login appears with -s all but not without it" {
	settings 'log = auto' 'servers = courier'
	login_of $CLIENT
	says 0 $'login\t192.0.2.77\tdovecot\talice' popwatch -t $LOG -s all
	says 0 '1 of other programs' popwatch -t $LOG
	start_watch
	why 1 $'takes a line of the log for its login, but `servers\' does not enable dovecot\nwrite dovecot behind `servers =\'' $CLIENT
}

@test "Is popwatch running?" {
	settings 'log = auto' 'servers = auto' 'socket = /run/relayers/popwatch.sock'
	why 1 'popwatch     does not run, and nothing else records logins' $CLIENT
	shows 1 $'^popwatch +warning +does not run, and nothing else records logins\nfix: install .*popwatch -d -p /run/popwatch.pid'
	sh -c "$(sed -n 's/^  what to do *start it: //p' "$SCRATCH/why")" 3>&-
	shows 1 '^popwatch +ok +runs'
	stop "$(cat /run/popwatch.pid)"
}

@test "May it read the log, and write the database?" {
	chown root:root $LOG
	chmod 600 $LOG
	says 77 "relayers cannot read $LOG: Permission denied" popwatch -n
	why 1 "relayers cannot read $LOG: Permission denied" $CLIENT
	chown root:adm $LOG
	chmod 640 $LOG
	chown root:root /var/lib/relayers
	says 77 'relayers cannot write in the directory /var/lib/relayers: Permission denied' popwatch -n
	why 1 'relayers cannot write in the directory /var/lib/relayers' $CLIENT
	chown relayers:relayers /var/lib/relayers
	says 0 fine popwatch -n
}

@test "Was the address left out on purpose?" {
	settings 'log = auto' 'servers = auto' 'ignore = 192.0.2.78'
	why 1 $'does not record it: it is in `ignore\'\npopwatch ignores this address' 192.0.2.78
	printf '%s mx dovecot: imap-login: Login: user=<alice>, method=PLAIN, rip=%s, lip=192.0.2.1, mpid=5, session=<a>\n' \
		"$(date -d '-2 hours' '+%b %e %T')" 192.0.2.79 >$LOG
	login_of 192.0.2.78
	login_of $CLIENT
	login_of $CLIENT
	start_watch
	is_recorded $CLIENT
	kill -USR1 "$POPWATCH_PID"
	eventually said '1 logins recorded, 1 recent, 1 ignored, 1 old, 0 unusable'
}

@test "With pam_relaydb" {
	[[ $BUILD != */sanitize ]] || skip 'a server without the sanitizers cannot load the module'
	useradd -M -s /bin/sh -p "$(openssl passwd -6 -salt salt secret)" carol
	echo "auth,authpriv.* /var/log/auth.log" >>"$WORK/rsyslog.conf"
	stop_rsyslog
	quietly rsyslogd rsyslogd -n -f "$WORK/rsyslog.conf" -i "$WORK/rsyslogd.pid" &
	comes_up rsyslogd $! test -S /dev/log -a -s "$WORK/rsyslogd.pid"
	page_block dovecot pam | sed "s,pam_relaydb\\.so,$BUILD/pam_relaydb/pam_relaydb.so debug," >/etc/pam.d/mail
	"$BUILD/tests/pam/prog_server" mail carol secret '' ac
	# a server that is refused by what comes after
	echo 'session required pam_deny.so' >>/etc/pam.d/mail
	not "$BUILD/tests/pam/prog_server" mail carol secret $CLIENT aco
	eventually grep -q 'the server gives no client address' /var/log/auth.log
	eventually grep -q "$CLIENT is not recorded: the server ended PAM with status" /var/log/auth.log
	cat /var/log/auth.log >>"$SCRATCH/said"
}

# ---- Recorded, but refused ----

@test "Does the mail server find it?" {
	postfix_host
	says 0 "$EPOCHSECONDS" sh -c "postmap -q 127.0.1.5 hash:$RELAYERS; vsmtprelay add $CLIENT $EPOCHSECONDS; postmap -q $CLIENT hash:$RELAYERS"
	why 0 'finds it: postmap -q' $CLIENT
	sendmail_host
	says 0 'map_lookup: relayers (192.0.2.77) returns ' sh -c "printf '/map relayers $CLIENT\n' | /usr/libexec/sendmail/sendmail -bt"
	why 0 'lets it relay: check_rcpt in sendmail -bt' $CLIENT
	exim_host
	says 0 '>>> host in' sh -c "printf 'QUIT\r\n' | exim4 -bh $CLIENT; echo '>>> host in'"
	why 0 'lets it relay: exim -bh' $CLIENT
}

@test "It does not find it" {
	sendmail_host
	sed -i s,/var/lib/relayers/relayers,/var/lib/other/relayers,g /etc/mail/sendmail.cf
	why 1 $'its configuration does not name /var/lib/relayers/relayers.db, see sendmail-cf/README.md\nRelaying denied' 127.0.1.1
	says 1 /var/lib/relayers/relayers.db vsmtprelay check
	exim_host
	gpasswd -d Debian-exim relayers
	says 1 $'Exim runs as Debian-exim, who cannot open /var/lib/relayers/relayers.db\nusermod -a -G relayers Debian-exim' vsmtprelay check
	usermod -a -G relayers Debian-exim
}

@test "It finds it, and refuses the client all the same" {
	postfix_host
	start_watch
	why 0 $'yes, it may relay now (Postfix)\nif refused   ask for the address that the mail server\'s log has' 2001:db8::1
	cat "$SCRATCH/why" >>"$SCRATCH/said"
	why 1 'what to do   no login from it is recorded: have the user fetch mail' $CLIENT
}

@test "The map is asked too late" {
	postfix_host
	sed -i 's/^smtpd_relay_restrictions.*/smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination, check_client_access $relayers/' \
		/etc/postfix/main.cf
	why 1 'refuses it: smtpd_relay_restrictions in Postfix' 127.0.1.1
	says 1 'has reject_unauth_destination before it asks the database' vsmtprelay check
	postfix_host
	sed -i 's/^2525 .*/&\n  -o smtpd_relay_restrictions=permit_mynetworks,reject/' /etc/postfix/master.cf
	says 0 '2525/inet/smtpd_relay_restrictions = permit_mynetworks,reject' sh -c 'postconf -P | grep restrictions'
}

@test "Refused in an SMTP session that was open when the login happened" {
	host /usr/sbin/postconf /usr/sbin/postmap
	start_postfix
	host /usr/sbin/postconf /usr/sbin/postmap	# which Exim is not, though Postfix has made its sendmail executable
	smtp_open -b $HERE -p 2525
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<somebody@example.net>'
	[[ $REPLY == 554* ]] || fail "$REPLY"
	vsmtprelay add $HERE
	why 0 'yes, it may relay now (Postfix)' $HERE
	smtp 'RCPT TO:<somebody@example.net>'
	[[ $REPLY == 554* ]] || fail "a session that was open: $REPLY"
	smtp_close
	eventually relays $HERE -p 2525
	stop_postfix
}

@test "it stands for everybody behind it" {
	ip address add 172.22.1.1/16 dev lo
	login_of 172.22.1.1
	says 0 $'a login from 172.22.1.1, which is an address of this host itself\nit stands for everybody behind it' popwatch -n
	start_watch
	is_recorded 172.22.1.1
	why 0 $'it stands for everybody behind it\nWrite \'ignore = 172.22.1.1\'' 172.22.1.1
	says 0 '' vsmtprelay delete 172.22.1.1
	ip address del 172.22.1.1/16 dev lo
}

# ---- Refused after a while ----

@test "The window is over" {
	sendmail_host
	why 1 'that of sendmail, 60m, is over: the user has to fetch mail again' 127.0.1.3
	cat "$SCRATCH/why" >>"$SCRATCH/said"
	postfix_host
	start_watch
	login_of $CLIENT
	is_recorded $CLIENT
	vsmtprelay add $CLIENT $((EPOCHSECONDS - 3700))
	vsmtprelay expire 60
	why 1 $'understands its login in the log (dovecot): it was recorded and is over\nhave the user fetch mail, then ask again' $CLIENT
}

@test "There are three times" {
	sendmail_host
	sed -i 's/expire 60/expire 30/' /etc/cron.d/vsmtprelay
	shows 1 $'^sendmail +warning +its window is 60m, but cron removes an entry before that, after 30m\nfix: give both the same time'
	sed -i 's/expire 30/expire 2h/' /etc/cron.d/vsmtprelay
	cat "$SCRATCH/status" >>"$SCRATCH/said"
	shows 1 $'^sendmail +ok +its configuration asks the database, with a window of 60m\n^expiry +(ok|warning) +by cron, after 2h00m'
}

@test "The provider gives the client a new address" {
	postfix_host
	start_watch
	login_of $CLIENT
	is_recorded $CLIENT
	says 0 "$CLIENT " vsmtprelay list -h
	grep -q "^$CLIENT .*popwatch (dovecot, alice)" "$SCRATCH/now"
	why 1 'no login from it is recorded: have the user fetch mail' 192.0.2.78
}

@test "The clock was set" {
	why 0 'has an entry of the future' 127.0.1.6
	says 0 $'127.0.1.3 \n127.0.1.4 1000' vsmtprelay list 60
	not grep -qE '^127\.0\.1\.[1267] ' "$SCRATCH/now"
}

@test "IMAP clients that stay connected" {
	login_of $CLIENT
	of_dovecot "imap(alice)<205><${CLIENT//./}>: Disconnected: Logged out in=9 out=469"
	says 0 'dovecot: 2 lines, 1 login, 1 logout, ' popwatch -t $LOG
	# with a mail_log_prefix of the host's own
	: >$LOG
	login_of $CLIENT
	of_dovecot 'mail of alice: Disconnected: Logged out in=9 out=469'
	says 0 'dovecot: 2 lines, 1 login, 0 logouts, ' popwatch -t $LOG
}

# ---- sendmail ignores the map ----

@test "The directory, or one above it, is writable by its group or everybody" {
	sendmail_host
	for mode in 775 757; do
		chmod $mode /var/lib/relayers
		why 1 $'Relaying denied\nrun vsmtprelay check' 127.0.1.1
		says 1 $'the directory /var/lib/relayers is writable by\nfix: chmod go-w /var/lib/relayers' vsmtprelay check
	done
	chmod go-w /var/lib/relayers
	why 0 'yes, it may relay now (sendmail)' 127.0.1.1
}

@test "The file belongs neither to root nor to group root, and sendmail ignores it" {
	sendmail_host
	chown relayers:relayers $RELAYERS.db
	why 1 $'Relaying denied\nrun vsmtprelay check' 127.0.1.1
	says 1 'sendmail ignores /var/lib/relayers/relayers.db, since it is uid' vsmtprelay check
	chown root:relayers $RELAYERS.db
	chmod 0660 $RELAYERS.db
	why 0 'yes, it may relay now (sendmail)' 127.0.1.1
}

@test "sendmail.cf was not rebuilt with m4, and does not name the database" {
	sendmail_host
	cp /etc/mail/sendmail.cf "$SCRATCH/new.cf"
	sendmail_host dnl
	not grep '^Krelayers' /etc/mail/sendmail.cf
	grep '^Krelayers' "$SCRATCH/new.cf"
	why 1 "its configuration does not name $RELAYERS.db" 127.0.1.1
	shows 1 '^sendmail +warning +its configuration does not name the database'
	# rebuilt, while the old one runs
	start_as_it_is sendmail
	cp "$SCRATCH/new.cf" /etc/mail/sendmail.cf
	refuses 127.0.1.1
	cat "$SCRATCH/why" >>"$SCRATCH/said"
	why 0 'yes, it may relay now (sendmail)' 127.0.1.1
	end_sendmail
}

# ---- the rest ----

@test "locked" {
	wait_for 60 grep -q '^status' "$SCRATCH/locked"
	cat "$SCRATCH/locked" >>"$SCRATCH/said"
	said "$HELD is locked by pid $HOLDER ("
	said 'status 75'
}

@test "The database is damaged" {
	garbage 5000 >$RELAYERS.db
	says 1 "fault: $RELAYERS.db" vsmtprelay check
	says 65 "$RELAYERS.db" vsmtprelay add $CLIENT
	why 65 "$RELAYERS.db" $CLIENT
	shows 1 '^database +fault'
	page_block TROUBLESHOOTING damaged >"$SCRATCH/steps"
	sh -eu "$SCRATCH/steps"
	vsmtprelay add $CLIENT 7
	# switched off in the middle of a commit
	strace -o "$SCRATCH/strace" -e trace=utimensat -e inject=utimensat:signal=KILL:when=2 /usr/sbin/vsmtprelay add $CLIENT 8 2>/dev/null || :
	[ -f $RELAYERS.db.redo ]
	says 0 "finished a commit of $RELAYERS.db" vsmtprelay check
	[ ! -e $RELAYERS.db.redo ]
}

@test "Nothing is recorded after a log rotation" {
	start_watch
	mv $LOG $LOG.1
	install -o root -g adm -m 640 /dev/null $LOG
	logger -t dovecot -p mail.info "imap-login: Login: user=<alice>, method=PLAIN, rip=$CLIENT, lip=192.0.2.1, mpid=5, session=<a>"
	is_recorded $CLIENT
	[ ! -s $LOG ]
	why 0 'recorded by  popwatch (dovecot, alice)' $CLIENT
	grep -q "^  last line .*$CLIENT" "$SCRATCH/why"
	stop_popwatch
	# rsyslog goes on, in the new file
	kill -HUP "$(cat "$WORK/rsyslogd.pid")"
	login_of $CLIENT
}
