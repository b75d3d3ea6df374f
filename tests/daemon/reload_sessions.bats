# open connections under a new configuration: after a reload, after a restart

load ../lib/test
load daemon

said() {	# said TEXT: on stderr
	grep -qF -- "$1" "$DIR/stderr"
}

open_connections() {	# open_connections ADDRESS...: after a server that is known to tell logouts
	login 192.0.2.9
	printf '%s vm dovecot: imap(alice)<205><192029>: Disconnected: Logged out in=9 out=469\n' "$(date '+%b %e %T')"
	for address; do
		login "$address"
	done
}

logout_of() {	# logout_of ADDRESS
	printf '%s vm dovecot: imap(alice)<205><%s>: Disconnected: Logged out in=9 out=469\n' "$(date '+%b %e %T')" "${1//[.:]/}"
}

set_to() {	# set_to NAME VALUE: in the configuration
	sed -i "/^$1 =/d" "$DIR/popwatch.conf"
	echo "$1 = $2" >>"$DIR/popwatch.conf"
}

reload() {
	kill -HUP "$POPWATCH_PID"
	eventually said 'using the new configuration'
}

refreshed_after() {	# refreshed_after ADDRESS SECOND
	[ "$(stamp_of "$1")" -gt "$2" ]
}

@test "session-max = 0 at a reload ends the open connections" {
	prepare
	open_connections 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	set_to session-max 0
	reload
	login 192.0.2.2 >>"$LOG"		# nor is a new one followed
	eventually recorded 192.0.2.2
	stop_popwatch
	not grep -q ' o vm ' "$DIR/db/popwatch.state"
}

@test "a server that is no longer named has no open connections after a reload" {
	prepare 'servers = dovecot'
	open_connections 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	set_to servers popa3d
	reload
	stop_popwatch
	not grep -q '^session' "$DIR/db/popwatch.state"
}

@test "a restart with another configuration forgets the connections that it does not follow" {
	prepare 'servers = dovecot' 'session-max = 1h' 'refresh = 0'
	open_connections 192.0.2.1 >"$LOG"
	once
	cp "$DIR/db/popwatch.state" "$DIR/before"
	grep -q '192.0.2.1 o vm dovecot' "$DIR/before"
	for setting in 'servers popa3d' 'session-max 0' 'session-max 1'; do
		cp "$DIR/before" "$DIR/db/popwatch.state"
		sed -i -E 's/^session [0-9]+ [0-9]+ ([0-9]+) 192.0.2.1 /session 1000 1000 \1 192.0.2.1 /' "$DIR/db/popwatch.state"
		"$VSMTPRELAY" -f "$DB" delete 192.0.2.1 || :
		# shellcheck disable=SC2086 # two words
		set_to $setting
		once
		not grep -q ' o vm ' "$DIR/db/popwatch.state" || fail "$setting"
		not recorded 192.0.2.1 || fail "$setting"
		set_to servers dovecot
		set_to session-max 1h
	done
}

@test "what is deleted stays so, though its connection is open and ends, until the next login" {
	prepare 'window = 8s' 'refresh = 0'
	start_popwatch		# before the logins, whose window is short
	open_connections 192.0.2.1 192.0.2.2 >"$LOG"
	eventually recorded 192.0.2.1 192.0.2.2
	"$VSMTPRELAY" -f "$DB" delete 192.0.2.1
	# by then it would have been refreshed twice, as the other one is
	eventually refreshed_after 192.0.2.2 $(($(date +%s) + 6))
	not recorded 192.0.2.1
	logout_of 192.0.2.1 >>"$LOG"
	login 192.0.2.3 >>"$LOG"
	eventually recorded 192.0.2.3
	stop_popwatch
	not recorded 192.0.2.1
	login 192.0.2.1 >>"$LOG"
	once
	recorded 192.0.2.1
}

@test "a login is recorded although one before it was moments ago, if that one was deleted" {
	prepare 'refresh = 1h' 'window = 2h'
	login 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	"$VSMTPRELAY" -f "$DB" delete 192.0.2.1
	login 192.0.2.2 >>"$LOG"
	eventually recorded 192.0.2.2
	not recorded 192.0.2.1
	login 192.0.2.1 >>"$LOG"
	eventually recorded 192.0.2.1
	"$VSMTPRELAY" -f "$DB" expire 0
	not recorded 192.0.2.1
	login 192.0.2.1 >>"$LOG"
	eventually recorded 192.0.2.1
	# what repeats a login that is there is no commit, and no line
	login 192.0.2.1 >>"$LOG"
	login 192.0.2.3 >>"$LOG"
	eventually recorded 192.0.2.3
	stop_popwatch
	[ "$(grep -c 'login from 192.0.2.1:' "$DIR/stderr")" -eq 3 ]
}

@test "a database that is gone is filled by the open connections again" {
	prepare 'window = 8s' 'refresh = 0'
	open_connections 192.0.2.1 >"$LOG"
	start_popwatch
	eventually recorded 192.0.2.1
	rm "$DB"
	eventually recorded 192.0.2.1
	stop_popwatch
}
