# exim.bats - relayguard as a policy service of a real Exim, by the blocks of
# docs/relayguard.md
#
# enclosure: exim rsyslog

load ../lib/test
load ../mta/mta
load guard
eval "$(declare -f teardown | sed 's/^teardown/teardown_guard/')"
load mta

start_file() {
	add_user Debian-exim relayers
	usermod -a -G relayers Debian-exim
	start_mta_file
	add_addresses 2001:db8::7 2001:db8::8
}

teardown() {
	[ -z "${EXIM_PID-}" ] || stop "$EXIM_PID"
	EXIM_PID=
	teardown_guard
}

# exim_guarded RULES [SETTING...]
exim_guarded() {
	local conf block=$SCRATCH/block
	guard_for "$(page_stanza exim-conf)" -- "$@"
	conf=$DIR/exim.conf RELAYERS=$DIR/db/relayers
	chmod 755 "$DIR/db"
	chmod 644 "$DB"
	sed "s,@WORK@,$WORK,g; s/^domainlist relay_to_domains =/& example.com/" "$SOURCES/tests/mta/exim.conf" >"$conf"
	{ stanza exim acl; page_stanza exim-acl; } >"$block"
	sed -i "/^@ACL@/r $block" "$conf"
	page_stanza exim-rcpt >"$block"
	sed -i "/^@BLOCKLIST@/r $block" "$conf"
	stanza exim rcpt >"$block"
	sed -i "/^@RCPT@/r $block" "$conf"
	sed -i '/^@[A-Z]*@$/d' "$conf"
	chmod 644 "$conf"
	chown root:root "$conf"
	rm -rf "$WORK/exim"
	install -d -o Debian-exim -g Debian-exim "$WORK/exim" "$WORK/exim/spool" "$WORK/exim/log"
	quietly exim exim4 -C "$conf" -bdf 3>&- &
	EXIM_PID=$!
	comes_up exim $! listens 2526
}

queued_headers() {
	cat "$WORK"/exim/spool/input/*-H
}

@test "deny ends the session, unless its code is 4xx, which Exim cannot; each action; lists, clients and addresses of every kind" {
	exim_guarded "$actions" 'delay = 1s'
	DENY_CODE=5 TEMPORARY_STAYS=1 deny_closes 2526
	each_action 2526
	[ "$(queued_headers | grep -c 'X-Spam-Warning: suspicious 127.0.1.2')" = 1 ] || fail "$(queued_headers)"
	# some of the spellings are no address for Exim: 501
	DODGE_CODE=5 lists_and_addresses 2526
	stop_guard
}

@test "limits, and recipients that wait" {
	limited_clients
	exim_guarded 'allow:ALL:ALL:ALL' "${limits[@]}"
	limits_hold 2526
	stop_guard
	stop "$EXIM_PID"
	exim_guarded 'allow:ALL:ALL:ALL' "${pauses[@]}"
	later_ones_wait 2526
	stop_guard
}

@test "no rule is dodged by another way to write an address" {
	exim_guarded "$by_spelling"
	no_spelling_dodges exim 2526 "$WORK/exim/spool/input"
	stop_guard
}

@test "when nobody listens, mail goes on and strangers do not relay" {
	exim_guarded "$actions" 'delay = 0'
	stop_guard
	session 2526 127.0.1.2 'MAIL FROM:<>' 'RCPT TO:<noto@example.com>' 'RCPT TO:<x@example.net>'
	hears 1 250
	hears 2 550 'relay not permitted'
	session 2526 127.0.1.1 'MAIL FROM:<>' 'RCPT TO:<x@example.net>'
	hears 1 250
}
