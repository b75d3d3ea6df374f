# mutants.bats - the checks can fail: each passes on the real thing and on a mutant without its fault, and catches the fault

load ../lib/test
load torture

# the command under test; $RELAYDB_FAULT makes it a mutant
mutant() {
	"$BUILD/tests/torture/mutant" -f "$DB" "$@"
}

# ---- what a commit must keep ----

# one after the other in one second: an MTA that has the map open looks at whole seconds
mtime_rises() {
	local before after i
	"$1" add 192.0.2.1 1
	for i in 2 3 4; do
		before=$(stat -c %Y "$DB")
		"$1" add "192.0.2.$i" 1
		after=$(stat -c %Y "$DB")
		[ "$after" -gt "$before" ] || { echo "mtime was $before, is $after"; return 1; }
	done
}

# sendmail gives up a map whose inode is another between its stat and its open
inode_stays() {
	local before
	"$1" add 192.0.2.1 1
	before=$(stat -c %i "$DB")
	"$1" add 192.0.2.2 2
	[ "$(stat -c %i "$DB")" = "$before" ] || { echo "another inode"; return 1; }
}

# what must have happened before what, in the system calls of a commit
order_is_safe() {
	"$1" add 192.0.2.1 1
	strace -y -s 0 -o "$DIR/strace" "$2" -f "$DB" add 192.0.2.2 2
	awk '
		function say(words) { print words; bad = 1 }
		function on(name) { return index($0, "/" name ">") > 0 }
		BEGIN { map = "relayers.db" }
		/^flock\(/ && on(map ".lock") && /LOCK_EX/	{ alone = 1 }
		/^pwrite64\(/ && on(map ".new")			{ recorded = 1; if (!alone) say("a record is written, but the writers are not locked out") }
		/^fsync\(/ && on(map ".new")			{ record_synced = recorded }
		/^flock\(/ && on(map) && /LOCK_EX/		{ locked = 1 }
		/^rename/					{ named = 1; if (!record_synced) say("the record gets its name, but is not synced") }
		/^fsync\(/ && !on(map ".new")			{ if (named && !removed) name_synced = 1; if (removed) removal_synced = 1 }
		/^pwrite64\(/ && on(map) {
			written = 1; map_synced = 0
			if (!name_synced) say("a block is written, but the name of the record is not synced")
			if (!locked) say("a block is written, but the map is not locked")
		}
		/^flock\(/ && on(map) && /LOCK_UN/ && named	{ locked = 0; unlocked = 1; if (!raised) say("unlocked, but mtime is not raised") }
		/^utimensat\(/ && on(map) && written		{ raised = locked }
		/^f(data)?sync\(/ && on(map)			{ map_synced = 1 }
		/^unlinkat\(/ && /relayers\.db\.redo|""/ && named { removed = 1; if (!map_synced) say("the record goes, but the map is not synced") }
		END {
			if (!written || !unlocked || !removed) say("no commit was seen")
			if (!removal_synced) say("the record is gone, but the directory is not synced")
			exit bad
		}' "$DIR/strace"
}

# ---- catches FAULT WORDS CHECK: CHECK passes without the fault, and says WORDS with it ----

check() {	# check NAME FAULT COMMAND PATH: on a fresh database, in a shell that stops at the first failure
	rm -f "$DB" "$DB".*
	( set -e; export RELAYDB_FAULT=$2; "$1" "$3" "$4" ) >"$DIR/said" 2>&1
}

catches() {
	local fault=$1 words=$2 check=$3 status
	for command in relay mutant; do
		[ $command = relay ] && path=$BUILD/vsmtprelay/vsmtprelay || path=$BUILD/tests/torture/mutant
		set +e
		check "$check" '' $command "$path"
		status=$?
		set -e
		[ $status = 0 ] || fail "$command without a fault: $(cat "$DIR/said")"
	done
	set +e
	check "$check" "$fault" mutant "$BUILD/tests/torture/mutant"
	status=$?
	set -e
	[ $status != 0 ] || fail "$fault is not noticed"
	grep -qF -e "$words" "$DIR/said" || fail "$fault: expected '$words', got '$(cat "$DIR/said")'"
}

@test "a commit without the raised mtime" {
	catches mtime 'mtime was' mtime_rises
	catches mtime 'mtime is not raised' order_is_safe
}

@test "a commit by rename" {
	catches rename 'another inode' inode_stays
}

@test "a skipped fsync, each of the four" {
	catches sync-record 'the record gets its name, but is not synced' order_is_safe
	catches sync-name 'the name of the record is not synced' order_is_safe
	catches sync-map 'the map is not synced' order_is_safe
	catches sync-removal 'the directory is not synced' order_is_safe
}

@test "a missing lock, of the map and of the writers" {
	catches lock-map 'the map is not locked' order_is_safe
	catches lock-writers 'the writers are not locked out' order_is_safe
}

# ---- expressions ----

definitions_are_proved() {	# definitions_are_proved DIRECTORY
	printf '%s\n' "definitions = $1" "servers = all" "database = $DB" "state = $DIR/popwatch.state" 'user =' "log = $DIR/mail.log" \
		>"$DIR/popwatch.conf"
	: >"$DIR/mail.log"
	"$BUILD/popwatch/popwatch" -n -c "$DIR/popwatch.conf" >"$DIR/said" 2>&1
}

@test "an expression that is not anchored, at its begin or its end, of every server" {
	definitions_are_proved "$SERVERS" || fail "the real ones: $(cat "$DIR/said")"
	for file in "$SERVERS"/*.conf; do
		for anchor in begin end; do
			rm -rf "$DIR/mutant.d"
			cp -r "$SERVERS" "$DIR/mutant.d"
			if [ $anchor = begin ]; then
				sed -i '/^\[lines\]/,/^\[samples\]/s/^\(login = \)^/\1/' "$DIR/mutant.d/${file##*/}"
			else
				sed -i '/^\[lines\]/,/^\[samples\]/s/^\(login = .*\)\$$/\1/' "$DIR/mutant.d/${file##*/}"
			fi
			! cmp -s "$file" "$DIR/mutant.d/${file##*/}" || fail "${file##*/} has no expression anchored at its $anchor"
			! definitions_are_proved "$DIR/mutant.d" || fail "${file##*/} without its anchor at the $anchor is not noticed"
			grep -q "${file##*/}" "$DIR/said" || fail "$(cat "$DIR/said")"
		done
	done
}
