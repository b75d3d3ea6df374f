# needs: root
# enclosure: dovecot
# log = auto and servers = auto: what this host has, with a real journald and without one

load ../lib/test
load daemon

start_file() {
	start_dovecot
}

# a configuration that says auto twice, and more
automatic() {
	prepare 'log = auto' 'servers = auto' "$@"
	sed -i '/^log = \//d' "$DIR/popwatch.conf"
}

forward() {	# forward [SECONDS-AGO]: the line of a login that was written so long ago
	login "$1" "${2:-0}" >>/var/log/mail.log
}

look() {
	run "$POPWATCH" -n -c "$DIR/popwatch.conf"
}

@test "without journald the logs that are there are followed, and servers that are installed" {
	automatic
	rm -f /var/log/mail.log /var/log/syslog /var/log/maillog /var/log/messages
	look
	[[ $output == *'log = auto: /var/log/mail.log (no journald runs here that stores a journal)'* ]] || fail "$output"
	[[ $output == *'servers = auto: '*'dovecot (/usr/sbin/dovecot)'* ]] || fail "$output"
	[[ $output == *'servers = auto leaves out dovecot-proxy, which counts by its name alone'* ]] || fail "$output"
	[[ $output != *perdition* ]] || fail "$output"
	touch /var/log/mail.log /var/log/messages
	start_popwatch
	grep -q 'log = auto: /var/log/mail.log, /var/log/messages (no journald' "$DIR/stderr"
	forward 192.0.2.1
	eventually recorded 192.0.2.1
	stop_popwatch
}

@test "a server that is seen and not installed is reported, and not believed" {
	automatic
	{
		login 192.0.2.1
		echo "$(date '+%b %e %T') vm perdition.imap4[7]: Auth: 192.0.2.66:4000->198.51.100.1:143 client-secure=plaintext authorisation_id=NONE authentication_id=\"alice\" server=\"198.51.100.2:143\" protocol=IMAP4 server-secure=plaintext status=\"ok\""
	} >/var/log/mail.log
	start_popwatch
	eventually recorded 192.0.2.1
	eventually grep -q "perdition: 1 lines that look like its logins are not believed.*name it too: servers = auto perdition" "$DIR/stderr"
	not recorded 192.0.2.66
	stop_popwatch
	sed -i 's/^servers = .*/servers = auto perdition/' "$DIR/popwatch.conf"
	rm "$DIR/db/popwatch.state"
	once
	recorded 192.0.2.66
}

@test "nothing installed: it runs, and says so" {
	mkdir "$SCRATCH/none"
	sed 's,^binary = .*,binary = /no/such/program,' "$SOURCES/popwatch/servers.d/dovecot.conf" >"$SCRATCH/none/dovecot.conf"
	automatic
	sed -i "s,^definitions = .*,definitions = $SCRATCH/none," "$DIR/popwatch.conf"
	look
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *'servers = auto: none of the servers that have a definition is installed here'* ]] || fail "$output"
	start_popwatch
	grep -q 'servers = auto: none of' "$DIR/stderr"
	stop_popwatch
}

@test "a symbolic link is no program of a server" {
	mkdir -p "$SCRATCH/link"
	ln -s /usr/sbin/dovecot "$SCRATCH/link/pop3d"
	sed "s,^binary = .*,binary = $SCRATCH/link/pop3d," "$SOURCES/popwatch/servers.d/dovecot.conf" >"$SCRATCH/link/dovecot.conf"
	automatic
	sed -i "s,^definitions = .*,definitions = $SCRATCH/link," "$DIR/popwatch.conf"
	look
	[[ $output == *'none of the servers'* ]] || fail "$output"
}

@test "with journald the journal is followed, and a dead mail.log is not" {
	start_journald
	automatic
	touch /var/log/mail.log
	look
	[ "$status" = 0 ] || fail "status $status: $output"
	[[ $output == *'log = auto: the journal'* ]] || fail "$output"
	[[ $output != *mail.log* ]] || fail "$output"
	start_popwatch
	curl -sS --max-time "$DEADLINE" --interface 127.0.0.2 -u alice:secret pop3://127.0.0.1/ >/dev/null
	forward 192.0.2.9
	eventually recorded 127.0.0.2
	not recorded 192.0.2.9
	kill -HUP "$POPWATCH_PID"
	eventually grep -q 'using the new configuration' "$DIR/stderr"
	curl -sS --max-time "$DEADLINE" --interface 127.0.0.3 -u alice:secret pop3://127.0.0.1/ >/dev/null
	eventually recorded 127.0.0.3
	stop_popwatch
}

@test "a server without a journal setting is named where the journal alone is followed" {
	automatic
	sed -i 's/^servers = .*/servers = auto qpopper/' "$DIR/popwatch.conf"
	look
	[[ $output == *"qpopper: no login is recorded from the journal"* ]] || fail "$output"
}

@test "a log that does not exist while the journal has lines of the servers" {
	prepare
	curl -sS --max-time "$DEADLINE" --interface 127.0.0.4 -u alice:secret pop3://127.0.0.1/ >/dev/null
	eventually journal_has 127.0.0.4
	start_popwatch
	eventually grep -q "$LOG does not exist, and the journal has had .* lines of the servers, which is not followed: 'log = auto'" \
		"$DIR/stderr"
	stop_popwatch
	touch "$LOG"
	start_popwatch
	login 192.0.2.5 >>"$LOG"
	eventually recorded 192.0.2.5
	not grep -q 'does not exist' "$DIR/stderr"
	stop_popwatch
}

journal_has() {
	journalctl -q --directory=/run/log/journal 2>/dev/null | grep -q "rip=$1,"
}
