# relaymirror and Sentinel: two engines, three Sentinels that ask for users of
# their own, hosts with the rights of docs/cluster.md
#
# enclosure:
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

SENTINEL=$(command -v redis-sentinel || command -v valkey-sentinel || :)
ASKS='on >ask resetkeys resetchannels -@all +auth +ping +sentinel|get-master-addr-by-name'
PATIENT=600000
ALL='redis+sentinel://127.0.0.1:26379,127.0.0.1:26380,127.0.0.1:26381/relay'

at() {		# at PORT WORD...: a command to the engine or Sentinel there
	timeout 20 "$CLIENT" -p "$1" --no-auth-warning ${AUTH:+-a "$AUTH"} "${@:2}" 2>/dev/null
}

start_at() {	# start_at PORT [OPTION...]: an engine with the users of the page; its pid is in $DIR/PORT.pid
	mkdir -p "$DIR/$1"
	page_block cluster acl | sed 's/>PASSWORD-./>secret/' >"$DIR/$1/users"
	echo 'user default on nopass ~* &* +@all' >>"$DIR/$1/users"
	"$SERVER" --port "$1" --bind 127.0.0.1 --dir "$DIR/$1" --save '' --aclfile "$DIR/$1/users" \
		--maxmemory-policy noeviction --repl-diskless-sync-delay 0 --daemonize no "${@:2}" \
		>>"$DIR/engine.log" 2>&1 3>&- &
	echo $! >"$DIR/$1.pid"
	PIDS+=" $!"
	eventually pongs "$1"
}

pongs() {
	[ "$(at "$1" PING)" = PONG ]
}

kill_at() {	# kill_at PORT
	kill -KILL "$(cat "$DIR/$1.pid")"
	wait "$(cat "$DIR/$1.pid")" || :
}

start_sentinel() {	# start_sentinel PORT
	mkdir -p "$DIR/$1"
	printf '%s\n' "port $1" 'bind 127.0.0.1' "dir $DIR/$1" 'requirepass inner' "user relay-ask $ASKS" \
		'sentinel monitor relay 127.0.0.1 6379 2' "sentinel down-after-milliseconds relay $PATIENT" \
		'sentinel failover-timeout relay 3000' >"$DIR/$1/conf"
	"$SENTINEL" "$DIR/$1/conf" >>"$DIR/sentinel.log" 2>&1 3>&- &
	echo $! >"$DIR/$1.pid"
	PIDS+=" $!"
	eventually hurries "$1"
}

# hurries PORT: this Sentinel asks and tells more often than every 10 and 2 seconds;
# and does not take a slow machine for a wrong clock, after which it rests 30 s
hurries() {
	[ "$(AUTH=inner at "$1" SENTINEL DEBUG info-period 500 publish-period 200 ask-period 200 \
		tilt-trigger 600000)" = OK ]
}

# within MS: so soon is an engine down that does not answer.  Only while one is
# meant to be: on a busy machine one that is well may not answer within a second
within() {
	local port
	for port in $SENTINELS; do
		[ "$(AUTH=inner at $port SENTINEL SET relay down-after-milliseconds "$1")" = OK ]
	done
}

sentinel() {	# sentinel WORD...: of the last one, which no test kills
	AUTH=inner at 26381 SENTINEL "$@"
}

is_master() {	# is_master PORT: it and all Sentinels that run say so, as hosts may ask any of them
	local port
	for port in $SENTINELS; do
		[ "$(AUTH=inner at $port SENTINEL get-master-addr-by-name relay | tail -n 1)" = "$1" ] || return
	done
	at "$1" INFO replication | grep -q '^role:master'
}

# agreed PORT N: at least N Sentinels know each other, and the replica there, which has everything
agreed() {
	[[ $(sentinel ckquorum relay) == "OK "["$2"-3]" "* ]] && sentinel master relay | grep -A1 -x num-slaves | grep -qx 1 &&
		at "$1" INFO replication | grep -q '^master_link_status:up' &&
		sentinel replicas relay | grep -A1 -x flags | grep -qx slave
}

# moves PORT: it is the master; asks for that as long as it is not, since Sentinel
# may still know no good replica
moves() {
	! is_master "$1" || return 0
	sentinel get-master-addr-by-name relay | grep -qx "$1" || sentinel failover relay
	return 1
}

# the site: pop, smtp, each with the user of its kind
site() {
	local port
	[ -n "$SENTINEL" ] || skip 'no redis-sentinel and no valkey-sentinel'
	echo secret >"$DIR/secret"
	echo ask >"$DIR/ask"
	start_at 6379
	start_at 6380 --replicaof 127.0.0.1 6379
	SENTINELS='26379 26380 26381'
	for port in $SENTINELS; do
		start_sentinel $port
	done
	host pop db "engine = $ALL" 'engine-port = 6379' 'publish = yes' 'user = relay-pop' \
		"password-file = $DIR/secret" 'sentinel-user = relay-ask' "sentinel-password-file = $DIR/ask"
	host smtp lmdb "engine = $ALL" 'engine-port = 6379' 'subscribe = yes' 'user = relay-smtp' \
		"password-file = $DIR/secret" 'admin-user = relay-admin' "admin-password-file = $DIR/secret" \
		'sentinel-user = relay-ask' "sentinel-password-file = $DIR/ask"
	echo 'engine-port = 6380' | tee -a "$DIR/pop/conf" >>"$DIR/smtp/conf"
	eventually agreed 6380 3
	eventually is_master 6379
}

# logins go on at pop until COMMAND succeeds; N is the last of them
logins_until() {
	local end=$((SECONDS + DEADLINE))
	until "$@"; do
		[ $SECONDS -lt $end ] || fail "not within $DEADLINE s: $*" || return
		login pop "192.0.3.$((++N))"
		has smtp 192.0.2.1 || fail 'a known client is gone' || return
		nap 0.1
	done
}

all_arrived() {
	[ "$(rows smtp | cut -d ' ' -f 1 | sort)" = "$(rows pop | cut -d ' ' -f 1 | sort)" ]
}

follows() {	# follows NAME: its check says so
	order "$1" check | grep -q 'fine: relaymirror follows the engine'
}

@test "failover, twice, while logins go on: none is lost, no stranger, what was deleted stays away" {
	N=0
	site
	start pop smtp
	login pop 192.0.2.1
	login pop 192.0.2.9
	eventually has smtp 192.0.2.9
	order smtp delete 192.0.2.9
	eventually lacks pop 192.0.2.9
	# the first Sentinel is not there when the engine dies
	kill_at 26379
	SENTINELS='26380 26381'
	kill_at 6379
	within 1000
	logins_until is_master 6380
	within $PATIENT
	login pop 192.0.4.1
	eventually all_arrived
	has smtp 192.0.4.1
	lacks smtp 192.0.2.9
	# the old engine comes back, empty, and thinks that it is the master until a
	# Sentinel has told it; then it is, again
	start_at 6379
	eventually agreed 6379 2
	logins_until moves 6379
	login pop 192.0.4.2
	eventually all_arrived
	has smtp 192.0.4.2
	lacks smtp 192.0.2.9
	lacks pop 192.0.2.9
	eventually follows smtp
}

@test "what Sentinel can refuse is said: user, master, port" {
	site
	run -0 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[ -z "$output" ]
	echo wrong >"$DIR/ask"
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *WRONGPASS* ]] || fail "$output"
	echo ask >"$DIR/ask"
	cp "$DIR/pop/conf" "$DIR/conf"
	sed -i '/^engine-port/d' "$DIR/pop/conf"
	eventually moves 6380
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *'Sentinel says 127.0.0.1:6380, expected a port of the setting engine-port'* ]] || fail "$output"
	sed 's,/relay$,/other,' "$DIR/conf" >"$DIR/pop/conf"
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *"Sentinel knows no address of the master 'other'"* ]] || fail "$output"
	# the engine's own user is not known to Sentinel
	sed -e '/^sentinel-/d' "$DIR/conf" >"$DIR/pop/conf"
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *NOAUTH* ]] || fail "$output"
}
