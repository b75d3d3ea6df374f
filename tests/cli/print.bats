# list, dump and get for people and for programs; what expire says at a terminal
load ../lib/test
load cli

# json EXPRESSION: what Python makes of standard input, the list that it is called ROWS there
json() {
	python3 -c 'import json, sys
rows = json.load(sys.stdin)
print('"$1"')'
}

@test "list and expire take a time with units: 60m, 1h and 60 are the same" {
	now=$(date +%s)
	rows "192.0.2.1 $((now - 7200))" "192.0.2.2 $((now - 3000))"
	for hour in 60 60m 1h 3600s; do
		[ "$(relay list "$hour" | grep -v '^#')" = "192.0.2.1 $((now - 7200))" ] || fail "$hour"
	done
	relay expire 1h
	[ "$(entries)" = "192.0.2.2 $((now - 3000))" ]
}

@test "get: the rows of these addresses, whatever their stamps; 1 if one is not there" {
	rows '192.0.2.1 906502527' '192.0.2.2 OK' '2001:db8::1 4000000000' '192.0.2.10 5'
	relay get 192.0.2.1 2001:DB8:0::1 192.0.2.2 | diff - <(printf '%s\n' '# timestamp (UTC): Tue Sep 22 22:15:27 1998' \
		'192.0.2.1 906502527' '# timestamp (UTC): Tue Oct  2 07:06:40 2096' '2001:db8::1 4000000000' \
		'# no timestamp, never expires:' '192.0.2.2 OK')
	status=0
	relay get 192.0.2.9 192.0.2.1 >"$DIR/out" 2>"$DIR/stderr" || status=$?
	[ "$status" = 1 ] && grep -qx '192.0.2.1 906502527' "$DIR/out"
	grep -qx "vsmtprelay: get: 192.0.2.9 is not in $DB" "$DIR/stderr"
	unchanged fails 64 'get: "mx.example" is not the IP address of a client' relay get mx.example
	rm "$DB"
	fails 66 'does not exist' relay get 192.0.2.1
}

@test "del is delete" {
	rows '192.0.2.1 1' '192.0.2.2 2'
	relay del 192.0.2.1
	[ "$(entries)" = '192.0.2.2 2' ]
}

@test "--json: a list of objects, entries and other rows" {
	rows '192.0.2.1 906502527' '2001:db8::1 4000000000' '192.0.2.2 OK' '192.168.7 REJECT "go"'
	[ "$(relay dump --json | json rows)" = "[{'address': '192.0.2.1', 'time': 906502527, 'date': '1998-09-22T22:15:27Z'}, \
{'address': '2001:db8::1', 'time': 4000000000, 'date': '2096-10-02T07:06:40Z'}, \
{'address': '192.0.2.2', 'key': '192.0.2.2', 'value': 'OK'}, {'key': '192.168.7', 'value': 'REJECT \"go\"'}]" ] ||
		fail "$(relay dump --json)"
	[ "$(relay list --json 60 | json '[r["address"] for r in rows if "time" in r]')" = "['192.0.2.1']" ]
	[ "$(relay get --json 2001:db8::1 | json 'rows[0]["time"]')" = 4000000000 ]
	relay load /dev/null
	[ "$(relay dump --json)" = $'[\n]' ] || [ "$(relay dump --json | json rows)" = '[]' ]
}

@test "--json: whatever bytes a row has, it is JSON, and no byte is lost" {
	"$BUILD/tests/cli/prog_rows" "$DB" 192.0.2.1 5 'quote"\134' '\033[2J' high '\303\244' bad '\377\300\257' nul 'x\000y' '' ''
	[ "$(relay dump --json | json '{r["key"]: r["value"] for r in rows if "key" in r} == {"quote\"\\": "\x1b[2J", "high": "\u00e4",
"bad": "\ufffd\ufffd\ufffd", "nul": "x\0y", "": ""}')" = True ] || fail "$(relay dump --json)"
	[ "$(relay dump --json | json '[r["value_hex"] for r in rows if "value_hex" in r]')" = "['ffc0af']" ]
	[ -z "$(relay dump --json | tr -d '\12\40-\176\303\244')" ]
}

@test "--json of a database that cannot be read: a message, the status, and no half list" {
	fails 66 'does not exist' relay dump --json
	garbage 5000 >"$DB"
	fails 65 "$DB" relay list --json
}

@test "-h: age, what is left, in local time; nothing raw; an empty database is said" {
	rows '192.0.2.1 906502527' '192.0.2.2 OK' '2001:db8::1 4000000000'
	TZ=Asia/Tokyo relay list -h >"$DIR/out"
	head -n 1 "$DIR/out" | grep -qE '^ADDRESS +LAST LOGIN +AGE +LEFT +RECORDED BY$'
	grep -qE '^192\.0\.2\.1 +1998-09-23 07:15:27 +[0-9]+d[0-9]+h ' "$DIR/out" || fail "$(cat "$DIR/out")"
	grep -qE '^192\.0\.2\.2  never expires: OK$' "$DIR/out"
	relay get -h 2001:db8::1 | grep -qE '^2001:db8::1 .* future '
	"$BUILD/tests/cli/prog_rows" "$DB" '\033[2J' 'x\377'
	[ -z "$(relay list -h | tr -d '\12\40-\176')" ]
	relay load /dev/null
	[ "$(relay list -h)" = "$DB has no such entries" ]
}

@test "expire says what it does before and after, at a terminal alone" {
	rows '192.0.2.1 1' '192.0.2.2 2' '192.0.2.3 4000000000'
	[ -z "$(relay expire 2>&1)" ]
	rows '192.0.2.1 1' '192.0.2.2 2' '192.0.2.3 4000000000'
	script -qec "'$BUILD/vsmtprelay/vsmtprelay' -f '$DB' expire" /dev/null </dev/null | tr -d '\r' >"$DIR/terminal"
	diff "$DIR/terminal" - <<-'END'
		expire: removing every entry up to now, whatever its age; expire 60 keeps those of the last hour
		expire: 2 entries removed, 1 row left
	END
	[ "$(entries)" = '192.0.2.3 4000000000' ]
}
