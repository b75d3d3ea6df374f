# relaymirror: TLS to the engine
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

# an authority, and what it signs: NAME.key, NAME.crt
authority() {	# authority NAME
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$DIR/$1.key" -out "$DIR/$1.crt" 2>/dev/null
}

signed() {	# signed AUTHORITY NAME
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$DIR/$2.key" -out "$DIR/$2.csr" 2>/dev/null
	openssl x509 -req -days 2 -in "$DIR/$2.csr" -CA "$DIR/$1.crt" -CAkey "$DIR/$1.key" -CAcreateserial \
		-out "$DIR/$2.crt" 2>/dev/null
}

# at a port that is free: another may take it first
start_tls_engine() {	# start_tls_engine [--port]: or without TLS
	local try
	for try in 1 2 3 4 5 6 7 8; do
		PORT=$((RANDOM % 20000 + 20000))
		mkdir -p "$DIR/data"
		"$SERVER" --port 0 --bind 127.0.0.1 "${1:---tls-port}" "$PORT" --unixsocket "$ENGINE" --dir "$DIR/data" --save '' \
			--maxmemory-policy noeviction --tls-cert-file "$DIR/engine.crt" --tls-key-file "$DIR/engine.key" \
			--tls-ca-cert-file "$DIR/site.crt" >>"$DIR/engine.log" 2>&1 3>&- &
		ENGINE_PID=$!
		PIDS+=" $ENGINE_PID"
		eventually up_or_gone
		! kill -0 "$ENGINE_PID" 2>/dev/null || return 0
	done
	fail "no engine: $(tail -n 3 "$DIR/engine.log")"
}

up_or_gone() {
	answers || ! kill -0 "$ENGINE_PID" 2>/dev/null
}

@test "TLS: the right authority, a wrong one, a host without a certificate, an engine without TLS" {
	host pop db 'publish = yes' 'engine = rediss://127.0.0.1:1' "tls-ca = $DIR/site.crt"
	authority site
	authority other
	signed site engine
	signed site pop
	run "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output != *'not built with TLS'* && $output != *'TLS is not built in'* ]] ||
		skip 'hiredis has no TLS'
	start_tls_engine
	host pop db 'publish = yes' "engine = rediss://127.0.0.1:$PORT" "tls-ca = $DIR/site.crt" \
		"tls-certificate = $DIR/pop.crt" "tls-key = $DIR/pop.key"
	host smtp lmdb 'subscribe = yes'
	start pop smtp
	login pop 192.0.2.7
	eventually has smtp 192.0.2.7
	stop pop
	# what answers there is not the engine: it gets no login, no password
	secret "$DIR/password" secret
	host pop db 'publish = yes' "engine = rediss://127.0.0.1:$PORT" "tls-ca = $DIR/other.crt" \
		"password-file = $DIR/password"
	login pop 192.0.2.8
	start pop
	eventually said pop 'certificate verify failed'
	run -69 "$RELAYMIRROR" -n -c "$DIR/pop/conf"
	[[ $output == *'certificate verify failed'* ]] || fail "$output"
	stop pop
	not engine_has 192.0.2.8
	host pop db 'publish = yes' "engine = rediss://127.0.0.1:$PORT" "tls-ca = $DIR/site.crt"
	start pop
	eventually said pop 'certificate required'
	stop pop
	# no clear text where TLS is wanted: an engine without it waits for more
	stop_engine
	start_tls_engine --port
	host pop db 'publish = yes' "engine = rediss://127.0.0.1:$PORT" "tls-ca = $DIR/site.crt"
	start pop
	eventually said pop 'no answer in time'
	stop pop
	not grep -q Success "$DIR/pop/stderr"
	not engine_has 192.0.2.8
}
