# relaymirror where three real Sentinels know which engine takes writes
#
# Two engines and three Sentinels in a network of their own, so that their ports
# are nobody else's.  The Sentinels decide within seconds, as at a real site, and
# each step waits for what they and the engines say of themselves.
#
# enclosure:
load ../lib/test
load mirror

SENTINEL=$(program_of sentinel)
SENTINELS='26501 26502 26503'

start_file() {
	[ -n "$SENTINEL" ] || skip 'no redis-sentinel and no valkey-sentinel'
}

# at PORT WORD...: a command to the engine or the Sentinel there
at() {
	timeout 20 "$CLIENT" -h 127.0.0.1 -p "$1" "${@:2}" 2>/dev/null
}

pongs() {	# pongs PORT
	[ "$(at "$1" PING)" = PONG ]
}

engine_at() {	# engine_at PORT [OPTION...]
	mkdir -p "$DIR/data.$1"
	"$SERVER" --bind 127.0.0.1 --port "$1" --dir "$DIR/data.$1" --save '' --maxmemory-policy noeviction \
		--repl-diskless-sync-delay 0 --daemonize no "${@:2}" >>"$DIR/engine.$1.log" 2>&1 3>&- &
	PID[$1]=$!
	PIDS+=" $!"
	eventually pongs "$1"
}

sentinel_at() {	# sentinel_at PORT: watches the engine at 6501; relay-ask may ask where it is, and no more
	mkdir -p "$DIR/sentinel.$1"
	cat >"$DIR/sentinel.$1/conf" <<-END
	bind 127.0.0.1
	port $1
	dir $DIR/sentinel.$1
	sentinel monitor relay 127.0.0.1 6501 2
	sentinel down-after-milliseconds relay 2000
	sentinel failover-timeout relay 10000
	user relay-ask on >asking resetchannels -@all +auth +ping +sentinel|get-master-addr-by-name
	END
	"$SENTINEL" "$DIR/sentinel.$1/conf" >>"$DIR/sentinel.$1/log" 2>&1 3>&- &
	PIDS+=" $!"
	eventually pongs "$1"
}

role() {	# role PORT master|slave
	at "$1" INFO replication | grep -q "^role:$2"
}

follows() {	# follows PORT: it is a replica that has all that its master has
	role "$1" slave && at "$1" INFO replication | grep -q '^master_link_status:up'
}

# every Sentinel sees the two others, names PORT, and has one replica that is fit
# to take over
steady() {	# steady PORT
	local sentinel
	role "$1" master || return 1
	for sentinel in $SENTINELS; do
		at "$sentinel" SENTINEL get-master-addr-by-name relay | grep -qx "$1" || return 1
		[ "$(of_master "$sentinel" num-other-sentinels)" = 2 ] || return 1
		[ "$(of_master "$sentinel" flags)" = master ] || return 1
		at "$sentinel" SENTINEL replicas relay | awk '
			$0 == "flags" { getline; fit += $0 == "slave"; all++ }
			$0 == "master-link-status" { getline; linked += $0 == "ok" }
			END { exit !(all == 1 && fit == 1 && linked == 1) }' || return 1
	done
}

of_master() {	# of_master PORT WORD: what a Sentinel knows of the master
	at "$1" SENTINEL master relay | awk -v word="$2" '$0 == word { getline; print }'
}

watched() {	# watched NAME FORM SETTING...: a host that asks the Sentinels
	secret "$DIR/password" asking
	host "$1" "$2" 'engine = redis+sentinel://127.0.0.1:26501,127.0.0.1:26502,127.0.0.1:26503/relay' \
		'sentinel-user = relay-ask' "sentinel-password-file = $DIR/password" "${@:3}"
	printf '%s\n' 'engine-port = 6501' 'engine-port = 6502' >>"$DIR/$1/conf"
}

# has_at PORT ADDRESS: the engine there has the login
has_at() {
	[ -n "$(at "$1" ZSCORE '{relayers}:z' "$2")" ]
}

@test "the engine is killed; the one that took over hangs, and comes back" {
	declare -A PID
	engine_at 6501
	engine_at 6502 --replicaof 127.0.0.1 6501
	eventually follows 6502
	for port in $SENTINELS; do
		sentinel_at $port
	done
	eventually steady 6501
	watched pop db 'publish = yes'
	watched smtp lmdb 'subscribe = yes'
	start pop smtp
	login pop 192.0.2.1
	eventually has smtp 192.0.2.1
	# both hosts' administrators and logins go on, whichever is the master
	kill -KILL "${PID[6501]}"
	login pop 192.0.2.2
	has smtp 192.0.2.1
	eventually has_at 6502 192.0.2.2
	eventually has smtp 192.0.2.2
	order smtp delete 192.0.2.1
	eventually lacks pop 192.0.2.1
	# the old master comes back empty, and becomes a replica
	engine_at 6501
	eventually follows 6501
	eventually steady 6502
	login pop 192.0.2.3
	eventually has smtp 192.0.2.3
	# the new one hangs: it is alive, and answers nobody
	kill -STOP "${PID[6502]}"
	login pop 192.0.2.4
	eventually has_at 6501 192.0.2.4
	eventually has smtp 192.0.2.4
	# when it goes on it believes that it is the master, until it hears better;
	# nothing is lost to it
	kill -CONT "${PID[6502]}"
	login pop 192.0.2.5
	eventually follows 6502
	login pop 192.0.2.6
	for n in 5 6; do
		eventually has smtp 192.0.2.$n
		eventually has_at 6501 192.0.2.$n
	done
	eventually steady 6501
	eventually complete smtp
	lacks smtp 192.0.2.1
	[ "$(rows smtp | wc -l)" = 5 ]
	[ "$(rows pop | wc -l)" = 5 ]
}

@test "-n says what a Sentinel refuses, and what it does not know" {
	declare -A PID
	engine_at 6501
	sentinel_at 26501
	watched pop db 'publish = yes'
	sed -i 's/,127.0.0.1:2650[23]//g' "$DIR/pop/conf"
	run "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[ "$status" = 0 ] || fail "$output"
	printf wrong >"$DIR/password"
	run "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[ "$status" = 69 ] || fail "$status: $output"
	[[ $output == *'127.0.0.1:26501 (a Sentinel): WRONGPASS'* ]] || fail "$output"
	printf asking >"$DIR/password"
	sed -i 's,/relay$,/other,' "$DIR/pop/conf"
	run "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[ "$status" = 69 ] || fail "$status: $output"
	[[ $output == *"127.0.0.1:26501 (a Sentinel): Sentinel knows no address of the master 'other'"* ]] || fail "$output"
}
