# surroundings.bats - the disk fills up, the file system turns read-only, the clock jumps, others write the same file
#
# enclosure: sendmail postfix
# long: makemap and postmap for a minute

load ../lib/test
load torture
load ../daemon/daemon

teardown() {
	if [ -n "${POPWATCH_PID:-}" ]; then
		kill -KILL "$POPWATCH_PID" || :
	fi
	! mountpoint -q "$DIR/db" || umount -l "$DIR/db"
	sed 's/^/stderr: /' "$DIR/stderr" 2>/dev/null || :
}

said() {
	grep -q "$1" "$DIR/stderr"
}

@test "popwatch on a disk that fills up: says so, keeps the logins, records them when there is room" {
	prepare
	mount -t tmpfs -o size=1m,mode=755 tmpfs "$DIR/db"
	start_popwatch
	login 192.0.2.1 >>"$LOG"
	eventually recorded 192.0.2.1
	dd if=/dev/zero of="$DIR/db/filler" bs=4k 2>/dev/null || :
	login 192.0.2.2 >>"$LOG"
	eventually said 'No space left on device'
	login 192.0.2.3 >>"$LOG"
	recorded 192.0.2.1
	agrees_with_makemap
	rm "$DIR/db/filler"
	eventually recorded 192.0.2.1 192.0.2.2 192.0.2.3
	stop_popwatch
	agrees_with_makemap
}

@test "popwatch on a file system that turns read-only and back" {
	prepare
	sed -i "s,^state = .*,state = $DIR/popwatch.state," "$DIR/popwatch.conf"	# its lock stays open
	mount -t tmpfs -o size=1m,mode=755 tmpfs "$DIR/db"
	start_popwatch
	login 192.0.2.1 >>"$LOG"
	eventually recorded 192.0.2.1
	eventually mount -o remount,ro "$DIR/db"		# busy while popwatch writes
	login 192.0.2.2 >>"$LOG"
	eventually said 'Read-only file system'
	recorded 192.0.2.1
	mount -o remount,rw "$DIR/db"
	eventually recorded 192.0.2.1 192.0.2.2
	stop_popwatch
	agrees_with_makemap
}

# ---- a clock that jumps ----

set_clock() {	# set_clock SECONDS: from the true time
	python3 -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("=q", int(sys.argv[2])))' "$CLOCK_FILE" "$1"
}

with_clock() {
	LD_PRELOAD="$BUILD/tests/torture/clock.so" "$@"
}

start_clock() {
	[[ $BUILD != */sanitize ]] || skip "a sanitizer wants to be loaded first"
	export CLOCK_FILE=$DIR/clock
	head -c 8 /dev/zero >"$CLOCK_FILE"
}

mtime() {
	stat -c %Y "$DB"
}

@test "the clock is set back and forward between commits: mtime rises, the rows are right" {
	start_clock
	local i=0 before now
	relay add 192.0.2.100 1
	for jump in 0 -3600 -86400 3600 0 -10 40000000 0; do
		set_clock $jump
		before=$(mtime)
		i=$((i + 1))
		now=$((EPOCHSECONDS + jump))
		with_clock "$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add "192.0.2.$i"
		[ "$(mtime)" -gt "$before" ] || fail "after a jump by $jump mtime was $before, is $(mtime)"
		stamp=$(stamp_of "192.0.2.$i")
		[ "$stamp" -ge $now ] && [ "$stamp" -le $(($(date +%s) + jump)) ] || fail "stamp $stamp at $now"
	done
	[ "$(entries | wc -l)" = 9 ]
	# what an administrator's own map, made while mtime is far ahead, must find: a word about it
	relay check >"$DIR/check" || :
	grep -q 'ahead' "$DIR/check" || fail "$(cat "$DIR/check")"
	agrees_with_makemap
}

shifted_login() {	# shifted_login ADDRESS SECONDS: a line of that time, which goes to LOGGED_AT
	local stamp
	LOGGED_AT=$(($(date +%s) + $2))
	stamp=$(date -d "@$LOGGED_AT" '+%b %e %T')
	login "$1" | sed "s/^.\{15\}/$stamp/" >>"$LOG"
}

@test "the clock is set back and forward while popwatch runs: logins of the new time are recorded, at that time" {
	prepare
	start_clock
	LD_PRELOAD=$BUILD/tests/torture/clock.so start_popwatch
	local i=0 before=0 stamp
	for jump in 0 -3600 3600 0 -60 86400; do
		set_clock $jump
		i=$((i + 1))
		shifted_login "192.0.2.$i" $jump
		eventually recorded "192.0.2.$i"
		[ "$(mtime)" -gt "$before" ] || fail "after a jump by $jump mtime was $before, is $(mtime)"
		before=$(mtime)
		stamp=$(stamp_of "192.0.2.$i")
		[ "$stamp" = $LOGGED_AT ] || fail "after a jump by $jump the stamp is $stamp, not $LOGGED_AT"
	done
	stop_popwatch
}

# ---- others ----

# as many rounds as fit into some seconds; a command may find the lock taken for too long, but never damage
round() {	# round USER UMASK N: adds one address, prints it when that was acknowledged
	local address=10.$1.$(($3 / 250)).$(($3 % 250)) status=0
	setpriv --reuid "$1" --regid 1000 --clear-groups sh -c "umask $2; exec \"\$@\"" - \
		"$BUILD/vsmtprelay/vsmtprelay" -f "$DB" add "$address" 1900000000 2>"$DIR/stderr.$1" || status=$?
	case $status in
	0) echo "$address" ;;
	75) ;;
	*) echo "uid $1: status $status: $(cat "$DIR/stderr.$1")" >>"$DIR/bad" ;;
	esac
}

writer() {	# writer USER UMASK
	local n=0
	until [ -e "$DIR/last" ]; do
		round "$1" "$2" $n
		n=$((n + 1))
	done >"$DIR/acked.$1"
}

# mtime may be set by root alone: so the recorder waits for its turn while root's commits carry it ahead of the clock
enough() {
	[ "$(wc -l <"$DIR/acked.0")" -ge 20 ] && [ "$(wc -l <"$DIR/acked.100")" -ge 2 ]
}

@test "root and the recorder, with umasks of their own, on one file at once: nothing acknowledged is missing" {
	mkdir -m 755 "$DIR/db"
	DB=$DIR/db/relayers.db
	chown 100:1000 "$DIR/db"
	chmod 711 "$WORK" "$SCRATCH" "$DIR"
	relay load </dev/null
	writer 0 077 3>&- &
	local a=$!
	writer 100 000 3>&- &
	local b=$!
	eventually enough || cat "$DIR"/bad "$DIR"/stderr.*
	touch "$DIR/last"
	wait $a $b
	[ ! -e "$DIR/bad" ] || fail "$(sort "$DIR/bad" | uniq -c | head -n 3)"
	[ -z "$(cat "$DIR"/acked.* | sort -u | comm -23 - <(entries | cut -d ' ' -f 1 | sort))" ] || fail "acknowledged and missing"
	[ "$(stat -c '%u %g %a' "$DB")" = '0 1000 660' ] || fail "$(stat -c '%u %g %a' "$DB")"
	[ "$(stat -c '%u %g %a' "$DB.lock")" = '100 1000 660' ] || fail "$(stat -c '%u %g %a' "$DB.lock")"
}

# makemap and postmap make the whole map from their own text, in place, under LOCK_EX; the one that comes last decides about the other
# rows, but the file is sound at every moment and their rows are in it at the end
@test "makemap and postmap write the map while we do: sound at every moment" {
	local n=0 end=$((SECONDS + $(short && echo 5 || echo 60))) made=0
	echo '192.0.2.250 1900000000' >"$DIR/relayers"
	relay load <"$DIR/relayers"
	until [ -e "$DIR/last" ]; do
		relay add "10.1.1.$((n++ % 250))" || echo "add: $?" >>"$DIR/bad"
	done 3>&- 2>>"$DIR/said" &
	a=$!
	until [ -e "$DIR/last" ]; do
		relay dump >"$DIR/dump" || echo "dump: $?" >>"$DIR/bad"
		grep -q '^192.0.2.250 ' "$DIR/dump" || echo 'dump: a row of each state is missing' >>"$DIR/bad"
	done 3>&- 2>>"$DIR/said" &
	b=$!
	while [ $SECONDS -lt $end ]; do
		makemap hash "$DB" <"$DIR/relayers"
		postmap "hash:${DB%.db}"
		made=$((made + 2))
	done
	touch "$DIR/last"
	wait $a $b
	[ ! -e "$DIR/bad" ] || fail "$(sort "$DIR/bad" | uniq -c | head; sort "$DIR/said" | uniq -c | sort -rn | head -n 5)"
	echo "# $made times made by them" >&3
	relay add 10.2.2.2 7
	[ "$(stamp_of 192.0.2.250)" = 1900000000 ]
	[ "$(stamp_of 10.2.2.2)" = 7 ]
	agrees_with_makemap
}
