# postfix_lmdb.bats - the lmdb stanza of docs/postfix.md in a real Postfix
#
# enclosure: postfix rsyslog
# limit: 3000
# long: make torture: 3,000 commits during 600 sessions

load ../lib/test
FORM=lmdb
load mta

start_file() {
	start_mta_file
}

setup() {
	fresh_rows
}

teardown() {
	touch "$SCRATCH/last"	# for churn
	smtp_close 2>/dev/null || :
	[ -z "${POSTFIX_PID-}" ] || stop_postfix
	POSTFIX_PID=
}

postfix_lmdb() {	# postfix_lmdb [LINE...]: Postfix runs with the map of the page, or with these lines
	local map
	map=$(stanza postfix map-lmdb)
	[ $# = 0 ] || map=$(printf '%s\n' "$@")
	configure_postfix
	sed -i '/^smtpd_relay_restrictions/d; /^mydestination/d; /^local_recipient_maps/d; /^relayers =/d' /etc/postfix/main.cf
	printf '%s\n' 'mydestination = mx.example.test, localhost' 'local_recipient_maps = inline:{root=root}' "$map" \
		"$(stanza postfix relay)" >>/etc/postfix/main.cf
	start_as_it_is postfix
}

relay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.$FORM" "$@"
}

rcpt_is() {	# rcpt_is CODE: the answer to a recipient elsewhere, in the session that is open
	smtp 'RCPT TO:<somebody@example.net>'
	[[ $REPLY == $1* ]] || fail "expected $1: $REPLY"
}

@test "lmdb: the table, IPv6 with zeros in every place, and neighbours of a row" {
	postfix_lmdb
	table open -p 2525
	takes_local 127.0.1.9 -p 2525
	shapes -p 2525
	neighbours -p 2525
}

@test "lmdb: in an open session a new row counts at the next recipient, and a removed one no longer" {
	postfix_lmdb
	smtp_open -b 127.0.1.9 -p 2525
	smtp 'MAIL FROM:<>'
	for round in 1 2 3; do
		rcpt_is 554
		relay add 127.0.1.9
		rcpt_is 250
		relay delete 127.0.1.9
	done
	rcpt_is 554
}

@test "lmdb: the file grows past lmdb_map_size under an open smtpd" {
	postfix_lmdb
	smtp_open -b 127.0.1.9 -p 2525
	smtp 'MAIL FROM:<>'
	rcpt_is 554
	awk 'BEGIN { for (i = 0; i < 700000; i++) printf "10.%d.%d.%d 1700000000\n", i / 65536, i / 256 % 256, i % 256
		print "127.0.1.9 1700000000" }' | relay load
	[ "$(stat -c %s "$RELAYERS.lmdb")" -gt $((16 << 20)) ]
	rcpt_is 250
	relay delete 127.0.1.9
	rcpt_is 554
}

# commits one after the other, a line for each, until the file last is there
churn() {
	local n=0 change=add
	until [ -e "$SCRATCH/last" ]; do
		relay $change "10.1.$((n / 250 % 250)).$((n % 250))" || return
		echo $change
		n=$((n + 1))
		((n % 500 != 0)) || { n=0; [ $change = add ] && change=delete || change=add; }
	done
}

commits_are() {	# commits_are N: at least
	kill -0 "$CHURN_PID" || return 0	# the wait for it says why
	[ "$(wc -l <"$SCRATCH/churned")" -ge "$1" ]
}

@test "lmdb: sessions during commits: who is listed relays, and nobody else" {
	local sessions=20 commits=50 i
	! longest || sessions=600 commits=3000
	postfix_lmdb
	rm -f "$SCRATCH/last"
	churn >"$SCRATCH/churned" 3>&- &
	CHURN_PID=$!
	for i in $(seq $((sessions / 2))); do
		relays 127.0.1.1 -p 2525 || fail "session $i, listed: $REPLY"
		refuses 127.0.1.9 -p 2525 || fail "session $i, a stranger: $REPLY"
	done
	DEADLINE=1800 eventually commits_are $commits
	touch "$SCRATCH/last"
	wait $CHURN_PID
	[ "$(wc -l <"$SCRATCH/churned")" -ge $commits ]
}

@test "lmdb: postmap writes the same file, and both see what the other wrote" {
	postfix_lmdb
	printf '%s\n' '127.0.1.9 1700000000' '127.0.1.10 1700000001' | postmap -i "lmdb:$RELAYERS"
	relays 127.0.1.9 -p 2525
	relay delete 127.0.1.9
	refuses 127.0.1.9 -p 2525
	[ "$(postmap -q 127.0.1.10 "lmdb:$RELAYERS")" = 1700000001 ]
}

# faults: what check has to say that is a fault, without the look at clocks and rows
faults() {
	relay check | grep '^fault: ' || :
}

@test "vsmtprelay check: Postfix can read lmdb where it has it, and names the form and the file" {
	postfix_lmdb
	[ -z "$(faults)" ] || fail "$(faults)"
	: >/etc/postfix/dynamicmaps.cf
	faults | grep -q 'this Postfix has no lmdb:' || fail "$(relay check)"
	optional_maps
	sed -i "s,lmdb:$RELAYERS,hash:$RELAYERS," /etc/postfix/main.cf
	faults | grep -q "names hash:$RELAYERS, which is another file than $RELAYERS.lmdb" || fail "$(relay check)"
}

@test "what the page warns of: an smtpd does not see what is recorded in a SQLite database" {
	FORM=sqlite fresh_rows
	FORM=sqlite
	printf 'dbpath = %s\n%s\n' "$RELAYERS.sqlite" "query = SELECT dat FROM tblblob WHERE ky = CAST('%s' AS BLOB)" \
		>"$SCRATCH/relayers.cf"
	chmod 644 "$SCRATCH/relayers.cf" "$RELAYERS.sqlite"
	postfix_lmdb "relayers = pipemap:{regexp:{{/^([0-9a-f.:]+)\$\$/ \$\$1}},sqlite:$SCRATCH/relayers.cf}"
	smtp_open -b 127.0.1.9 -p 2525
	smtp 'MAIL FROM:<>'
	rcpt_is 554
	relay add 127.0.1.9
	rcpt_is 554
	smtp_close
	relays 127.0.1.1 -p 2525
	faults | grep -q 'Postfix keeps a SQLite file open' || fail "$(relay check)"
}
