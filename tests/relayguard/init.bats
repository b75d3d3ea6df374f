# init.bats - relayguard where there is no systemd: the sysv script of the package
#
# enclosure: rsyslog

load ../lib/test
load ../mta/mta
load guard
eval "$(declare -f teardown | sed 's/^teardown/teardown_guard/')"
load mta
load systemd

teardown() {
	"$SCRIPT" stop >/dev/null 2>&1 || :
	teardown_guard
}

start_file() {
	start_rsyslog
}

setup() {
	[ -x /lib/init/init-d-script ] || skip 'no init-d-script: package sysvinit-utils'
	SCRIPT=/etc/init.d/relayguard PID_FILE=/run/relayguard.pid
	mkdir -p /etc/init.d
	install -m 755 "$SOURCES/debian/relayguard.init" $SCRIPT
	DIR=$SCRATCH/$BATS_TEST_NUMBER
	mkdir -p "$DIR/run" /var/spool/postfix
	place_guard 'noto:ALL:ALL:ALL:550 5.7.1 first' 'milter = unix:/run/relayguard/milter' \
		'policy = unix:/var/spool/postfix/relayguard/policy'
	ln -sf /var/spool/postfix/relayguard/policy "$DIR/run/policy"
}

is_told() {	# is_told WORDS: what a recipient is answered
	policy policy
	[ "$REPLY" = "$1" ]
}

# the script's output is a pipe that the daemon must not hold open
script() {
	run "$SCRIPT" "$@"
}

@test "start, reload, restart, stop; each again; what status says" {
	script status
	[ "$status" = 3 ]
	script start
	[ "$status" = 0 ] || fail "$output"
	# it is ready when the script returns, and has the places for its sockets
	is_told '550 5.7.1 first'
	[ -S /run/relayguard/milter ]
	[ "$(stat -c %U:%a /var/spool/postfix/relayguard)" = root:711 ]
	pid=$(cat $PID_FILE)
	[ "$(stat -c %U "/proc/$pid")" = relayguard ]
	script status
	[ "$status" = 0 ]
	script start
	[ "$status" = 0 ]
	[ "$(cat $PID_FILE)" = "$pid" ] && [ "$(pgrep -xc relayguard)" = 1 ]
	echo 'noto:ALL:ALL:ALL:550 5.7.1 second' >/etc/relayers/rules
	script reload
	[ "$status" = 0 ]
	eventually is_told '550 5.7.1 second'
	[ "$(cat $PID_FILE)" = "$pid" ]
	script restart
	[ "$status" = 0 ] || fail "$output"
	is_told '550 5.7.1 second'
	[ "$(cat $PID_FILE)" != "$pid" ] && [ "$(pgrep -xc relayguard)" = 1 ]
	script stop
	[ "$status" = 0 ]
	[ ! -e $PID_FILE ]
	! pgrep -x relayguard || fail 'it still runs'
	script stop
	[ "$status" = 0 ]
	script status
	[ "$status" = 3 ]
	# after a boot /run is empty
	rm -rf /run/relayguard
	script restart
	[ "$status" = 0 ] || fail "$output"
	is_told '550 5.7.1 second'
}

@test "with an error in the rules: it does not start, and says why; a reload keeps the old ones" {
	echo permit >/etc/relayers/rules
	script start
	[ "$status" != 0 ]
	[[ $output == */etc/relayers/rules:1:1:* ]] || fail "$output"
	! pgrep -x relayguard || fail 'it runs'
	echo 'noto:ALL:ALL:ALL:550 5.7.1 good' >/etc/relayers/rules
	script start
	[ "$status" = 0 ] || fail "$output"
	echo permit >/etc/relayers/rules
	script reload
	[ "$status" = 0 ]
	eventually grep -q 'keeping the old configuration and rules' "$WORK/log/mail.log"
	is_told '550 5.7.1 good'
}

@test "after a crash it starts again" {
	script start
	[ "$status" = 0 ] || fail "$output"
	pid=$(cat $PID_FILE)
	kill -KILL "$pid"
	eventually is_gone "$pid"
	script status
	[ "$status" != 0 ]
	script start
	[ "$status" = 0 ] || fail "$output"
	is_told '550 5.7.1 first'
}
