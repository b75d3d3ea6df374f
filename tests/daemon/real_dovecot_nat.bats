# needs: root
# enclosure: rsyslog dovecot
# a real Dovecot in a network namespace of its own behind a bridge of this host, as in a container: whom its log names
#
#   away 203.0.113.77-80 --- 203.0.113.1  this host  172.22.1.1 (br-mail) --- 172.22.1.250 box: Dovecot

load ../lib/test
load daemon
load real

# connect NAMESPACE LINK ADDRESS... : a namespace, whose end of the cable has these addresses; ours is LINK
connect() {
	local space=$1 link=$2 address
	shift 2
	ip netns add "$space"
	ip link add "$link" type veth peer name eth0 netns "$space"
	for address; do
		ip -n "$space" addr add "$address" dev eth0
	done
	ip -n "$space" link set lo up
	ip -n "$space" link set eth0 up
	ip link set "$link" up
}

in_space() {	# in_space NAMESPACE COMMAND...
	nsenter --net="/run/netns/$1" "${@:2}"
}

start_file() {
	start_rsyslog
	ip link add br-mail type bridge
	ip addr add 172.22.1.1/24 dev br-mail
	ip link set br-mail up
	connect box box 172.22.1.250/24
	ip link set box master br-mail
	ip -n box route add default via 172.22.1.1
	connect away away 203.0.113.{77..80}/24
	ip addr add 203.0.113.1/24 dev away
	ip -n away route add default via 203.0.113.1
	echo 1 >/proc/sys/net/ipv4/ip_forward
	mkdir -p "$WORK/dovecot"
	echo 'listen = *' >"$WORK/dovecot/extra.conf"
	printf '%s\n' '#!/bin/sh' 'exec nsenter --net=/run/netns/box /usr/sbin/dovecot "$@"' >"$WORK/dovecot/dovecot"
	chmod +x "$WORK/dovecot/dovecot"
	listens() { in_space box ss -ltnH "sport = :$1" | grep -q .; }
	PATH=$WORK/dovecot:$PATH
	start_dovecot
	(quietly userland python3 "$HERE/userland.py" 172.22.1.250 110 143)
}

# from ADDRESS URL: alice logs in from there
from() {
	in_space away curl -sS --max-time 60 --interface "$1" -u alice:secret "$2" >/dev/null
}

logged() {	# so many logins from the gateway
	grep -c 'rip=172.22.1.1,' "$WORK/log/mail.log"
}

WARNING='a login from 172.22.1.1, which is an address of this host itself'

@test "routed to, it logs the clients' own addresses: no warning, and each for himself" {
	watch "$WORK/log/mail.log"
	from 203.0.113.79 imap://172.22.1.250/
	eventually recorded 203.0.113.79
	not recorded 203.0.113.80
	from 203.0.113.80 pop3://172.22.1.250/
	eventually recorded 203.0.113.80
	stop_popwatch
	not recorded 172.22.1.1
	not grep -q 'stands for everybody' "$DIR/stderr"
}

@test "by way of a userland proxy everybody is the gateway: recorded, and warned of once" {
	watch "$WORK/log/mail.log"
	from 203.0.113.77 imap://203.0.113.1/
	eventually recorded 172.22.1.1
	from 203.0.113.78 pop3://203.0.113.1/
	eventually grep -q 'pop3-login: Log.*rip=172.22.1.1,' "$WORK/log/mail.log"
	stop_popwatch
	[ "$(grep -c "$WARNING" "$DIR/stderr")" = 1 ] || fail "$(cat "$DIR/stderr")"
	not recorded 203.0.113.77
	not recorded 203.0.113.78
}

@test "-n and -t say so of that log, and nothing of it is recorded with ignore" {
	watch "$WORK/log/mail.log" 'ignore = 172.22.1.1'
	stop_popwatch
	before=$(logged)
	from 203.0.113.77 imap://203.0.113.1/
	more() { [ "$(logged)" -gt "$before" ]; }
	eventually more
	run once
	[ "$status" -eq 0 ] || fail "$output"
	[[ $output != *'stands for everybody'* ]] || fail "$output"
	not recorded 172.22.1.1
	sed -i '/^ignore = 172/d' "$DIR/popwatch.conf"
	for option in -n "-t $WORK/log/mail.log"; do
		# shellcheck disable=SC2086
		"$POPWATCH" -c "$DIR/popwatch.conf" $option >/dev/null 2>"$DIR/said" || :
		[ "$(grep -c "$WARNING" "$DIR/said")" = 1 ] || fail "$option: $(cat "$DIR/said")"
	done
}
