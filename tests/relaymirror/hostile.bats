# relaymirror beside an engine that means harm: nothing is let in, nothing
# crashes, memory stays what it was
load ../lib/test
load mirror

bats_require_minimum_version 1.5.0

start_hostile() {	# start_hostile MODE
	python3 "$BATS_TEST_DIRNAME/hostile.py" "$ENGINE" "$1" 2>>"$DIR/engine.log" 3>&- &
	ENGINE_PID=$!
	PIDS+=" $ENGINE_PID"
	eventually test -S "$ENGINE"
}

# complaints so far, or logins judged: the harm was done
harmed() {	# harmed MODE
	case $1 in
	ranges) [ "$(count smtp received_future_total)" -gt 0 ] && [ "$(count smtp received_bad_total)" -gt 0 ] ;;
	pages) [ "$(count smtp received_future_total)" -gt 5000 ] ;;
	*) said smtp 'cannot follow' ;;
	esac
}

@test "garbage, endless answers, huge lengths, deep lists, wrong types, what is out of range" {
	for mode in garbage bulk list nested endless unasked types pages ranges; do
		host smtp lmdb 'subscribe = yes' 'publish = yes'
		login smtp 192.0.2.1
		start_hostile $mode
		start smtp
		eventually harmed $mode
		# half a gigabyte was offered; an idle daemon has a few megabytes
		peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$(cat "$DIR/smtp/pid")/status")
		[ "$peak" -lt 150000 ] || fail "$mode: $peak kB"
		stop smtp || fail "$mode"
		[ "$(rows smtp | cut -d' ' -f1)" = 192.0.2.1 ] || fail "$mode: $(rows smtp)"
		stop_engine
		rm -rf "$DIR/smtp"
	done
}
