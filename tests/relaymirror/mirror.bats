# relaymirror: a login at one host counts at all
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

@test "a login at a POP host is in the SMTP host's database, with its stamp" {
	start_engine
	pair
	start pop smtp
	login pop 192.0.2.7 100
	login pop 2001:db8::7
	eventually has smtp 192.0.2.7
	eventually has smtp 2001:db8::7
	stamp=$(rows pop | awk '$1 == "192.0.2.7" { print $2 }')
	there=$(rows smtp | awk '$1 == "192.0.2.7" { print $2 }')
	[ $((there - stamp)) -le 2 ] && [ $((stamp - there)) -le 2 ]
	stop pop
	stop smtp
}

@test "delete at one host reaches all, and the address does not come back" {
	start_engine
	pair
	host admin db 'subscribe = yes'
	start pop smtp admin
	login pop 192.0.2.7
	login pop 192.0.2.8
	eventually has smtp 192.0.2.7
	eventually has admin 192.0.2.7
	earlier=$(($(date +%s) - 5))
	run -0 order admin delete 192.0.2.7
	[ -z "$output" ]
	eventually lacks smtp 192.0.2.7
	eventually lacks pop 192.0.2.7
	# a late publisher: a row of before the order
	engine ZADD '{relayers}:z' $earlier 192.0.2.7
	engine XADD '{relayers}:log' '*' o r a 192.0.2.7 s $earlier h late
	stop smtp
	start smtp
	login pop 192.0.2.9
	eventually has smtp 192.0.2.9
	lacks smtp 192.0.2.7
	lacks admin 192.0.2.7
	has smtp 192.0.2.8
}

@test "delete and add within one second: the last word counts, at every host" {
	start_engine
	pair
	host admin db 'subscribe = yes'
	start pop smtp admin
	order admin add 192.0.2.7
	eventually has smtp 192.0.2.7
	eventually complete smtp
	order admin delete 192.0.2.7
	order admin add 192.0.2.7
	order admin add 192.0.2.8
	order admin delete 192.0.2.8
	eventually counts smtp orders_total 5
	for name in smtp admin; do
		eventually has $name 192.0.2.7
		eventually lacks $name 192.0.2.8
	done
	eventually lacks pop 192.0.2.8
}

@test "what travels: entries of the window, no networks, nothing permanent, ignored or in the future" {
	start_engine
	pair
	printf '%s\n' "192.0.2.1 $(date +%s)" '192.0.2.2 OK' '198.51.100 OK' "192.0.2.3 $(($(date +%s) + 600))" \
		"192.0.2.4 $(($(date +%s) - 4000))" "127.0.0.1 $(date +%s)" | "$VSMTPRELAY" -f "$(database pop)" load
	start pop smtp
	eventually has smtp 192.0.2.1
	engine ZADD '{relayers}:z' "$(date +%s)" 127.0.0.9 "$(date +%s)" 'no address' "$(($(date +%s) + 600))" 192.0.2.5
	engine XADD '{relayers}:log' '*' o r a 192.0.2.6 s 99999999999999999999
	engine XADD '{relayers}:log' '*' o d a 192.0.2.1 s "$(date +%s)"
	engine XADD '{relayers}:log' '*' what ever
	login pop 192.0.2.99
	eventually has smtp 192.0.2.99
	stop smtp
	rm "$DIR/smtp/state"
	start smtp
	eventually complete smtp
	counts smtp received_future_total 1
	# refused at both ends
	counts pop future_here_total 1
	not engine_has 192.0.2.3
	counts smtp received_bad_total 1
	counts smtp received_ignored_total 1
	stop smtp
	[ "$(rows smtp | cut -d' ' -f1 | sort | tr '\n' ' ')" = '192.0.2.1 192.0.2.99 ' ]
}

@test "no echo: what came from the engine is not sent to it" {
	start_engine
	host a lmdb 'publish = yes' 'subscribe = yes'
	host b sqlite 'publish = yes' 'subscribe = yes'
	start a b
	login a 192.0.2.7
	eventually has b 192.0.2.7
	login b 192.0.2.8
	eventually has a 192.0.2.8
	stop a
	stop b
	start a b
	eventually complete a
	eventually complete b
	[ "$(engine XLEN '{relayers}:log')" = 2 ]
}

@test "docs/cluster.md: its users can do what they must, and nothing else" {
	{
		echo 'user default on nopass ~* &* +@all'
		page_block cluster acl
	} >"$DIR/acl"
	start_engine --aclfile "$DIR/acl"
	for n in 1 2 3 4; do
		secret "$DIR/password-$n" "PASSWORD-$n"
	done
	host pop db 'publish = yes' 'user = relay-pop' "password-file = $DIR/password-1"
	host smtp lmdb 'subscribe = yes' 'user = relay-smtp' "password-file = $DIR/password-2"
	host both sqlite 'publish = yes' 'subscribe = yes' 'user = relay-both' "password-file = $DIR/password-3" \
		'admin-user = relay-admin' "admin-password-file = $DIR/password-4"
	for name in pop smtp both; do
		run -0 "$RELAYMIRROR" -n -c "$DIR/$name/conf"
		[ -z "$output" ] || fail "$output"
	done
	start pop smtp both
	login pop 192.0.2.7
	login both 192.0.2.8
	for name in smtp both; do
		eventually has $name 192.0.2.7
		eventually has $name 192.0.2.8
	done
	order both delete 192.0.2.7
	eventually lacks smtp 192.0.2.7
	eventually lacks pop 192.0.2.7
	# a host without the administrator's user says that it cannot
	run -1 order smtp delete 192.0.2.8
	[[ $output == *'other hosts will know'*NOPERM* ]] || fail "$output"
	# the old logins go
	engine ZADD '{relayers}:z' 1 192.0.2.1
	stop both
	start both
	eventually engine_lacks 192.0.2.1
	for name in pop smtp both; do
		not said $name NOPERM || [ $name = smtp ]
	done
	refused relay-pop 1 ZREM '{relayers}:z' 192.0.2.8
	refused relay-pop 1 DEL '{relayers}:log'
	refused relay-pop 1 XTRIM '{relayers}:log' MAXLEN 0
	refused relay-pop 1 XADD '{relayers}:gonelog' '*' o d a 192.0.2.8 s 1
	refused relay-pop 1 SET '{relayers}:epoch' x
	refused relay-pop 1 CONFIG GET '*'
	refused relay-smtp 2 ZADD '{relayers}:z' 1 192.0.2.9
	refused relay-both 3 ZREM '{relayers}:z' 192.0.2.8
	refused relay-admin 4 FLUSHALL
}

engine_lacks() {
	[ -z "$(engine ZSCORE '{relayers}:z' "$1")" ]
}

refused() {	# refused USER N COMMAND...
	local answer
	answer=$(engine --no-auth-warning --user "$1" --pass "PASSWORD-$2" "${@:3}" 2>&1)
	[[ $answer == *NOPERM* ]] || fail "$*: $answer"
}

@test "an engine that does not know AUTH repeats its words: not the password" {
	local trouble
	start_engine --rename-command AUTH ''
	secret "$DIR/password" hunter2-secret
	host pop db 'publish = yes' 'user = relay-pop' "password-file = $DIR/password"
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *"ERR unknown command 'AUTH'"* ]] || fail "$output"
	not grep -F secret <<<"$output"
	start pop
	eventually said pop "ERR unknown command 'AUTH'"
	trouble=$(whole_status pop)
	[[ $trouble == *"unknown command 'AUTH'"* ]] || fail "$trouble"
	not grep -F secret <<<"$trouble"
	run -1 order pop check
	not grep -F secret <<<"$output"
	not grep -F secret "$DIR/pop/stderr"
	# by whatever words
	stop pop
	stop_engine
	python3 "$BATS_TEST_DIRNAME/hostile.py" "$ENGINE" echo 2>>"$DIR/engine.log" 3>&- &
	PIDS+=" $!"
	eventually test -S "$ENGINE"
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *'it refuses AUTH'* ]] || fail "$output"
	not grep -F secret <<<"$output"
}

@test "a password that others may read is not taken; -n and the daemon say so" {
	start_engine
	secret "$DIR/password" hunter2-secret
	chmod 640 "$DIR/password"
	host pop db 'publish = yes' "password-file = $DIR/password"
	for option in -n -v; do
		run -78 "$RELAYMIRROR" $option -c "$DIR/pop/conf"
		[[ $output == *"password-file = '$DIR/password': others may use it (mode 0640), expected mode 0600"* ]] || fail "$output"
		not grep -F secret <<<"$output"
	done
	# a key is wanted with TLS alone, but named with anything
	secret "$DIR/key" key
	chmod 644 "$DIR/key"
	host pop db 'publish = yes' "tls-key = $DIR/key"
	run -78 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *"tls-key = '$DIR/key': others may use it (mode 0644), expected mode 0640"* ]] || fail "$output"
	chmod 640 "$DIR/key"
	run -0 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
}

@test "-n says that an engine is too old to hold users to what they need" {
	python3 "$BATS_TEST_DIRNAME/hostile.py" "$ENGINE" old 2>>"$DIR/engine.log" 3>&- &
	PIDS+=" $!"
	eventually test -S "$ENGINE"
	host pop db 'publish = yes'
	run -0 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *'the engine is version 6.2.14, expected 7 or later'* ]] || fail "$output"
}

@test "the command line, the configuration, a reload, and what it reports" {
	start_engine
	run -64 "$RELAYMIRROR" x
	run -64 "$RELAYMIRROR" -n -d
	host pop db 'publish = yes'
	for wrong in 'engine = redis://name.example' 'engine = redis://u:secret@192.0.2.1' 'engine = http://192.0.2.1' \
		'engine = redis://192.0.2.1,192.0.2.2' 'engine = redis+sentinel://192.0.2.1' 'window = 25h' \
		'ignore = 300.0.0.0/8' 'ignore = 192.0.2.1 none' 'user = x' 'password-file = /nowhere/x' 'publish = no' 'engine-keeps = 61m'; do
		host wrong db 'publish = yes' "$wrong"
		run -78 "$RELAYMIRROR" -n -c "$DIR/wrong/conf"
		[[ $output != *secret* ]]
	done
	start pop
	login pop 192.0.2.7
	eventually engine_has 192.0.2.7
	run -75 "$RELAYMIRROR" -c "$DIR/pop/conf"
	echo 'ignore = 192.0.2.0/24' >>"$DIR/pop/conf"
	kill -HUP "$(cat "$DIR/pop/pid")"
	eventually said pop 'using the new configuration'
	login pop 192.0.2.8
	login pop 198.51.100.7
	eventually engine_has 198.51.100.7
	not engine_has 192.0.2.8
	sed -i 's/^publish = yes/publish = no/; $a subscribe = yes' "$DIR/pop/conf"
	kill -HUP "$(cat "$DIR/pop/pid")"
	eventually said pop "restart needed for the new value of 'publish'"
	kill -USR1 "$(cat "$DIR/pop/pid")"
	stop pop
	grep -q '^relaymirror_sent_total 2$' "$DIR/pop/stats"
	grep -q '^relaymirror_engine_reached 1$' "$DIR/pop/stats"
}

@test "only root, or who started it, gives orders" {
	[ "$(id -u)" = 0 ] || skip 'only root can be somebody else'
	start_engine
	pair
	start pop
	chmod 755 "$DIR/pop"
	run python3 - "$DIR/pop/control" "$(database pop)" <<-'END'
	import os, socket, sys
	os.setresuid(65534, 65534, 65534)
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(20)
	s.connect(sys.argv[1])
	s.sendall(("delete %s 192.0.2.7\n" % sys.argv[2]).encode())
	print(s.recv(1000).decode())
	END
	[[ $output == 'refused only root'* ]] || fail "$output"
	[ "$(engine XLEN '{relayers}:gonelog')" = 0 ]
}

# why HOST ADDRESS WORDS: what `vsmtprelay why' says of relaymirror there
why() {
	RELAYERS_MIRROR=$DIR/$1/control "$VSMTPRELAY" -f "$(database "$1")" why "$2" >"$DIR/why" 2>&1 || :
	grep -qE "^  relaymirror +$3" "$DIR/why"
}

@test "vsmtprelay why: what the engine has of an address, and what keeps it from there" {
	start_engine
	pair
	start pop smtp
	login pop 192.0.2.7
	eventually why pop 192.0.2.7 'the engine has a login of [0-9]+s ago, at this host$'
	eventually why smtp 192.0.2.7 'the engine has a login of [0-9]+s ago, at another host$'
	why smtp 192.0.2.8 'no host that publishes to the engine has a login of it$'
	why smtp 127.0.0.1 'neither sends nor writes it: it is in .ignore'
	login smtp 192.0.2.9
	eventually why smtp 192.0.2.9 'a login of [0-9]+s ago at this host, which publishes none$'
	order smtp delete 192.0.2.7
	eventually why pop 192.0.2.7 'an administrator has deleted it at all hosts$'
	stop_engine
	login pop 192.0.2.10
	eventually why pop 192.0.2.10 'a login .*which the engine does not have yet; but the engine cannot be reached '
}
