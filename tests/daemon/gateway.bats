# needs: root
# enclosure:
# logins from addresses that stand for everybody: this host's own, a bridge's, a router's

load ../lib/test
load daemon

login() {	# login ADDRESS...
	for address; do
		printf '%s 2359d3e20b39 dovecot: imap-login: Login: user=<alice@example.org>, method=PLAIN, rip=%s, %s\n' "$(date '+%b %e %T')" \
			"$address" 'lip=172.22.1.250, mpid=173, TLS, session=<e4C8+rJgn7l/AABm>'
	done
}

start_file() {
	ip link add br-mail type bridge
	ip link add uplink type veth peer name uplink-peer
	ip addr add 172.22.1.1/16 dev br-mail
	ip addr add 198.51.100.9/24 dev uplink
	for link in br-mail uplink uplink-peer; do
		ip link set "$link" up
	done
	ip route add default via 198.51.100.1
	ip -6 addr add fd00:dead:beef::1/48 dev br-mail nodad
	ip -6 addr add 2001:db8:1::9/64 dev uplink nodad
	ip -6 route add default via 2001:db8:1::1 dev uplink
}

OWN='a login from 172.22.1.1, which is an address of this host itself'
ROUTER='a login from 198.51.100.1, which is a gateway of this host on uplink'

# warns TEXT: says of both what they are and what helps, of nobody else, once
warns() {
	[ "$(grep -c "$OWN" <<<"$1")" = 1 ] || fail "$1"
	[ "$(grep -c "$ROUTER" <<<"$1")" = 1 ] || fail "$1"
	[[ $1 == *"Write 'ignore = 172.22.1.1'"* ]]
	[ "$(grep -c 'stands for everybody' <<<"$1")" = 2 ] || fail "$1"
}

@test "-t and -n warn of them, each once, unless they are ignored" {
	prepare
	login 172.22.1.1 192.0.2.7 198.51.100.1 172.22.1.1 172.22.1.2 198.51.100.1 127.0.0.1 >"$LOG"
	run --separate-stderr "$POPWATCH" -c "$DIR/popwatch.conf" -t "$LOG"
	[ "${#lines[@]}" = 7 ]
	warns "$stderr"
	run --separate-stderr "$POPWATCH" -c "$DIR/popwatch.conf" -n
	[ "$status" -eq 0 ]
	warns "$stderr"
	echo 'ignore = 172.22.0.0/16, 198.51.100.1' >>"$DIR/popwatch.conf"
	run --separate-stderr "$POPWATCH" -c "$DIR/popwatch.conf" -t "$LOG"
	[[ $stderr != *'stands for everybody'* ]] || fail "$stderr"
	run --separate-stderr "$POPWATCH" -c "$DIR/popwatch.conf" -n
	[[ $stderr != *'stands for everybody'* ]] || fail "$stderr"
}

@test "the log has it once; an address that comes later is known after a reload" {
	prepare
	login 172.22.1.1 198.51.100.1 192.0.2.7 >"$LOG"
	start_popwatch
	eventually recorded 172.22.1.1 198.51.100.1 192.0.2.7
	ip addr add 172.23.1.1/16 dev br-mail
	kill -HUP "$POPWATCH_PID"
	eventually grep -q 'using the new configuration' "$DIR/stderr"
	login 172.22.1.1 172.23.1.1 >>"$LOG"
	eventually recorded 172.23.1.1
	stop_popwatch
	[ "$(grep -c "$OWN" "$DIR/stderr")" = 1 ]
	[ "$(grep -c "$ROUTER" "$DIR/stderr")" = 1 ]
	[ "$(grep -c 'a login from 172.23.1.1, which is an address of this host itself' "$DIR/stderr")" = 1 ]
	[ "$(grep -c 'stands for everybody' "$DIR/stderr")" = 3 ]
}

@test "those of IPv6, and IPv4 in the form of IPv6, are known as well; their neighbours are not" {
	local address
	prepare
	for address in fd00:dead:beef::1 FD00:DEAD:BEEF:0::1 2001:db8:1::9 2001:db8:1::1 ::ffff:172.22.1.1 ::ffff:198.51.100.1; do
		login "$address" >"$LOG"
		run "$POPWATCH" -c "$DIR/popwatch.conf" -t "$LOG"
		[[ $output == *'stands for everybody'* ]] || fail "$address: $output"
	done
	for address in fd00:dead:beef::2 fd00:dead:bee::1 2001:db8:1::2 ::ffff:172.22.1.2 ::ffff:198.51.100.2; do
		login "$address" >"$LOG"
		run "$POPWATCH" -c "$DIR/popwatch.conf" -t "$LOG"
		[[ $output == *$'1\tlogin\t'* && $output != *'stands for everybody'* ]] || fail "$address: $output"
	done
}
