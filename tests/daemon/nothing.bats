# needs: root
# enclosure:
# popwatch -n, where a configuration is right and yet would record nothing

load ../lib/test
load daemon

start_file() {
	add_user watcher
}

# looks DIRECTORY...: at a configuration with these settings, as user watcher
looks() {
	prepare 'servers = dovecot' "$@"
	sed -i 's/^user =.*/user = watcher/' "$DIR/popwatch.conf"
	chown watcher "$DIR/db"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
}

# a directory of journal files, of GROUP with MODE
journal_of() {	# journal_of GROUP MODE
	mkdir -p "$SCRATCH/$BATS_TEST_NUMBER.journal/0123"
	chmod 755 "$SCRATCH/$BATS_TEST_NUMBER.journal" "$SCRATCH/$BATS_TEST_NUMBER.journal/0123"
	: >"$SCRATCH/$BATS_TEST_NUMBER.journal/0123/system.journal"
	chgrp "$1" "$SCRATCH/$BATS_TEST_NUMBER.journal/0123/system.journal"
	chmod "$2" "$SCRATCH/$BATS_TEST_NUMBER.journal/0123/system.journal"
	echo "$SCRATCH/$BATS_TEST_NUMBER.journal"
}

@test "no log exists, and the journal is not read" {
	looks
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *"nothing would be recorded: $LOG does not exist"*"write 'log = auto'"* ]] || fail "$output"
	[[ $output != *fine* ]]
	touch "$LOG"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" = 0 ] || fail "status $status: $output"
}

@test "no log exists, no journald runs, and all that is left is to install a syslog daemon" {
	rm -f /var/log/mail.log /var/log/maillog /var/log/mail /var/log/messages /var/log/syslog
	looks 'log = auto'
	sed -i '/^log = \//d' "$DIR/popwatch.conf"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *'nothing would be recorded: /var/log/mail.log does not exist; nothing on this host keeps what servers log: install a syslog daemon'* ]] || fail "$output"
	[[ $output != *"write 'log = auto'"* ]]
}

@test "no log exists, and there is no journal" {
	looks 'journal = yes'
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *'nothing would be recorded: no journal in /var/log/journal or /run/log/journal, and no log exists'* ]] || fail "$output"
	looks "journal = $DIR"
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *"no journal in $DIR, and no log exists"* ]] || fail "$output"
}

@test "no log exists, but a journal that the user may read" {
	looks "journal = $(journal_of watcher 640)"
	[ "$status" = 0 ] || fail "status $status: $output"
}

@test "a journal that the user may not read" {
	looks "journal = $(journal_of root 640)"
	[ "$status" = 77 ] || fail "status $status: $output"
	[[ $output == *"watcher cannot read "*"/system.journal: Permission denied"* ]] || fail "$output"
}

@test "a journal, but of no enabled server" {
	looks "journal = $(journal_of watcher 640)"
	sed -i 's/^servers = .*/servers = mailutils/' "$DIR/popwatch.conf"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *"none of the enabled servers' definitions has a journal setting, and no log exists"* ]] || fail "$output"
}

@test "with a log besides, servers without a journal setting are followed there, and a warning says so" {
	looks "journal = $(journal_of watcher 640)"
	sed -i -e 's/^servers = .*/servers = mailutils/' -e 's/^user = .*/user =/' "$DIR/popwatch.conf"
	touch "$LOG"
	start_popwatch
	grep -q 'nothing is read from the journal: none of' "$DIR/stderr"
	stop_popwatch
}

@test "logins that come by the socket alone are no reason to fail" {
	looks 'socket = /run/popwatch.sock'
	sed -i '/^log = /d' "$DIR/popwatch.conf"
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
	[ "$status" = 0 ] || fail "status $status: $output"
}
