# systemd.bash - relayguard under a real systemd, by its units; for tests in an
# enclosure; load ../lib/test, guard, mta and this
#
# systemd is the first process of a pid namespace, with a control group of its
# own, and knows no unit but those of relayguard and the targets that they name.
# /run is that of the enclosure, so the mail servers outside see the sockets.

UNITS=/run/units
CGROUP=/run/cgroup

# Where the units expect it: program, user, configuration, database
place_guard() {	# place_guard RULES SETTING...
	install -m 755 "$RELAYGUARD" /usr/sbin/relayguard
	getent passwd relayers >/dev/null || useradd -r -U -M relayers
	getent passwd relayguard >/dev/null || { page_block relayguard host-plain >"$SCRATCH/host" && sh -eu "$SCRATCH/host"; }
	mkdir -p /etc/relayers
	install -d -o relayers -g relayers -m 755 /var/lib/relayers
	printf '%s\n' "$1" >/etc/relayers/rules
	printf '%s\n' 'rules = /etc/relayers/rules' "${@:2}" >/etc/relayers/relayguard.conf
	rm -f /var/lib/relayers/relayers.db*
	printf '%s\n' "127.0.1.1 $EPOCHSECONDS" "127.0.1.3 1000" | "$VSMTPRELAY" -f /var/lib/relayers/relayers.db load
	mkdir -p $UNITS
	local file unit
	for file in "$SOURCES"/systemd/relayguard*.service "$SOURCES"/systemd/relayguard*.socket; do
		sed -e 's,@SBINDIR@,/usr/sbin,; s,@CONFDIR@,/etc/relayers,' "$file" >"$UNITS/${file##*/}"
	done
	for unit in sysinit basic sockets shutdown local-fs multi-user; do
		printf '[Unit]\nDefaultDependencies=no\n' >$UNITS/$unit.target
	done
	echo 'Wants=relayguard.service relayguard.socket relayguard-postfix.socket' >>$UNITS/multi-user.target
}

# Skips the test where no systemd can run, as in a container without control
# groups
start_systemd() {
	mkdir -p $CGROUP
	mountpoint -q $CGROUP || mount -t cgroup2 none $CGROUP || skip 'no control groups here'
	# what a test left that was killed; one that goes on uses its own
	find $CGROUP -mindepth 1 -depth -type d -path '*/relayguard-test.*' -mmin +60 -exec rmdir {} \; 2>/dev/null || :
	GROUP=$(mktemp -d $CGROUP/relayguard-test.XXXXXX) || skip 'no control group can be made here'
	local in_group=(sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$GROUP")
	"${in_group[@]}" unshare --mount --pid --cgroup --fork --mount-proc mount -t cgroup2 none /sys/fs/cgroup ||
		skip 'systemd cannot have control groups here'
	"${in_group[@]}" unshare --mount --pid --cgroup --fork --kill-child --mount-proc sh -c '
		umount -R /sys/fs/cgroup 2>/dev/null
		mount -t cgroup2 none /sys/fs/cgroup || exit 1
		exec env -i PATH="$PATH" container=enclosure SYSTEMD_UNIT_PATH='$UNITS' \
			/lib/systemd/systemd --system --unit=multi-user.target --log-target=null' >"$SCRATCH/systemd" 2>&1 3>&- &
	SYSTEMD_PID=$!
	eventually systemd_runs || fail "$(cat "$SCRATCH/systemd")"
}

systemd_runs() {
	SYSTEMD_CHILD=$(pgrep -P "$SYSTEMD_PID") && control is-active -q multi-user.target 2>/dev/null
}

# systemctl, in the namespaces of that systemd, and in its root: of a mount
# namespace alone nsenter enters the root that is outside of a chroot
control() {
	nsenter -t "$SYSTEMD_CHILD" --mount --pid --root systemctl "$@" 3>&-
}

unit_is() {	# unit_is STATE UNIT
	[ "$(control is-active "$2" 2>/dev/null)" = "$1" ]
}

stop_systemd() {
	if [ -n "${SYSTEMD_PID-}" ]; then
		kill -KILL "$SYSTEMD_PID" 2>/dev/null || :
		wait "$SYSTEMD_PID" 2>/dev/null || :
		SYSTEMD_PID=
	fi
	[ -z "${GROUP-}" ] || eventually leave_group
	GROUP=
}

leave_group() {
	find "$GROUP" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "$GROUP" ]
}

# killed_each_second PORT SESSIONS: relayguard is killed once a second, by
# systemd, while that many sessions go on side by side; on a fast machine so
# many again, until it has been restarted twice
killed_each_second() {
	local status crowd rounds=0
	until [ "$(control show -P NRestarts relayguard.service)" -ge 2 ]; do
		[ $((rounds += 1)) -le 10 ] || fail 'systemd does not restart it'
		status=0
		python3 "$SOURCES/tests/relayguard/peers.py" crowd "$1" "$2" >"$SCRATCH/crowd" 2>&1 3>&- &
		crowd=$!
		while kill -0 $crowd 2>/dev/null; do
			control kill -s KILL relayguard.service 2>/dev/null || :
			read -r -t 1 <> <(:) || :
		done
		wait $crowd || status=$?
		[ $status = 0 ] || fail "$(tail -n 20 "$SCRATCH/crowd")"
		grep -qx "$2 sessions, 0 refused, 0 let in" "$SCRATCH/crowd" || fail "$(tail -n 20 "$SCRATCH/crowd")"
	done
	eventually unit_is active relayguard.service
}
