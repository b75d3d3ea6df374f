# relaymirror beside an engine that fails: logins go on, known clients relay,
# strangers do not, and afterwards everybody has caught up
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

# before each fault: one address is known everywhere
settled() {
	start_engine "$@"
	pair
	start pop smtp
	login pop 192.0.2.1
	eventually has smtp 192.0.2.1
}

# afterwards: what was recorded meanwhile, and what was known, and nobody else
caught_up() {
	eventually has smtp "$1"
	has smtp 192.0.2.1
	has pop 192.0.2.1
	[ "$(rows smtp | wc -l)" = 2 ]
}

@test "stopped (SIGSTOP): it accepts, and never answers" {
	settled
	kill -STOP "$ENGINE_PID"
	login pop 192.0.2.2
	eventually said smtp 'no answer in time'
	eventually said pop 'no answer in time'
	run -1 order smtp delete 192.0.2.9
	[[ $output == *'as soon as the engine is reached'* ]]
	run -1 order smtp check
	[[ $output == *'fault: relaymirror cannot reach the engine'* ]]
	kill -CONT "$ENGINE_PID"
	caught_up 192.0.2.2
	eventually engine_has 192.0.2.2
	eventually ordered 1
}

@test "killed, and restarted empty: it gets everything again" {
	settled
	stop_engine
	login pop 192.0.2.2
	start_engine
	caught_up 192.0.2.2
	eventually engine_has 192.0.2.1
}

@test "restarted from an old dump: nothing is lost, nothing deleted comes back" {
	settled --dbfilename dump.rdb
	login pop 192.0.2.5
	eventually has smtp 192.0.2.5
	engine SAVE
	cp "$DIR/data/dump.rdb" "$DIR/old.rdb"
	order smtp delete 192.0.2.5
	eventually lacks pop 192.0.2.5
	login pop 192.0.2.2
	eventually has smtp 192.0.2.2
	stop_engine
	cp "$DIR/old.rdb" "$DIR/data/dump.rdb"
	start_engine --dbfilename dump.rdb
	eventually engine_has 192.0.2.2
	eventually complete smtp
	eventually complete pop
	login pop 192.0.2.3
	eventually has smtp 192.0.2.3
	lacks smtp 192.0.2.5
	lacks pop 192.0.2.5
	# a host that is new learns of the order, too
	eventually ordered 1
	host fresh lmdb 'subscribe = yes'
	start fresh
	eventually has fresh 192.0.2.3
	eventually complete fresh
	lacks fresh 192.0.2.5
}

@test "FLUSHALL, twice: on the same connections" {
	settled
	for n in 2 3; do
		engine FLUSHALL
		eventually engine_has 192.0.2.1
		login pop "192.0.2.$n"
		eventually has smtp "192.0.2.$n"
	done
	[ "$(rows smtp | wc -l)" = 3 ]
}

@test "a stream that is trimmed behind a reader" {
	settled
	kill -STOP "$(cat "$DIR/smtp/pid")"
	for n in 2 3 4 5 6; do
		login pop "192.0.2.$n"
		eventually engine_has "192.0.2.$n"
	done
	engine XTRIM '{relayers}:log' MAXLEN 1
	kill -CONT "$(cat "$DIR/smtp/pid")"
	for n in 1 2 3 4 5 6; do
		eventually has smtp "192.0.2.$n"
	done
	[ "$(rows smtp | wc -l)" = 6 ]
}

# read_since NAME COUNT: it has looked at its database more often than that
read_since() {
	[ "$(count "$1" reads_total)" -gt "$2" ]
}

# expired NAME: rows older than a minute are gone, and relaymirror has seen it
expired() {
	local before
	before=$(count "$1" reads_total)
	"$VSMTPRELAY" -f "$(database "$1")" expire 1
	eventually read_since "$1" "$before"
	lacks "$1" 192.0.2.5
}

# what comes now comes behind all that could bring it back
stays_away() {	# stays_away ADDRESS
	login pop "$1"
	eventually has smtp "$1"
	eventually complete smtp
	lacks smtp 192.0.2.5
	has smtp 192.0.2.1
}

@test "a row that has expired does not come back at a reconnect" {
	settled
	login pop 192.0.2.5 120		# within the window of relaymirror
	eventually has smtp 192.0.2.5
	expired smtp
	# the engine has it; reading goes on, or begins again, or a start does
	engine CLIENT KILL TYPE normal
	stays_away 192.0.2.11
	engine SET '{relayers}:epoch' another
	stays_away 192.0.2.12
	stop smtp
	start smtp
	stays_away 192.0.2.13
	engine_has 192.0.2.5
	# the POP host sends it again as long as it has it, and no longer
	engine FLUSHALL
	eventually engine_has 192.0.2.5
	stays_away 192.0.2.14
	expired pop
	engine FLUSHALL
	stays_away 192.0.2.15
	not engine_has 192.0.2.5
	stop pop
	engine FLUSHALL
	start pop
	stays_away 192.0.2.16
	not engine_has 192.0.2.5
	# a later login is another one
	login pop 192.0.2.5
	eventually has smtp 192.0.2.5
}

# refuses WORD REMEDY: logins go on while the engine refuses them; the log, check
# and -n say why, and what to do.  The last login is 192.0.2.$n
refuses() {
	login pop 192.0.2.$((++n))
	eventually said pop "$1"
	grep -F "cannot send logins" "$DIR/pop/stderr" | grep "$1 .*; $2"
	eventually told_of "$1"
	has pop 192.0.2.$n
	has smtp 192.0.2.1
	run -78 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *"cannot publish logins: $1"*"; $2"* ]] || fail "$output"
}

# and not any more
takes() {
	eventually has smtp 192.0.2.$n
	has smtp 192.0.2.1
	[ "$(rows smtp | wc -l)" = $n ]
	eventually fine
}

cannot_save() {
	engine INFO persistence | tr -d '\r' | grep -qx rdb_last_bgsave_status:err
}

@test "MISCONF, OOM, NOPERM, READONLY: later, never no, and what to do" {
	n=1
	settled --save '3600 1000000'
	mkdir "$DIR/data/dump.rdb"
	engine BGSAVE
	eventually cannot_save
	refuses MISCONF "make room for its snapshot"
	rmdir "$DIR/data/dump.rdb"
	engine BGSAVE
	takes
	engine CONFIG SET maxmemory 1mb
	refuses OOM "raise its 'maxmemory'"
	engine CONFIG SET maxmemory 0
	takes
	engine ACL SETUSER default -zadd
	refuses NOPERM 'give this user the rights in docs/cluster.md'
	before=$(grep -c 'can send' "$DIR/pop/stderr" || :)
	eventually refused_thrice
	# between two attempts it does not say that it can
	[ "$(grep -c 'can send' "$DIR/pop/stderr" || :)" = "$before" ]
	engine ACL SETUSER default +@all
	takes
	# a replica is not even read by a host that publishes
	engine REPLICAOF 127.0.0.1 1
	eventually said pop "READONLY: it is a replica; let 'engine' name the master"
	login pop 192.0.2.$((++n))
	run -78 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *"cannot publish logins: READONLY"*"; let 'engine' name the master"* ]] || fail "$output"
	engine REPLICAOF NO ONE
	takes
}

fine() {
	run order pop check
	[[ $output == *'fine: relaymirror follows the engine'* ]]
}

refused_thrice() {
	engine INFO errorstats | tr -d '\r' | awk -F= '/^errorstat_NOPERM/ { n = $2 } END { exit !(n >= 3) }'
}

told_of() {	# told_of WORD: check says that a login cannot be sent, and why
	run order pop check
	[ "$status" = 1 ] && [[ $output == *'1 logins of this host cannot be sent'*"$1"*';'* ]]
}

@test "an engine that does not let a host follow is asked more and more seldom" {
	settled
	: >"$DIR/smtp/stderr"
	engine ACL SETUSER default -xread
	eventually said smtp "NOPERM"
	eventually refused_thrice
	# each attempt ends the same way: that is one complaint, and no end of it
	[ "$(grep -c 'cannot follow' "$DIR/smtp/stderr")" = 1 ] || fail "$(cat "$DIR/smtp/stderr")"
	not grep 'can follow' "$DIR/smtp/stderr"
	engine ACL SETUSER default +@all
	login pop 192.0.2.2
	caught_up 192.0.2.2
	eventually said smtp 'can follow'
}

# 2,000,000 rows are too many for a short test: who says so is not the daemon here
@test "a host that knows as many addresses as it may: check says so" {
	python3 - "$DIR/control" 3>&- <<-'END' &
	import socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen(1)
	while True:
	    c = s.accept()[0]
	    c.recv(4096)
	    c.sendall(b"engine 192.0.2.1:6379\nengine_reached 1\ncomplete 1\nfull 1\nrows 2000000\nend\n")
	END
	PIDS+=" $!"
	eventually test -S "$DIR/control"
	RELAYERS_MIRROR=$DIR/control run -1 "$VSMTPRELAY" -f "$DIR/relayers.db" check
	[[ $output == *'fault: relaymirror knows 2000000 addresses, and no more fit'* ]] || fail "$output"
}

@test "a policy of eviction is said" {
	start_engine
	engine CONFIG SET maxmemory-policy allkeys-lru
	pair
	start pop
	eventually said pop 'expected noeviction'
	run -1 order pop check
	[[ $output == *'warning: the engine may forget'* ]]
	run -78 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *'maxmemory-policy is not noeviction'*allkeys-lru* ]]
	engine CONFIG SET maxmemory-policy noeviction
	run -0 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[ -z "$output" ]
	stop_engine
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
}

@test "a daemon killed at any instant: no login is lost, none comes twice" {
	start_engine
	pair
	start pop smtp
	for n in 1 2 3 4; do
		login pop "192.0.2.$n"
		stop pop KILL || :
		start pop
		login pop "192.0.2.1$n"
		stop smtp KILL || :
		start smtp
	done
	for n in 1 2 3 4; do
		eventually has smtp "192.0.2.$n"
		eventually has smtp "192.0.2.1$n"
	done
	[ "$(rows smtp | wc -l)" = "$(rows pop | wc -l)" ]
}
