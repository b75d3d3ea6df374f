# owner.bats - whose file sendmail reads, and that a recorder who does not own it is heard at once
#
# enclosure: sendmail rsyslog

load ../lib/test

client=127.0.0.5

start_file() {
	export RELAYERS=$SCRATCH/relayers
	add_user relayers
	start_rsyslog
	start_sendmail
}

setup() {
	chown relayers: "$SCRATCH"
	rm -f "$RELAYERS".db*
	vsmtprelay add $client
}

vsmtprelay() {
	"$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" "$@"
}

as_relayers() {
	setpriv --reuid relayers --regid relayers --clear-groups "$BUILD/vsmtprelay/vsmtprelay" -f "$RELAYERS.db" "$@"
}

# the file belongs to OWNER:GROUP with MODE: does sendmail read it?
reads() {
	chown "$1" "$RELAYERS.db"
	chmod "$2" "$RELAYERS.db"
	relays $client
}

@test "sendmail reads what root, its trusted user or its group 0 may read, or everybody" {
	reads root:relayers 0660
	reads smmta:relayers 0660
	reads relayers:root 0660
	reads relayers:relayers 0664
}

@test "sendmail does not read what only another user and group may read, and does not say so" {
	! reads relayers:relayers 0660 || fail "it does"
	[[ $REPLY == 550*'Relaying denied'* ]]
}

@test "the same for makemap: it neither reads nor rewrites a map that only another user and group may read" {
	chown relayers:relayers "$RELAYERS.db"
	! makemap -u hash "$RELAYERS" || fail "it reads"
	! echo '127.0.0.99 1' | makemap hash "$RELAYERS" || fail "it writes"
	chown root:relayers "$RELAYERS.db"
	makemap -u hash "$RELAYERS"
	echo '127.0.0.99 1' | makemap hash "$RELAYERS"
}

# makemap, run by root, gives the map to its trusted user, and keeps group and mode
@test "a map of smmta, 0660 with the recorder's group: an open session of sendmail sees what the recorder commits" {
	chown root:relayers "$RELAYERS.db"
	echo '127.0.0.99 1' | makemap hash "$RELAYERS"
	[ "$(stat -c %U:%G:%a "$RELAYERS.db")" = smmta:relayers:660 ]
	for round in 1 2 3 4 5; do
		smtp_open -b 127.0.1.$round
		smtp 'MAIL FROM:<>'
		smtp 'RCPT TO:<before@example.net>'
		[[ $REPLY == 550* ]]
		as_relayers add 127.0.1.$round
		smtp 'RCPT TO:<after@example.net>'
		[[ $REPLY == 250* ]] || fail "round $round: $REPLY"
		smtp_close
	done
	[ "$(stat -c %U:%G:%a "$RELAYERS.db")" = smmta:relayers:660 ]
}
