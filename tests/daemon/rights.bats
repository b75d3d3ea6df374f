# what the sandbox lets through when the configuration is read again

load ../lib/test
load daemon

said() {	# said TEXT: on stderr
	grep -qF -- "$1" "$DIR/stderr"
}

reload_with() {	# reload_with SETTING...: more of them
	cp "$DIR/popwatch.conf" "$DIR/good.conf"
	printf '%s\n' "$@" >>"$DIR/popwatch.conf"
	kill -HUP "$POPWATCH_PID"
}

@test "HUP with a link that leads out of the sandbox is refused, one that stays inside is followed" {
	prepare
	mkdir "$SCRATCH/outside"			# the configuration's directory belongs to the sandbox
	ln -s ../../outside/mail.log "$DIR/log/out.log"
	ln -s other.log "$DIR/log/in.log"
	start_popwatch
	reload_with "log = $DIR/log/out.log"		# before and after what it leads to exists
	eventually said 'keeping the old configuration'
	said "restart needed for the new value of 'log'"
	login 192.0.2.9 >"$SCRATCH/outside/mail.log"
	kill -HUP "$POPWATCH_PID"
	twice() { [ "$(grep -c 'keeping the old configuration' "$DIR/stderr")" -eq 2 ]; }
	eventually twice
	login 192.0.2.1 >"$LOG"
	eventually recorded 192.0.2.1
	cp "$DIR/good.conf" "$DIR/popwatch.conf"
	reload_with "log = $DIR/log/in.log"
	eventually said 'using the new configuration'
	login 192.0.2.2 >"$DIR/log/other.log"
	eventually recorded 192.0.2.2
	stop_popwatch
	not recorded 192.0.2.9
}

@test "HUP keeps a log that was a link out of its directory at the start" {
	prepare
	mkdir "$SCRATCH/elsewhere"
	ln -s ../../elsewhere/mail.log "$LOG"
	login 192.0.2.1 >"$SCRATCH/elsewhere/mail.log"
	start_popwatch
	eventually recorded 192.0.2.1
	reload_with 'window = 20m'
	eventually said 'using the new configuration'
	login 192.0.2.2 >>"$SCRATCH/elsewhere/mail.log"
	eventually recorded 192.0.2.2
	stop_popwatch
}
