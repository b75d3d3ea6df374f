# vsmtprelay, makemap and postmap read what the others write
load ../lib/test
load cli

# random_rows N: distinct addresses with a stamp each, every third one IPv6, the same ones every time
random_rows() {
	awk -v n="$1" 'BEGIN {
		srand(20261120)
		while (count < n) {
			if (count % 3 == 2)
				key = sprintf("2001:db8:%x:%x::%x", 1 + rand() * 65535, 1 + rand() * 65535, 1 + rand() * 65535)
			else
				key = sprintf("%d.%d.%d.%d", 1 + rand() * 222, rand() * 256, rand() * 256, rand() * 256)
			if (key in seen)
				continue
			seen[key] = 1
			count++
			printf "%s %d\n", key, rand() * 2000000000
		}
	}'
}

# plain: "key value" lines of makemap -u or postmap -s, sorted
plain() {
	sed 's/[ \t][ \t]*/ /' | LC_ALL=C sort
}

@test "10,000 rows: load, dump, makemap -u, postmap -s and postmap -q agree" {
	random_rows 10000 >"$DIR/rows"
	LC_ALL=C sort "$DIR/rows" >"$DIR/sorted"
	relay load "$DIR/rows"
	entries | LC_ALL=C sort | cmp - "$DIR/sorted"
	makemap -u hash "$DB" | plain | cmp - "$DIR/sorted"
	postmap -s "hash:${DB%.db}" | plain | cmp - "$DIR/sorted"
	cut -d ' ' -f 1 "$DIR/sorted" | postmap -q - "hash:${DB%.db}" | plain | cmp - "$DIR/sorted"
}

@test "10,000 rows in 20 commits: the same" {
	random_rows 10000 >"$DIR/rows"
	relay load /dev/null
	split -l 500 "$DIR/rows" "$DIR/part."
	: >"$DIR/all"
	for part in "$DIR"/part.*; do
		cat "$part" >>"$DIR/all"
		relay load "$DIR/all"
	done
	shuf --random-source="$DIR/rows" "$DIR/rows" | head -n 20 >"$DIR/gone"
	relay delete $(cut -d ' ' -f 1 "$DIR/gone")
	grep -vxFf "$DIR/gone" "$DIR/rows" | LC_ALL=C sort >"$DIR/sorted"
	makemap -u hash "$DB" | plain | cmp - "$DIR/sorted"
	postmap -s "hash:${DB%.db}" | plain | cmp - "$DIR/sorted"
	entries | LC_ALL=C sort | cmp - "$DIR/sorted"
}

@test "dump, makemap, dump: byte for byte; the map that makemap made takes changes" {
	random_rows 3000 >"$DIR/rows"
	printf '%s\n' '192.168.7 OK' '192.0.2.250 REJECT no more' >>"$DIR/rows"
	relay load "$DIR/rows"
	relay dump >"$DIR/dump"
	makemap hash "$DB" <"$DIR/dump"
	relay dump | cmp - "$DIR/dump"
	relay add 198.51.100.7 1000
	relay delete 192.0.2.250
	[ "$(makemap -u hash "$DB" | wc -l)" = 3002 ]
	[ "$(postmap -q 198.51.100.7 "hash:${DB%.db}")" = 1000 ]
}

@test "dump, load, dump: byte for byte" {
	random_rows 3000 >"$DIR/rows"
	printf '%s\n' '192.168.7 OK' 'tab	a	b' >>"$DIR/rows"
	relay load "$DIR/rows"
	relay dump >"$DIR/dump"
	relay load "$DIR/dump"
	relay dump | cmp - "$DIR/dump"
	relay dump | relay load
	relay dump | cmp - "$DIR/dump"
}

@test "a map of postmap's, with NULs: read as it is, turned into makemap's kind by the first change" {
	random_rows 1000 >"$DIR/relayers"
	echo '192.168.7 OK' >>"$DIR/relayers"
	LC_ALL=C sort "$DIR/relayers" >"$DIR/sorted"
	postmap "hash:$DIR/relayers"
	LC_ALL=C grep -qaP '192\.168\.7\x00' "$DB"
	unchanged entries >"$DIR/out"
	entries | LC_ALL=C sort | cmp - "$DIR/sorted"
	relay add 198.51.100.7 1000
	! LC_ALL=C grep -qaP '192\.168\.7\x00' "$DB" || fail 'a NUL is left'
	(cat "$DIR/sorted"; echo '198.51.100.7 1000') | LC_ALL=C sort | cmp - <(makemap -u hash "$DB" | plain)
	postmap -s "hash:${DB%.db}" | plain | cmp - <(makemap -u hash "$DB" | plain)
}

@test "what cannot be a line for makemap is what dump calls so" {
	# one row at a time: makemap has to refuse it or to read something else
	for row in 'a b|c' '|v' '#k|v' 'k|' 'k| v'; do
		"$BUILD/tests/cli/prog_rows" "$DB" "${row%%|*}" "${row#*|}"
		status=0
		relay dump >"$DIR/dump" 2>/dev/null || status=$?
		[ "$status" = 1 ] && grep -q '^# not a line' "$DIR/dump" || fail "$row: $(cat "$DIR/dump")"
		printf '%s %s\n' "${row%%|*}" "${row#*|}" | makemap hash "$DIR/again.db" 2>/dev/null || continue
		[ "$(makemap -u hash "$DIR/again.db" | tr '\t' '|')" != "$row" ] || fail "makemap takes $row"
	done
}

@test "an address in several spellings is dumped once, as a commit leaves it, and what is dumped can be read" {
	printf '%s\t%s\n' 192.0.2.1 1795175258 ::ffff:192.0.2.1 1795175250 2001:db8::1 1795175251 2001:DB8:0::1 1795175258 \
		192.0.2.2 RELAY ::ffff:192.0.2.2 1795175258 | makemap hash "$DB"
	relay dump >"$DIR/dump"
	[ "$(grep -v '^#' "$DIR/dump")" = $'192.0.2.1 1795175258\n2001:db8::1 1795175258\n192.0.2.2 RELAY' ]
	relay -f "$DIR/other.db" load "$DIR/dump"
	makemap hash "$DIR/made.db" <"$DIR/dump"
	relay add 192.0.2.3
	relay delete 192.0.2.3
	relay dump | cmp - "$DIR/dump"
}
