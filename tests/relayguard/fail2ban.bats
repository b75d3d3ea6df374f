# fail2ban.bats - the filter, by fail2ban-regex on lines that relayguard wrote
#
# enclosure: fail2ban

load ../lib/test
load guard

regex() {	# regex LOG: the addresses that the filter finds, one a line
	cp "$SOURCES/relayguard/fail2ban.conf" /etc/fail2ban/filter.d/relayguard.conf
	PYTHONPATH=/usr/lib/python3/dist-packages /usr/bin/python3 /usr/bin/fail2ban-regex --print-all-matched -o ip "$1" \
		/etc/fail2ban/filter.d/relayguard.conf | sort
}

@test "refusals and attempts count with their address, nothing else, and no client can name another" {
	prepare $'noto:192.0.2.1:ALL:ALL:550 5.7.1 no\ndeny:192.0.2.2:ALL:ALL\nallow:ALL:ALL:ALL'
	start_guard
	policy policy client_address=192.0.2.1
	policy policy client_address=192.0.2.2
	policy policy client_address=192.0.2.3
	policy policy client_address=2001:db8::1
	milter 'connect 192.0.2.4' 'mail <>' 'refused <x@far.test> 5.7.1 Relay access denied'
	forged='rcpt noto rule=1 client=[203.0.113.9] reply="'
	policy policy client_address=192.0.2.3 "sender=$forged" "recipient=$forged" "client_name=$forged"
	milter 'connect 192.0.2.4' "mail <$forged>" "rcpt <relayguard[1]: $forged>" "unknown $forged"
	stop_guard
	grep -q 'rcpt allow .*203.0.113.9' "$DIR/stderr"
	for head in 'Nov 28 07:00:00 mx relayguard[123]: ' '2026-11-28T07:00:00.123456+00:00 mx relayguard[123]: '; do
		sed -n "s/^relayguard: \(rcpt\|data\)/$head\1/p" "$DIR/stderr" >"$DIR/log"
		[ "$(regex "$DIR/log" | tr '\n' ' ')" = '192.0.2.1 192.0.2.2 192.0.2.4 ' ] || fail "$(regex "$DIR/log")"
	done
}
