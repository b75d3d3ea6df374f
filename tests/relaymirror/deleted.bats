# relaymirror: a deleted address does not come back
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

POPWATCH=$BUILD/popwatch/popwatch
LOG=

imap() {	# imap ADDRESS login|logout: what Dovecot logs
	local id=${1//[.:]/} text
	text="imap(alice)<205><$id>: Disconnected: Logged out in=9 out=469"
	[ "$2" = logout ] || text="imap-login: Login: user=<alice>, method=PLAIN, rip=$1, lip=127.0.0.1, mpid=205, session=<$id>"
	printf '%s vm dovecot: %s\n' "$(date '+%b %e %T')" "$text" >>"$LOG"
}

# popwatch on host pop, which follows connections, and refreshes in seconds
start_popwatch() {
	printf '%s\n' "definitions = $SOURCES/popwatch/servers.d" 'servers = dovecot' "database = $(database pop)" \
		"state = $DIR/pop/popwatch.state" "log = $LOG" 'ignore = none' 'user =' 'window = 8s' 'refresh = 0' \
		>"$DIR/pop/popwatch.conf"
	"$POPWATCH" -v -c "$DIR/pop/popwatch.conf" 2>"$DIR/pop/popwatch" 3>&- &
	POPWATCH_PID=$!
	PIDS+=" $!"
	eventually grep -q ': watching ' "$DIR/pop/popwatch"
}

stamp() {	# stamp NAME ADDRESS
	rows "$1" | awk -v address="$2" '$1 == address { print $2 }'
}

refreshed_after() {	# refreshed_after NAME ADDRESS SECOND
	[ "$(stamp "$1" "$2")" -gt "$3" ]
}

@test "an open IMAP connection, across a restart of popwatch, and its end" {
	start_engine
	pair
	LOG=$DIR/pop/mail.log
	: >"$LOG"
	start_popwatch		# before the logins, whose window is short
	start pop smtp
	imap 192.0.2.9 login
	imap 192.0.2.9 logout
	imap 192.0.2.1 login
	imap 192.0.2.2 login
	eventually has smtp 192.0.2.1
	eventually has smtp 192.0.2.2
	run -0 order smtp delete 192.0.2.1
	eventually lacks pop 192.0.2.1
	kill "$POPWATCH_PID"
	wait "$POPWATCH_PID"
	start_popwatch
	# by then it would have been refreshed twice, as the other one is
	eventually refreshed_after smtp 192.0.2.2 $(($(date +%s) + 6))
	imap 192.0.2.1 logout
	imap 192.0.2.3 login
	eventually has smtp 192.0.2.3
	lacks pop 192.0.2.1
	lacks smtp 192.0.2.1
	not engine_has 192.0.2.1
	# another login is not what was deleted
	imap 192.0.2.1 login
	eventually has smtp 192.0.2.1
}

# the order that names 192.0.2.5 is known to NAME
has_deleted() {
	counts "$1" orders_total 1 && lacks "$1" 192.0.2.5
}

@test "FLUSHALL, an empty engine, the row in a POP host's own file, mirrors that start again" {
	start_engine
	pair
	host admin db 'subscribe = yes'
	start pop smtp admin
	login pop 192.0.2.1
	login pop 192.0.2.5
	eventually has smtp 192.0.2.5
	eventually has admin 192.0.2.5
	cp "$(database pop)" "$DIR/old.db"
	order admin delete 192.0.2.5
	for name in pop smtp; do
		eventually has_deleted $name
	done
	# a backup of the POP host's database, with the row, while all that the
	# engine knew is gone
	stop pop
	engine FLUSHALL
	cat "$DIR/old.db" >"$(database pop)"
	start pop
	eventually lacks pop 192.0.2.5
	login pop 192.0.2.2
	eventually has smtp 192.0.2.2
	stop admin
	stop smtp
	stop_engine
	start_engine
	start smtp admin
	login pop 192.0.2.3
	for name in smtp admin; do
		eventually has $name 192.0.2.3
		has $name 192.0.2.1
		lacks $name 192.0.2.5
	done
	not engine_has 192.0.2.5
	# a host that is new hears of it from the one that gave the order
	eventually ordered 1
	host late db 'publish = yes' 'subscribe = yes'
	cat "$DIR/old.db" >"$(database late)"
	start late
	eventually complete late
	eventually lacks late 192.0.2.5
	login late 192.0.2.4
	eventually has smtp 192.0.2.4
	lacks smtp 192.0.2.5
}

@test "two administrators: the later word counts, also when the first was cut off" {
	start_engine
	host one db 'subscribe = yes' 'publish = yes'
	host two lmdb 'subscribe = yes' 'publish = yes'
	host three sqlite 'subscribe = yes'
	start one two three
	login one 192.0.2.5
	login one 192.0.2.6
	for name in two three; do
		eventually has $name 192.0.2.5
		eventually has $name 192.0.2.6
	done
	# one of them may find it gone already
	order one delete 192.0.2.5
	order two delete 192.0.2.5 192.0.2.6 || :
	order two add 192.0.2.5
	order one delete 192.0.2.5 || :
	eventually counts three orders_total 5
	for name in one two three; do
		eventually lacks $name 192.0.2.5
		eventually lacks $name 192.0.2.6
	done
	# an order that its host keeps, given before one that the engine has
	kill -STOP "$ENGINE_PID"
	run -1 order one delete 192.0.2.6
	eventually said two 'no answer in time'
	kill -CONT "$ENGINE_PID"
	order two add 192.0.2.6 || :		# which may keep it, too, until it has tried again
	for name in one two three; do
		eventually has $name 192.0.2.6
		lacks $name 192.0.2.5
	done
}
