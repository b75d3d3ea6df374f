# relaymirror across a network that fails, and clocks that are wrong: nobody's
# login is lost, no stranger is let in
#
# long: 60 reconnects of 20 hosts, instead of 12 of 4
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

network() {	# network MODE: from now on, see proxy.py
	echo "$1" >"$DIR/network.next"
	mv "$DIR/network.next" "$DIR/network"
	eventually grep -qsx "$1" "$DIR/network.is"
}

@test "a network that holds, delays, cuts, closes one way" {
	start_engine
	python3 "$BATS_TEST_DIRNAME/proxy.py" "$DIR/network.sock" "$ENGINE" "$DIR/network" 2>>"$DIR/engine.log" 3>&- &
	PIDS+=" $!"
	network pass
	host pop db 'publish = yes' "engine = unix:$DIR/network.sock"
	host smtp lmdb 'subscribe = yes' "engine = unix:$DIR/network.sock"
	start pop smtp
	login pop 192.0.2.1
	eventually has smtp 192.0.2.1
	n=1
	for mode in delay hold cut deaf dumb; do
		: >"$DIR/pop/stderr"
		: >"$DIR/smtp/stderr"
		network $mode
		n=$((n + 1))
		login pop 192.0.2.$n
		if [ $mode = hold ] || [ $mode = cut ]; then
			for name in pop smtp; do
				# an end is seen at once, not when an answer is late
				[ $mode = hold ] || eventually said $name 'Server closed the connection'
				[ $mode = cut ] || eventually said $name 'no answer in time'
			done
			eventually said smtp 'cannot follow'
			lacks smtp 192.0.2.$n
			network pass
		fi
		eventually has smtp 192.0.2.$n
		has smtp 192.0.2.1
		network pass
	done
	[ "$(rows smtp | wc -l)" = $n ]
	[ "$(rows pop | wc -l)" = $n ]
}

# at NAME COMMAND...: by the clock of host NAME
at() {
	[[ $BUILD != */sanitize ]] || skip 'a sanitizer wants to be loaded first'
	CLOCK_FILE=$DIR/$1.clock LD_PRELOAD=$BUILD/tests/torture/clock.so "${@:2}"
}

ahead() {	# ahead NAME SECONDS: its clock is
	python3 -c 'import struct, sys; open(sys.argv[1], "wb" if sys.argv[3:] else "r+b").write(struct.pack("=q", int(sys.argv[2])))' \
		"$DIR/$1.clock" "$2" ${3:+"$3"}
}

stamp() {	# stamp NAME ADDRESS
	rows "$1" | awk -v address="$2" '$1 == address { print $2 }'
}

# right SECOND N: the login of 192.0.2.N, not before SECOND, has such a stamp; the
# clocks of both hosts are rounded on its way
right() {
	local stamp
	stamp=$(stamp smtp 192.0.2.$2)
	[ "$stamp" -ge $(($1 - 5)) ] && [ "$stamp" -le $(($(date +%s) + 5)) ] ||
		fail "clock $offset: a login of $1 to $(date +%s) has $stamp"
}

@test "a POP host whose clock is minutes, an hour, a year ahead or behind" {
	start_engine
	host smtp lmdb 'subscribe = yes'
	host good db 'publish = yes'
	start smtp good
	n=0
	for offset in 600 -600 3700 -3700 31622400; do
		n=$((n + 1))
		host pop$n db 'publish = yes'
		ahead pop$n $offset new
		at pop$n start pop$n
		before=$(date +%s)
		at pop$n login pop$n 192.0.2.$n
		eventually said pop$n "this host's clock is"
		if [ ${offset#-} -lt 3600 ]; then
			eventually has smtp 192.0.2.$n
			right $before $n
			continue
		fi
		said pop$n 'nothing is published until it is right'
		# another host's login passes it by
		login good 192.0.2.10$n
		eventually has smtp 192.0.2.10$n
		lacks smtp 192.0.2.$n
		# what it has seen counts, once the clock is right
		ahead pop$n 0
		eventually has smtp 192.0.2.$n
		right $before $n
	done
	[ "$(rows smtp | wc -l)" = 8 ]
}

@test "an engine whose clock is wrong, and is put right" {
	# both round, so a minute may be a second more or less
	ahead engine -60 new
	at engine start_engine
	pair
	start pop smtp
	for name in pop smtp; do
		eventually said $name "seconds ahead of the engine's"
	done
	run -78 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *"this host's clock is "[56][0-9]" seconds ahead of the engine's"* ]] || fail "$output"
	run -1 order pop check
	[[ $output == *"warning: this host's clock is "[56][0-9]" seconds away from the engine's"* ]] || fail "$output"
	login pop 192.0.2.1
	eventually has smtp 192.0.2.1
	ahead engine 0
	for name in pop smtp; do
		eventually said $name "this host's clock agrees with the engine's again"
	done
	before=$(date +%s)
	login pop 192.0.2.2
	eventually has smtp 192.0.2.2
	offset='of the engine'
	right $before 2
	has smtp 192.0.2.1
}

# renew ROUNDS HOSTS: the engine gets another name, every second time with nothing
# in it, and ends all connections, and so many hosts have read all that it has; so
# many times
renew() {
	python3 - "$ENGINE" "$DEADLINE" "$@" <<-'END'
	import re, socket, sys, time
	path, deadline, rounds, hosts = sys.argv[1], *map(int, sys.argv[2:])
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(deadline)
	s.connect(path)
	answers = s.makefile("rb")
	def ask(line):
	    s.sendall(line.encode() + b"\r\n")
	    first = answers.readline()
	    if first[:1] == b"-":
	        sys.exit("%s: %s" % (line, first.decode()))
	    return answers.read(int(first[1:]) + 2) if first[:1] == b"$" else first
	for n in range(rounds):
	    ask("CONFIG RESETSTAT")
	    if n % 2:
	        ask("FLUSHALL")
	    ask("SET {relayers}:epoch new%d" % n)
	    ask("CLIENT KILL TYPE normal SKIPME yes")
	    end, read = time.monotonic() + deadline, 0
	    while read < hosts:
	        if time.monotonic() > end:
	            sys.exit("round %d: %d hosts" % (n, read))
	        time.sleep(0.02)
	        found = re.search(rb"cmdstat_zscan:calls=(\d+)", ask("INFO commandstats"))
	        read = int(found.group(1)) if found else 0
	END
}

scores() {
	engine ZRANGE '{relayers}:z' 0 -1 WITHSCORES | paste - - | sort
}

scores_are() {
	[ "$(scores)" = "$1" ]
}

# so many hosts, each with a clock and a login of its own, have the logins of all
know_each_other() {	# know_each_other HOSTS
	local n=0 offset name
	while [ $n -lt "$1" ]; do
		for offset in 0 900 -900 3000 -3000 61 -7; do
			[ $n -lt "$1" ] || break
			n=$((n + 1))
			host h$n lmdb 'publish = yes' 'subscribe = yes'
			ahead h$n $offset new
			echo $offset >"$DIR/h$n.offset"
			at h$n start h$n
			at h$n login h$n 192.0.2.$n 60
		done
	done
	for n in $(seq "$1"); do
		eventually has_rows h$n "$1"
		eventually counts h$n backlog 0
		rows h$n | sort >"$DIR/h$n.before"
		by_its_clock h$n
	done
}

# by_its_clock NAME: its stamps are those of the engine by the clock of the host
by_its_clock() {
	join <(scores) <(rows "$1" | sort) | awk -v offset="$(cat "$DIR/$1.offset")" '
		{ d = $3 - $2 - offset; bad += d > 3 || d < -3; print }
		END { exit bad > 0 || NR == 0 }' || fail "$1"
}

has_rows() {	# has_rows NAME COUNT
	[ "$(rows "$1" | wc -l)" = "$2" ]
}

@test "reconnects of hosts with offsets, each to an engine that is new: no stamp rises" {
	rounds=12 hosts=4
	short || rounds=60 hosts=20
	start_engine
	know_each_other $hosts
	before=$(scores)
	[ "$(wc -l <<<"$before")" = $hosts ]
	renew $rounds $hosts
	for n in $(seq $hosts); do
		eventually complete h$n
		eventually counts h$n backlog 0
		rows h$n | sort >"$DIR/h$n.after"
		cmp "$DIR/h$n.before" "$DIR/h$n.after"
	done
	eventually scores_are "$before" || fail "before: $before; after: $(scores)"
	# each has sent its own login again, and nobody else's: once, or twice where
	# the answer was cut off
	for n in $(seq $hosts); do
		sent=$(count h$n sent_total)
		[ "$sent" -ge $((rounds / 2)) ] && [ "$sent" -le $((2 * rounds + 2)) ] || fail "h$n: $sent of $rounds"
	done
}
