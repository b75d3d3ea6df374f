# mta.bash - what the tests of the MTA's side share: load ../lib/test, load mta
#
# A table of clients with what an MTA may do for each of them, sendmail configurations made of the sample, and stanzas out of
# the pages in docs/, so that what stands there is what is tested.

SOURCES=$(cd "$LIB/../.." && pwd)
WINDOW=3600		# of all configurations here that have one
LONG_AGO=1000
FORM=${FORM-db}		# of the map: its suffix

# addresses of the documentation network as clients: sockets here may have them
add_addresses() {
	local address
	for address; do
		case $address in
		*:*) ip address replace "$address/128" dev lo nodad ;;
		*) ip address replace "$address/32" dev lo ;;
		esac
	done
}

# fresh_rows: the map $RELAYERS.$FORM, with rows for CLIENTS below as of now
fresh_rows() {
	local now=$EPOCHSECONDS
	rm -f "$RELAYERS.$FORM"*
	printf '%s\n' "127.0.1.1 $now" "127.0.1.2 $((now - WINDOW / 2))" "127.0.1.3 $((now - WINDOW - 1))" "127.0.1.4 $LONG_AGO" \
		'127.0.1.5 OK' "127.0.1.6 $((now + 86400 * 365))" '127.0.1.7 253402300799' '127.0.1.8 0' \
		"2001:db8::1 $now" "2001:db8:0:1:1:1:1:1 $now" "2001:db8::a:0:0:7 $((now - WINDOW - 1))" '2001:db8:0:0:1::8 OK' \
		| "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.$FORM" load
}

# what a file of tests begins with: rsyslogd, the clients of the table, and where the map will be
start_mta_file() {
	export RELAYERS=$SCRATCH/relayers
	add_addresses $CLIENTS6
	start_rsyslog
}

# client, what it is, with a window, without
CLIENTS='
127.0.1.1		logged-in	yes	yes
127.0.1.2		half-a-window	yes	yes
127.0.1.3		expired		no	yes
127.0.1.4		long-expired	no	yes
127.0.1.5		permanent	yes	yes
127.0.1.6		in-a-year	yes	yes
127.0.1.7		the-last-time	yes	yes
127.0.1.8		the-first-time	no	yes
127.0.1.9		absent		no	no
127.0.1.11		looks-like-1.1	no	no
2001:db8::1		logged-in	yes	yes
2001:db8:0:1:1:1:1:1	single-zero	yes	yes
2001:db8::a:0:0:7	expired		no	yes
2001:db8:0:0:1::8	permanent	yes	yes
2001:db8::9		absent		no	no'
CLIENTS6='2001:db8::1 2001:db8:0:1:1:1:1:1 2001:db8::a:0:0:7 2001:db8:0:0:1::8 2001:db8::9'

# table window|open [OPTION...]: every client of the table gets what it should, by an MTA with a window or without; options are
# those of prog_smtp
table() {
	local column=$1 client what window open server want
	shift
	while read -r client what window open; do
		[ -n "$client" ] || continue
		[[ $client == *:* ]] && server=::1 || server=127.0.0.1
		[ "$column" = window ] && want=$window || want=$open
		if [ "$want" = yes ]; then
			relays "$client" -s $server "$@" || fail "$client, $what: $REPLY"
		else
			refuses "$client" -s $server "$@" || fail "$client, $what"
		fi
	done <<<"$CLIENTS"
}

# zero_shapes: 64 addresses, one for every way in which the last six groups can be zero or not; those at an even place are
# to have a row
zero_shapes() {
	local i bit address
	for i in {0..63}; do
		address=2001:db8
		for bit in 1 2 4 8 16 32; do
			address+=:$(((i & bit) / bit))
		done
		echo "$address"
	done
}

# shapes [OPTION...]: an MTA finds the rows of the even ones and no other, however it spells IPv6
shapes() {
	local i=0 address
	add_addresses $(zero_shapes)
	zero_shapes | sed -n "1~2s/\$/ $EPOCHSECONDS/p" | "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.$FORM" load
	for address in $(zero_shapes); do
		if [ $((i++ % 2)) = 0 ]; then
			relays "$address" -s ::1 "$@" || fail "$address: $REPLY"
		else
			refuses "$address" -s ::1 "$@"
		fi
	done
}

# neighbours [OPTION...]: the MTA lets nobody relay whose address merely begins, in any of its spellings, like the key of a row
neighbours() {
	local client row
	for client in 2001:db8::1:7 2001:db8::a:0:0:7 2001:db8:0:1:1:1:1:1 2001:db8:0:0:1::8 2001:db8::7 2001:db8::ffff:7; do
		add_addresses "$client"
		for row in "$client" "$(spelled_out "$client")"; do
			while [[ $row == *:* ]]; do
				row=${row%:*}
				echo "$row"
				[[ $row != *: || $row == *::* ]] || echo "$row:"
			done
		done | grep . | sort -u | sed "s/\$/ $EPOCHSECONDS/" | "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.$FORM" load
		refuses "$client" -s ::1 "$@" || fail "$client: $REPLY"
		"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.$FORM" add "$client"
		relays "$client" -s ::1 "$@" || fail "$client: $REPLY"
	done
}

# spelled_out ADDRESS: with all its zeros
spelled_out() {
	local left=${1%%::*} right=${1##*::} groups
	[[ $1 == *::* ]] || { echo "$1"; return; }
	groups=$(tr -cd : <<<"$left:$right:" | wc -c)
	printf '%s' "$left"
	printf ':0%.0s' $(seq $((8 - groups)))
	printf ':%s\n' "$right"
}

# damage_pages FILE: every page of it but the first is no page.  Not noise: that
# looks like a page at times, and libdb crashes on what stands there.
damage_pages() {
	local size
	size=$(stat -c %s "$1")
	((size > 4096)) || fail "$1: of $size bytes"
	head -c $((size - 4096)) /dev/zero | tr '\0' '\377' | dd of="$1" bs=4096 seek=1 conv=notrunc status=none
}

# takes_local CLIENT [OPTION...]: mail for this host is taken, even if it may not relay
takes_local() {
	smtp_open -b "$@"
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<root@mx.example.test>'
	local answer=$REPLY
	smtp_close
	REPLY=$answer
	[[ $REPLY == 250* ]] || fail "$1: $REPLY"
}

# ask CLIENT RECIPIENT [OPTION...]: leaves the answer to RCPT in REPLY
ask() {
	local client=$1 recipient=$2 answer
	shift 2
	smtp_open -b "$client" "$@"
	smtp 'MAIL FROM:<>'
	smtp "RCPT TO:$recipient"
	answer=$REPLY
	smtp_close
	REPLY=$answer
}

# soon CLIENT [OPTION...]: sets END to a second that is far enough for a session to begin before it, on this machine
soon() {
	local begin=$EPOCHSECONDS
	relays "$@" || :
	END=$((EPOCHSECONDS + 6 + 6 * (EPOCHSECONDS - begin)))
}

# exact END WORDS COMMAND...: asks in the open session until three answers after END, in seconds, have come, with COMMAND after
# each; an answer that came within one second is judged by that second.  Refused has to be with WORDS
exact() {
	local end=$1 words=$2 before yes=0 no=0
	shift 2
	while [ $no -lt 3 ]; do
		before=${EPOCHREALTIME%.*}		# EPOCHSECONDS may be some milliseconds late
		smtp 'RCPT TO:<somebody@example.net>'
		if [ "$before" = "${EPOCHREALTIME%.*}" ]; then
			if [ "$before" -lt "$end" ]; then
				[[ $REPLY == 250* ]] || fail "$((end - before)) s before its end: $REPLY"
				yes=$((yes + 1))
			else
				[[ $REPLY == 550*"$words"* ]] || fail "$((before - end)) s after its end: $REPLY"
				no=$((no + 1))
			fi
		fi
		[ "$before" -lt $((end + 300)) ] || fail "it does not end"
		"$@"
		nap 0.02
	done
	[ $yes -gt 0 ]
}

# start_names NAME=ADDRESS...: a name server on port 53 knows these, and the host
# asks it
start_names() {
	echo 'nameserver 127.0.0.1' >/etc/resolv.conf
	quietly dns "$BUILD/tests/mta/prog_dns" "$@" 3>&- &
	DNS_PID=$!
	comes_up dns $! answers_names
}

answers_names() {
	ss -lunH 'sport = :53' | grep -q .
}

# start_as_it_is NAME: start_NAME of servers.sh, with the configuration that is there
start_as_it_is() {
	local configure
	configure=$(declare -f "configure_$1")
	eval "configure_$1() { :; }"
	"start_$1"
	eval "$configure"
}

# ---- sendmail ----

# relayers_mc FEATURE-LINE [LINE...]: $SCRATCH/sendmail.mc, the sample with this line in place of its own and the others before
# its mailers; the map is $RELAYERS
relayers_mc() {
	local line feature=$1
	shift
	while IFS= read -r line; do
		case $line in
		"FEATURE(\`relayers'"*) printf '%s\n' "$feature" ;;
		"MAILER(\`local')"*) printf '%s\n' "$@" "$line" ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$SOURCES/sendmail-cf/sample.mc" >"$SCRATCH/sendmail.mc"
}

# sendmail_with FEATURE-LINE [LINE...]: sendmail runs with such a configuration
sendmail_with() {
	relayers_mc "$@"
	start_sendmail "$SCRATCH/sendmail.mc"
}

end_sendmail() {
	if [ -n "${SENDMAIL_PID-}" ]; then
		stop_sendmail
		SENDMAIL_PID=
	fi
}

with_window="FEATURE(\`relayers', \`hash -o /var/lib/relayers/relayers', \`60m')dnl"
without_window="FEATURE(\`relayers', \`hash -o /var/lib/relayers/relayers')dnl"

authenticating=("define(\`confAUTH_MECHANISMS', \`PLAIN')dnl" "TRUST_AUTH_MECH(\`PLAIN')dnl")

# sasl_for_alice: alice's password is "secret", where sendmail looks
sasl_for_alice() {
	mkdir -p /etc/sasl2
	printf '%s\n' 'pwcheck_method: auxprop' 'auxprop_plugin: sasldb' 'mech_list: PLAIN' "sasldb_path: $SCRATCH/sasldb" \
		>/etc/sasl2/Sendmail.conf
	echo secret | saslpasswd2 -p -c -f "$SCRATCH/sasldb" -u mx.example.test alice
	chown smmta "$SCRATCH/sasldb"
	chmod 600 "$SCRATCH/sasldb"
}

# authenticates CLIENT PASSWORD AUTH-CODE RCPT-CODE: what sendmail says to alice there, and then to her remote recipient
authenticates() {
	smtp_open -b "$1"
	smtp "AUTH PLAIN $(printf '\0alice@mx.example.test\0%s' "$2" | base64)"
	[[ $REPLY == $3* ]] || fail "$1: $REPLY"
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<somebody@example.net>'
	[[ $REPLY == $4* ]] || fail "$1: $REPLY"
	smtp_close
}

# rule_set NAME ARGUMENT...: what sendmail -bt says that the rule set returns for each argument, without blanks
rule_set() {
	local name=$1
	shift
	printf "$name %s\n" "$@" | /usr/libexec/sendmail/sendmail -bt | sed -n "s/^$name  *returns: //p" | tr -d ' '
}

# ---- pages in docs/ ----

# stanza PAGE WORD: the code block of docs/PAGE.md that opens with ```WORD, for the map $RELAYERS
stanza() {
	local text
	text=$(page_block "$1" "$2") || return
	sed "s,/var/lib/relayers/relayers,$RELAYERS,g" <<<"$text"
}
