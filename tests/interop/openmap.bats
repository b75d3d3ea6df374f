# openmap.bats - an MTA that has the map open sees a row that is committed in the very second in which it opened the map
#
# sendmail and Postfix compare whole seconds of the file's time to notice a change.  So each round lies in one second: a row is
# written, the MTA opens the map and refuses the client, the client's row is written, the client asks again.
#
# enclosure: sendmail postfix rsyslog
# long: twice as many rounds

load ../lib/test

rounds=$(short && echo 5 || echo 10)

start_file() {
	export RELAYERS=$SCRATCH/relayers
	echo '127.0.0.99 1' | makemap hash "$RELAYERS"
	start_rsyslog
	start_sendmail
	start_postfix
}

# how a row gets into the map: by us, and as everybody does it, in place and with the file's time left to the kernel
by_us() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" add "$1"
}
in_place() {
	echo "$1 $(date +%s)" | makemap -o hash "$RELAYERS"
}

# the beginning of a second in which two changes can follow each other at once: the map's time is past, since a commit may move
# it a second ahead of the clock, and no further
next_second() {
	local this
	this=$(date +%s)
	until [ "$(date +%s)" -gt "$this" ] && [ "$(date +%s)" -gt "$(stat -c %Y "$RELAYERS.db")" ]; do
		sleep 0.01
	done
}

# how the client asks before and after: within one session of sendmail, or in one each
within_a_session() {
	smtp_open -b "$1"
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<before@example.net>'
	[[ $REPLY == 55[04]* ]] || fail "before: $REPLY"
	"$2" "$1"
	smtp 'RCPT TO:<after@example.net>'
	local answer=$REPLY
	smtp_close
	REPLY=$answer
}
in_sendmail_sessions() {
	refuses "$1"
	"$2" "$1"
	relays "$1" || :
}
in_postfix_sessions() {
	refuses "$1" -p 2525
	"$2" "$1"
	relays "$1" -p 2525 || :
}

# Does the round end in the second in which it began?  Also by the kernel's clock
# for files, which is some milliseconds late
fits() {	# fits WRITES SECOND MTIME
	[ "$(date +%s)" = "$2" ] && { [ "$1" = by_us ] || [ "$(stat -c %Y "$RELAYERS.db")" = "$3" ]; }
}

# try ASKS WRITES: sets refused to how many of the rounds ended with the client
# refused; a round that did not fit into a second is done again
try() {
	local round=0 again=0 second mtime
	refused=0
	while [ $round -lt $rounds ]; do
		client=127.$BATS_TEST_NUMBER.$((round + 1)).$((again + 1))	# never seen before
		next_second
		second=$(date +%s)
		"$2" "127.25$BATS_TEST_NUMBER.$round.$again"
		mtime=$(stat -c %Y "$RELAYERS.db")
		"$1" "$client" "$2"
		if ! fits "$2" "$second" "$mtime"; then
			again=$((again + 1))
			[ $again -lt 100 ] || skip "on this machine no round fits into a second"
			continue
		fi
		round=$((round + 1))
		[[ $REPLY == 250* ]] || refused=$((refused + 1))
	done
	echo "# $1, $2: $refused of $rounds refused" >&3
}

@test "in place with the file's time left to the kernel: sendmail refuses within a session" {
	try within_a_session in_place
	[ "$refused" = "$rounds" ]
}

@test "in place with the file's time left to the kernel: Postfix refuses in the next session" {
	try in_postfix_sessions in_place
	[ "$refused" = "$rounds" ]
}

@test "committed by us: sendmail relays within the session" {
	try within_a_session by_us
	[ "$refused" = 0 ]
}

@test "committed by us: sendmail relays in the next session" {
	try in_sendmail_sessions by_us
	[ "$refused" = 0 ]
}

@test "committed by us: Postfix relays in the next session" {
	try in_postfix_sessions by_us
	[ "$refused" = 0 ]
}
