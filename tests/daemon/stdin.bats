# what standard input ends with

load ../lib/test
load daemon

from_stdin() {
	"$POPWATCH" -v -c "$DIR/popwatch.conf" -
}

@test "half a line at the end of standard input is not believed, and reported once" {
	prepare
	line=$(login 203.0.113.1 | sed 's/, lip=.*//')		# the beginning of a login from 203.0.113.1xx, perhaps
	run from_stdin < <(login 192.0.2.1; printf '%s' "$line")
	[ "$status" -eq 0 ]
	recorded 192.0.2.1
	not recorded 203.0.113.1
	[ "$(grep -c 'the last line has no end: it is not believed' <<<"$output")" -eq 1 ]
	# with its end it is whole
	run from_stdin <<<"$line"
	recorded 203.0.113.1
	[[ $output != *'has no end'* ]]
}

@test "trying out believes half a line no more than that" {
	prepare
	run "$POPWATCH" -c "$DIR/popwatch.conf" -t - < <(login 192.0.2.1; login 203.0.113.1 | head -c -1)
	[ "$status" -eq 0 ]
	[[ $output == *192.0.2.1* ]]
	[[ $output != *$'login\t203.0.113.1'* ]]
	[[ $output == *'the last line has no end'* ]]
}
