# what vsmtprelay logs to syslog
# enclosure: rsyslog
load ../lib/test
load cli

start_file() {
	start_rsyslog
}

end_file() {
	stop_rsyslog
}

# logged WORDS: a line of the program's with them comes to the mail log
logged() {
	wait_for 60 grep -qF -e "$1" "$WORK/log/mail.log" || fail "$(cat "$WORK/log/mail.log")"
	grep -F -e "$1" "$WORK/log/mail.log" | grep -q ' vsmtprelay\[[0-9]*\]: '
}

@test "every change is logged to the mail log: what, in which database, by whom" {
	relay add 192.0.2.1 1000
	logged "add 192.0.2.1 1000 ($DB, by uid 0)"
	relay delete 192.0.2.1 192.0.2.9 192.0.2.1 2>/dev/null || [ $? = 1 ]
	logged "delete 192.0.2.1 ($DB, by uid 0)"
	logged "delete: 192.0.2.9 is not in $DB"
	rows '192.0.2.1 1000' '192.0.2.2 4000000000'
	logged "load: 2 rows"
	relay expire
	logged "expired 1 entry older than"
	[ "$(grep -c 'delete 192.0.2.' "$WORK/log/mail.log")" = 1 ]
}

@test "what changes nothing and what prints is not told; a failure is" {
	rows '192.0.2.1 1000'
	lines=$(wc -l <"$WORK/log/mail.log")
	relay add 192.0.2.1 1000
	relay expire 4000000000
	relay list >"$DIR/out"
	relay dump >"$DIR/out"
	not "$BUILD/vsmtprelay/vsmtprelay" -f "$DIR/no"$'\n'"ne" expire 2>/dev/null
	logged 'no\012ne does not exist'
	logged "load: 1 row,"
	[ "$(wc -l <"$WORK/log/mail.log")" -le $((lines + 2)) ]
}
