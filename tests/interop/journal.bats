# journal.bats - the main job as README.md sets it up, line by line, on a host
# without a syslog daemon: the journal is all there is
#
# enclosure: sendmail dovecot

load ../lib/test

source=$LIB/../..
client=192.0.2.7
database=/var/lib/relayers/relayers.db

# the commands under "Set it up", without their comments
commands() {
	awk '/^## / { inside = $0 == "## Set it up" } inside && /^    / { sub(/^ */, ""); sub(/  *#.*/, ""); if ($0 !~ /^#/) print }' \
		"$source/README.md"
}

# as systemd would run it: the unit's command, as the unit's user
start_unit() {
	local unit=/usr/lib/systemd/system/$1.service
	local user
	user=$(sed -n 's/^User=//p' "$unit")
	install -d -o "$user" /run/relayers
	quietly "$1" setpriv --reuid "$user" --regid "$user" --init-groups \
		$(sed -n 's/^ExecStart=//p' "$unit") 3>&- &
	UNIT_PID=$!
}

# typed as a root would type it, except that apt and systemd have no say in an
# enclosure: what is installed is there, a service is started by hand
type_command() {
	echo "# $1"
	case $1 in
	'./bootstrap install') env -u MAKEFLAGS -u MAKELEVEL make -s -C "$source" install ${SANITIZED:+SANITIZE=1} ;;
	'apt install --no-install-recommends cron') install -m 755 /bin/true /usr/sbin/cron ;;
	'apt install '*) ;;
	'systemctl enable --now '*)
		for name in ${1#systemctl enable --now }; do
			[ -e "/usr/lib/systemd/system/$name.service" ] || fail "no unit $name"
		done
		start_unit popwatch
		comes_up popwatch "$UNIT_PID" grep -q ': watching ' "$WORK/log/popwatch.out" ;;
	'vsmtprelay setup' | 'vsmtprelay status')	# 1: something is missing yet
		$1 || [ $? = 1 ] ;;
	'popwatch -n') popwatch -n -c /etc/relayers/popwatch.conf || fail "popwatch -n: status $?" ;;
	*) eval "$1" ;;
	esac
}

# in the file itself, where sendmail looks; vsmtprelay shows what waits in the
# queue, too
served() {
	makemap -u hash "$database" | grep -q "^$client[[:blank:]]"
}

@test "popwatch -n: without a journal and without a log nothing would be recorded, which it says" {
	[[ $BUILD != */sanitize ]] || SANITIZED=1
	rm -f /var/log/mail.log
	rm -rf /var/log/journal
	for line in './bootstrap install' 'systemd-sysusers relayers.conf' 'systemd-tmpfiles --create relayers.conf' 'vsmtprelay load /dev/null'; do
		type_command "$line"
	done
	run popwatch -n
	[ "$status" = 66 ] || fail "status $status: $output"
	[[ $output == *journal* ]] || fail "$output"
}

@test "README.md: set up, refused, log in, relay, expire, refused" {
	[[ $BUILD != */sanitize ]] || SANITIZED=1
	rm -f /var/log/mail.log
	start_journald
	start_dovecot
	start_sendmail
	ip addr add $client/32 dev lo		# not before, or sendmail takes it for one of its own
	while IFS= read -r line; do
		type_command "$line" || fail "README.md: $line"
	done < <(commands | grep -v '^vsmtprelay check$')
	[ ! -e /var/log/mail.log ]
	refuses $client
	oldest=$(journalctl -q --no-pager -o short-iso -g "$client" | sed -n 1p)
	[[ $oldest == *"$client"* ]]
	not curl -sS -m 60 --interface $client -u alice:wrong pop3://127.0.0.1/
	curl -sS -m 60 --interface $client -u alice:secret pop3://127.0.0.1/
	wait_for 60 served || fail "$(tail -n 20 "$WORK/log/popwatch.out")"
	relays $client || fail "$REPLY"
	run vsmtprelay why $client
	[[ $output == *'last line'*"$client"* && $output != *"$oldest"* ]] || fail "$output"
	vsmtprelay check
	vsmtprelay add $client $(($(date +%s) - 3700))
	read -r _ _ _ _ _ user command < <(grep '^\*' /etc/cron.d/vsmtprelay)
	setpriv --reuid "$user" --regid "$user" --init-groups sh -c "$command"
	not served
	refuses $client
	stop "$UNIT_PID"
	stop_sendmail
	stop_dovecot
}
