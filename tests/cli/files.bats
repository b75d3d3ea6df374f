# databases that are none, or are damaged: a sentence, an exit status, and not a byte changed
load ../lib/test
load cli

# every command that could change DB
changing() {
	local want=$1 words=$2
	unchanged fails "$want" "$words" relay add 192.0.2.1 1
	unchanged fails "$want" "$words" relay delete 192.0.2.1
	unchanged fails "$want" "$words" relay expire
	unchanged fails "$want" "$words" relay load /dev/null
}

reading() {
	unchanged fails "$1" "$2" relay dump
	unchanged fails "$1" "$2" relay list 5
}

# found WORDS: check calls it a fault and changes nothing
found() {
	local status=0
	unchanged relay_check_status
	[ "$(cat "$DIR/status")" = 1 ] && grep -q "^fault: .*$1" "$DIR/findings" || fail "check: $(cat "$DIR/status" "$DIR/findings")"
}

relay_check_status() {
	local status=0
	relay check >"$DIR/findings" 2>&1 || status=$?
	echo $status >"$DIR/status"
}

@test "missing: 66 for what reads and removes; add and load make it" {
	reading 66 "$DB does not exist"
	unchanged fails 66 "$DB does not exist" relay delete 192.0.2.1
	unchanged fails 66 "$DB does not exist" relay expire
	[ ! -e "$DB.lock" ]
	found "$DB does not exist"
	relay add 192.0.2.1 1
	[ "$(entries)" = '192.0.2.1 1' ]
}

@test "the directory is missing, or is none" {
	DB=$DIR/none/relayers.db
	reading 66 "$DB"
	changing 66 "$DB"
	found "$DB"
	: >"$DIR/file"
	DB=$DIR/file/relayers.db
	reading 66 "$DB"
	changing 66 "$DB"
}

@test "a directory" {
	mkdir "$DB"
	reading 65 "$DB is a directory, expected a file"
	changing 65 "$DB is a directory, expected a file"
	found "$DB is a directory"
	[ -z "$(ls "$DB")" ]
}

@test "a device and a fifo: nobody waits" {
	mkfifo "$DB"
	for path in "$DB" /dev/null /dev/zero; do
		status=0
		timeout 300 "$BUILD/vsmtprelay/vsmtprelay" -f "$path" dump >"$DIR/out" 2>"$DIR/stderr" || status=$?
		[ "$status" = 65 ] && grep -q 'not a regular file' "$DIR/stderr" || fail "$path: $status, $(cat "$DIR/stderr")"
	done
	status=0
	timeout 300 "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add 192.0.2.1 2>"$DIR/stderr" || status=$?
	[ "$status" = 65 ] && [ -p "$DB" ]
}

@test "text, random bytes, a database of another kind" {
	for content in 'root:x:0:0:root:/root:/bin/sh\n' 'x' "$(head -c 3000 /dev/zero | tr '\0' x)" "$(seq 20000 | tr '\n' ' ')"; do
		printf "$content" >"$DB"
		reading 65 "$DB"
		changing 65 "$DB"
		found "$DB"
		[ "$(ls "$DIR")" = "$(printf '%s\n' findings relayers.db status stderr)" ] || fail "left behind: $(ls "$DIR")"
	done
	head -c 100000 /dev/zero >"$DB"
	reading 65 "$DB"
	changing 65 "$DB"
	makemap btree "$DB" </dev/null
	[ -s "$DB" ]
	reading 65 "$DB"
	changing 65 "$DB"
}

@test "an empty file is a fresh database" {
	: >"$DB"
	[ -z "$(relay dump)" ]
	found "$DB is empty"
	unchanged relay expire
	relay add 192.0.2.1 1
	[ "$(entries)" = '192.0.2.1 1' ]
}

@test "truncated at every page and in the middle of some" {
	rows $'192.0.2.1 1\n192.0.2.2 2'
	cp "$DB" "$DIR/whole"
	size=$(stat -c %s "$DB")
	for cut in 1 52 511 512 4095 $(seq 4096 8192 $((size - 1))) $((size / 2 + 100)) $((size - 1)); do
		head -c "$cut" "$DIR/whole" >"$DB"
		reading 65 "$DB"
		changing 65 "$DB"
		found "$DB"
	done
}

@test "flipped bits: rows or a refusal, never a crash, never a byte changed by a refusal" {
	for i in $(seq 1 60); do
		echo "10.0.0.$i $i"
	done | relay load
	cp "$DB" "$DIR/whole"
	size=$(stat -c %s "$DB")
	RANDOM=20261120
	refused=0
	for round in $(seq 1 150); do
		cp "$DIR/whole" "$DB"
		for flip in 1 2 3; do
			# half of them in the head of a page, where the structure is
			at=$((RANDOM * 32768 + RANDOM))
			[ "$flip" = 1 ] && at=$((at % (size / 4096) * 4096 + at / 7 % 100)) || at=$((at % size))
			printf "\\x$(printf %02x $((RANDOM % 256)))" | dd of="$DB" bs=1 seek="$at" conv=notrunc status=none
		done
		status=0
		relay dump >"$DIR/out" 2>"$DIR/stderr" || status=$?
		case $status in
		0 | 1) ;;
		65) refused=$((refused + 1)); unchanged fails 65 "$DB" relay add 192.0.2.1 1 ;;
		*) fail "round $round: dump ends with $status: $(cat "$DIR/stderr")" ;;
		esac
		[ "$status" = 65 ] && continue
		relay add 192.0.2.1 1 || fail "round $round: add ends with $?"
		relay dump >"$DIR/out" 2>/dev/null || [ $? = 1 ]
		grep -qx '192.0.2.1 1' "$DIR/out"
	done
	[ "$refused" -gt 20 ] || fail "only $refused of 150 damaged databases were found damaged"
}

@test "a name that is too long, or ends in a slash" {
	DB=$DIR/$(printf '%0252d' 1)
	unchanged fails 66 'too long' relay add 192.0.2.1
	DB=$DIR/$(printf '%0300d' 1)
	fails 65 'is not the name of a file' relay dump || fails 66 "$DIR" relay dump
	DB=$DIR/
	fails 65 'is not the name of a file' relay dump
	DB=/$(printf 'x/%.0s' $(seq 3000))y
	fails 66 'no such file' relay dump
}

# cut_off ARG...: the command, killed when its commit counts and its blocks are written, before the mtime is set
cut_off() {
	local status=0
	strace -o "$DIR/strace" -e trace=utimensat -e inject=utimensat:signal=KILL:when=2 \
		"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" "$@" 2>/dev/null || status=$?
	[ "$status" = 137 ] && [ -f "$DB.redo" ] || fail "not cut off: status $status, $(cat "$DIR/strace")"
}

@test "a commit that was cut off: its rows are read, the next command finishes it and says so" {
	rows '192.0.2.1 1'
	cut_off add 192.0.2.2 2
	unchanged entries >"$DIR/out"
	[ "$(cat "$DIR/out")" = $'192.0.2.1 1\n192.0.2.2 2' ]
	relay expire 4223371679 2>"$DIR/stderr"
	grep -q "^vsmtprelay: finished a commit of $DB that was cut off" "$DIR/stderr"
	[ ! -e "$DB.redo" ]
	cut_off delete 192.0.2.1
	relay check >"$DIR/out"
	grep -q "^fine: finished a commit of $DB that was cut off" "$DIR/out"
	[ "$(entries)" = '192.0.2.2 2' ]
}

@test "a commit that was cut off and cannot be finished: its rows stay, the next one's are refused" {
	rows '192.0.2.1 1'
	cut_off add 192.0.2.2 2
	status=0
	# (the leak check does not work under strace)
	ASAN_OPTIONS=detect_leaks=0 strace -o "$DIR/strace" -e trace=pwrite64 -P "$DB" -e inject=pwrite64:error=EIO:when=1 \
		"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add 192.0.2.3 3 2>"$DIR/stderr" || status=$?
	[ "$status" = 74 ] || fail "$status, $(cat "$DIR/stderr")"
	grep -qx "vsmtprelay: a commit of $DB that was cut off cannot be finished: Input/output error; nothing was changed" \
		"$DIR/stderr" || fail "$(cat "$DIR/stderr")"
	[ "$(entries)" = $'192.0.2.1 1\n192.0.2.2 2' ]
}

@test "a commit that was cut off, then makemap: what makemap wrote stands" {
	rows '192.0.2.1 1'
	cut_off add 192.0.2.2 2
	echo '192.0.2.3 3' | makemap hash "$DB"
	[ "$(entries)" = '192.0.2.3 3' ]
	relay add 192.0.2.4 4 2>"$DIR/stderr"
	grep -q "^vsmtprelay: $DB.redo belonged to a database that was replaced since; removed it" "$DIR/stderr"
	[ "$(entries)" = $'192.0.2.3 3\n192.0.2.4 4' ]
}

# hold FILE: another process, $holder, has its lock until release
hold() {
	flock -F "$1" sleep 300 3>&- &
	holder=$!
	wait_for 60 not flock -n "$1" true
}

release() {
	kill "$holder"
	wait "$holder" || :
}

@test "a locked database: 75 after the deadline, and who holds it" {
	rows '192.0.2.1 1'
	hold "$DB"
	unchanged fails 75 "$DB is locked by pid $holder (" relay dump
	unchanged fails 75 "$DB is locked by pid $holder (" relay add 192.0.2.2 2
	release
	hold "$DB.lock"
	unchanged fails 75 "$DB.lock is locked by pid $holder (" relay add 192.0.2.2 2
	[ "$(entries)" = '192.0.2.1 1' ]
	release
	relay add 192.0.2.2 2
}

@test "a mail server that reads a database does not hold up a reader" {
	rows '192.0.2.1 1'
	exec 9<"$DB"
	flock -s 9
	[ "$(timeout 300 "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" dump | tail -n 1)" = '192.0.2.1 1' ]
	exec 9<&-
}
