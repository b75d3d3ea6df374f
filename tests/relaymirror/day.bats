# relaymirror: a day of a site in minutes, with a real engine, real databases,
# and hosts with a network each
#
# The clock of all of them is a file, which is moved by a minute when every host
# has what the last one brought.  lmdb, since the mtime of a hash is the
# kernel's.  test_relaymirror_day.c is the same on paper, for 200 hosts.
#
# enclosure:
# limit: 3600
# long: six hours of 20 hosts, instead of two of 6; make torture: the day
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

plug_in() {	# plug_in NAME N: a network of its own, with an address on the bridge
	ip netns add "$1"
	ip link add "to-$1" type veth peer name eth0 netns "$1"
	ip link set "to-$1" master hub up
	ip -n "$1" address add "198.51.100.$2/24" dev eth0
	ip -n "$1" link set eth0 up
	ip -n "$1" link set lo up
}

# by the clock of all
timed() {
	CLOCK_FILE=$DIR/clock LD_PRELOAD=$CLOCK "$@"
}

start_there() {	# start_there NAME
	timed ip netns exec "$1" "$RELAYMIRROR" -v -c "$DIR/$1/conf" 2>>"$DIR/$1/stderr" 3>&- &
	PIDS+=" $!"
	eventually said "$1" 'is reached'
}

@test "logins, expiry, deletes, an engine that loses everything" {
	local steps=120 pop=3 smtp=3 n=0 name
	short || steps=360 pop=10 smtp=10
	! longest || steps=1440
	[[ $BUILD != */sanitize ]] || skip 'a sanitizer wants to be loaded first'
	CLOCK=$BUILD/tests/torture/clock.so
	head -c 8 /dev/zero >"$DIR/clock"
	ip link add hub type bridge
	ip address add 198.51.100.254/24 dev hub
	ip link set hub up
	timed start_engine --bind 198.51.100.254 --port 6379 --protected-mode no
	for name in $(seq -f 'pop%g' $pop) $(seq -f 'smtp%g' $smtp); do
		n=$((n + 1))
		plug_in "$name" $n
		if [[ $name = pop* ]]; then
			host "$name" lmdb 'publish = yes'
		else
			host "$name" lmdb 'subscribe = yes'
		fi
		sed -i 's,^engine = .*,engine = redis://198.51.100.254,; $a window = 2h' "$DIR/$name/conf"
		start_there "$name"
	done
	run timeout 3500 python3 "$BATS_TEST_DIRNAME/day.py" "$DIR" "$ENGINE" "$VSMTPRELAY" "$CLOCK" $steps $pop $smtp
	echo "# $output" >&3
	[ "$status" = 0 ]
}
