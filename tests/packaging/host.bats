# needs: root
# enclosure: dovecot
# a host of its own: installed for real, with the systemd tools, the user, the directory, the first entries; then away again

load ../lib/test

source=$BATS_TEST_DIRNAME/../..

make_it() {
	local sanitize=
	[[ $BUILD != */sanitize ]] || sanitize=1
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$source" "$1" SANITIZE=$sanitize
}

files() {	# what there is, except for what every command may touch
	find /etc /usr /var -xdev \( -path "$WORK" -o -path /var/cache -o -path "$source" -o -path /var/log -o -path "/var/lib/scratch.*" \) -prune \
		-o \( -type f -o -type l \) -print | sort
}

# block PAGE NAME N: the Nth fenced block of that name in docs/PAGE
block() {
	awk -v name="$2" -v n="$3" '
		/^ *```/ && open { open = wanted = 0; next }
		/^ *```/ { open = 1; indent = index($0, "`"); wanted = $0 ~ "^ *```" name "$" && ++count == n; next }
		wanted { print substr($0, indent) }' "$source/docs/$1" | grep . || fail "no block $3 of $2 in docs/$1"
}

set_up() {	# is everything as it should be now?
	[ "$(stat -c %U:%G:%a /var/lib/relayers)" = relayers:relayers:755 ]
	[ "$(stat -c %U:%G:%a /var/lib/relayers/relayers.db)" = root:relayers:660 ]
	[[ " $(id -nG relayers) " == *' adm '* ]]
	[[ " $(id -nG relayers) " == *' systemd-journal '* ]]
	vsmtprelay check
}

# what tells vsmtprelay(8) that this host has cron, whether it has or not
CRON=/usr/sbin/cron

start_file() {
	[ -x $CRON ] || install -m 755 /bin/true $CRON
	files >"$SCRATCH/before"
	make_it install
}

@test "the units are in order" {
	run systemd-analyze verify --man=no popwatch.service relaymirror.service relayguard.service relayguard.socket relayguard-postfix.socket relayers-settle.service vsmtprelay-expire.service vsmtprelay-expire.timer
	[ "$status" = 0 ] || fail "$output"
	! grep -E 'popwatch|relayers|relayguard|relaymirror|vsmtprelay' <<<"$output"
}

@test "popwatch starts before the same mail servers as the settling unit" {
	before() {
		sed -n 's/^Before=//p' "/usr/lib/systemd/system/$1.service" | tr ' ' '\n' | grep -v '^popwatch' | sort
	}
	[ "$(before popwatch | wc -l)" -ge 4 ]
	[ "$(before popwatch)" = "$(before relayers-settle)" ] || fail "$(before popwatch)"
}

@test "docs/INSTALL.md: the timer in place of cron, and another policy for it" {
	block INSTALL.md timer 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	make_it install
	not grep -q '^[^#]' /etc/cron.d/vsmtprelay
	rm /etc/cron.d/vsmtprelay
	make_it install
	grep -q '^[^#].*expire 60$' /etc/cron.d/vsmtprelay
	block INSTALL.md policy 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	[ "$(systemd-delta --type=extended --no-pager | grep -c 'vsmtprelay-expire.*/policy.conf')" = 2 ]
	run systemd-analyze verify --man=no vsmtprelay-expire.service vsmtprelay-expire.timer
	not grep -E 'vsmtprelay' <<<"$output"
	rm -r /etc/systemd/system/vsmtprelay-expire.*.d
}

@test "systemd's own rating of each service is 1.5 or better" {
	told=$(sed -n 's/.*systemd-analyze security popwatch`: \([0-9.]*\).*/\1/p' "$source/docs/SECURITY.md")
	[ -n "$told" ]
	for unit in popwatch relayers-settle vsmtprelay-expire; do
		systemd-analyze security --offline=yes --threshold=15 --no-pager "/usr/lib/systemd/system/$unit.service" >"$SCRATCH/rating" ||
			fail "$(cat "$SCRATCH/rating")"
		rating=$(sed -n "s/.*exposure level for $unit.service: \([0-9.]*\) .*/\1/p" "$SCRATCH/rating")
		[ $unit != popwatch ] || awk -v rating="$rating" -v told="$told" 'BEGIN { exit !(rating <= told) }' ||
			fail "docs/SECURITY.md promises $told, here it is $rating"
	done
}

@test "docs/INSTALL.md: user, directory and database, by systemd's tools" {
	block INSTALL.md host 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	set_up
	chmod 2750 /var/lib/relayers			# an administrator's choice stays
	systemd-tmpfiles --create relayers.conf
	[ "$(stat -c %a /var/lib/relayers)" = 2750 ]
	chmod g-s,a+rx /var/lib/relayers
}

@test "docs/INSTALL.md: the same without systemd" {
	rm -r /var/lib/relayers
	userdel relayers
	block INSTALL.md host-plain 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	usermod -a -G systemd-journal relayers
	set_up
}

@test "recorder and root change the database, others do not even read it" {
	vsmtprelay add 192.0.2.1
	setpriv --reuid relayers --regid relayers --init-groups vsmtprelay add 192.0.2.2
	[ "$(vsmtprelay dump | grep -c '^192')" = 2 ]
	not setpriv --reuid nobody --regid nogroup --clear-groups vsmtprelay dump
}

@test "the configuration as it is installed is right" {
	touch /var/log/mail.log
	chgrp adm /var/log/mail.log
	chmod 640 /var/log/mail.log
	run popwatch -n
	[ "$status" = 0 ] || fail "$output"
}

@test "docs/relayguard.md: its user and directory; the daemon starts as it is installed" {
	block relayguard.md host 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	[[ " $(id -nG relayguard) " == *' relayers '* ]]
	[ "$(stat -c %U:%G:%a /var/lib/relayguard)" = relayguard:relayguard:755 ]
	run relayguard -n
	[ "$status" = 0 ] || fail "$output"
	mkdir -p /run/relayguard
	relayguard -d -p /run/relayguard.pid 3>&-
	[ "$(stat -c %U "/proc/$(cat /run/relayguard.pid)")" = relayguard ]
	[ -S /run/relayguard/milter ]
	kill "$(cat /run/relayguard.pid)"
	wait_for 60 is_gone "$(cat /run/relayguard.pid)"
	rm -r /run/relayguard.pid /run/relayguard /var/lib/relayguard
	userdel relayguard
	block relayguard.md host-plain 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	[[ " $(id -nG relayguard) " == *' relayers '* ]]
	rm -r /var/lib/relayguard
	userdel relayguard
}

@test "docs: the configuration of every page is right, and names servers that there are" {
	pages=0
	for page in "$source"/docs/*.md; do
		for ((n = 1; n <= $(grep -c '^ *```popwatch.conf$' "$page"); n++)); do
			block "${page##*/}" popwatch.conf $n >"$SCRATCH/popwatch.conf"
			run popwatch -n -c "$SCRATCH/popwatch.conf"
			[[ $status != 78 && $output != *popwatch.conf:* ]] || fail "${page##*/}, block $n: $output"
			((++pages))
		done
	done
	[ "$pages" -ge 10 ]
	for name in $(sed -n 's/.*`servers = \([a-z -]*\)`.*/\1/p' "$source"/docs/*.md); do
		[[ $name == all || $name == auto ]] || [ -e "/usr/share/relayers/servers.d/$name.conf" ] || fail "no definition $name"
	done
}

@test "docs: every page, file and manual that is named is there" {
	for page in "$source"/README.md "$source"/sendmail-cf/README.md "$source"/docs/*.md; do
		for link in $(grep -oE '\]\([^)]+\)' "$page" | tr -d '()]' | grep -v ://); do
			[ -e "${page%/*}/$link" ] || fail "${page##*/}: $link"
		done
		ours='\b(vsmtprelay|vnewspammers|popwatch(\.conf)?|relayguard(\.conf|-rules)?|relaymirror(\.conf)?|pam_relaydb|relaydb|relayers-servers)\([1-9]\)'
		for manual in $(grep -oE "$ours" "$page" | tr -d ')' | tr '(' .); do
			[ -e "$source/man/$manual" ] || fail "${page##*/}: $manual"
		done
	done
}

@test "docs/TROUBLESHOOTING.md: a damaged database is reported, refused, and replaced" {
	cp -p /var/lib/relayers/relayers.db "$SCRATCH/good"
	garbage 8192 >/var/lib/relayers/relayers.db
	run vsmtprelay check
	[ "$status" = 1 ]
	run vsmtprelay add 192.0.2.1
	[ "$status" = 65 ]
	block TROUBLESHOOTING.md damaged 1 >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	vsmtprelay check
	rm /var/lib/relayers/relayers.db.damaged
	cp -p "$SCRATCH/good" /var/lib/relayers/relayers.db
}

@test "docs/UPGRADING.md: the database of the original is moved with all its rows" {
	mkdir -p "$HOME/etc" /root
	printf '%s\n' '192.0.2.1 906502527' '192.0.2.2 OK' '192.168.7 OK' >"$SCRATCH/rows"
	vsmtprelay -f "$HOME/etc/relayers.db" load "$SCRATCH/rows"
	cp -p /var/lib/relayers/relayers.db "$SCRATCH/good"
	block UPGRADING.md move 1 | sed "s,/root/,$SCRATCH/," >"$SCRATCH/block"
	bash -eu "$SCRATCH/block"
	[ "$(vsmtprelay -f /var/lib/relayers/relayers.db dump | grep -v '^#' | sort)" = "$(sort "$SCRATCH/rows")" ]
	vsmtprelay add 192.0.2.77			# that is where it goes from now on
	vsmtprelay -f /var/lib/relayers/relayers.db dump | grep -q '^192.0.2.77 '
	cp -p "$SCRATCH/good" /var/lib/relayers/relayers.db
	rm -r "$HOME/etc"
}

@test "the line for cron removes what is old, as user relayers, and says nothing when the program is gone" {
	vsmtprelay add 192.0.2.3 $(($(date +%s) - 3700))
	read -r _ _ _ _ _ user command < <(grep '^\*' /etc/cron.d/vsmtprelay)
	path=$(sed -n 's/^PATH=//p' /etc/cron.d/vsmtprelay)
	setpriv --reuid "$user" --regid "$user" --init-groups env -i PATH="$path" HOME=/var/lib/relayers /bin/sh -c "$command"
	[ "$(vsmtprelay dump | sed -n 's/^\(192[^ ]*\) .*/\1/p' | tr '\n' ' ')" = '192.0.2.1 192.0.2.2 ' ]
	mv /usr/sbin/vsmtprelay /usr/sbin/vsmtprelay.away
	run env -i PATH="$path" /bin/sh -c "$command"
	mv /usr/sbin/vsmtprelay.away /usr/sbin/vsmtprelay
	[ "$status" = 0 ]
	[ -z "$output" ]
}

@test "check: entries that nothing expires, logins that nothing records" {
	check() {
		run vsmtprelay check
		[ "$status" = "$1" ] || fail "status $status: $output"
		[[ $1 = 0 || $output == *'warning: entries never expire: '* ]] || fail "$output"
	}
	check 0
	[[ $output == *'note: nothing records logins: '* ]] || fail "$output"
	echo 'session optional pam_relaydb.so' >/etc/pam.d/relayers-test
	check 0
	[[ $output != *'nothing records logins'* ]] || fail "$output"
	rm /etc/pam.d/relayers-test
	mv $CRON $CRON.away
	check 1
	[[ $output == *'no cron daemon is installed'* ]] || fail "$output"
	mkdir -p /etc/systemd/system/timers.target.wants
	ln -s /usr/lib/systemd/system/vsmtprelay-expire.timer /etc/systemd/system/timers.target.wants/
	check 0
	rm /etc/systemd/system/timers.target.wants/vsmtprelay-expire.timer
	mv $CRON.away $CRON
	cp -p /etc/cron.d/vsmtprelay "$SCRATCH/cron"
	sed -i 's/^[^#].*expire/#&/' /etc/cron.d/vsmtprelay
	check 1
	[[ $output == *'no crontab line, timer or '* ]] || fail "$output"
	cp -p /etc/relayers/popwatch.conf "$SCRATCH/popwatch.conf.was"
	echo 'expire = 60m' >>/etc/relayers/popwatch.conf
	check 0
	cp -p "$SCRATCH/popwatch.conf.was" /etc/relayers/popwatch.conf
	cp -p "$SCRATCH/cron" /etc/cron.d/vsmtprelay
	run vsmtprelay -f "$SCRATCH/elsewhere.db" load /dev/null
	run vsmtprelay -f "$SCRATCH/elsewhere.db" check
	[[ $output != *recorder* ]] || fail "$output"
}

@test "what the timer runs does the same" {
	vsmtprelay add 192.0.2.3 $(($(date +%s) - 3700))
	$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/vsmtprelay-expire.service)
	! vsmtprelay dump | grep '^192.0.2.3 '
}

@test "what the settling unit runs finishes a commit that was cut off" {
	strace -f -o /dev/null -e inject=pwrite64:signal=KILL:when=1 -P /var/lib/relayers/relayers.db vsmtprelay add 192.0.2.9 || :
	[ -e /var/lib/relayers/relayers.db.redo ]
	unit=/usr/lib/systemd/system/relayers-settle.service
	[ "$(sed -n 's/^ConditionPathExists=//p' $unit)" = /var/lib/relayers/relayers.db.redo ]
	run $(sed -n 's/^ExecStart=//p' $unit)
	[ "$status" = 0 ] || [ "$status" = "$(sed -n 's/^SuccessExitStatus=//p' $unit)" ] || fail "$output"
	[ ! -e /var/lib/relayers/relayers.db.redo ]
	vsmtprelay dump | grep -q '^192.0.2.9 '
}

@test "bash completes commands, options, addresses and servers" {
	complete_it() {	# complete_it PROGRAM WORD...: what is offered for the last word
		(
			. "/usr/share/bash-completion/completions/$1"
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			"_$1"
			echo "${COMPREPLY[*]}"
		)
	}
	[ "$(complete_it vsmtprelay de)" = delete ]
	[ "$(complete_it vsmtprelay --v)" = --version ]
	[ "$(complete_it vsmtprelay delete 192.0.2.1)" = 192.0.2.1 ]
	[ "$(complete_it vsmtprelay -f /var/lib/relayers/relayers.db delete 192.0.2.1)" = 192.0.2.1 ]
	[ "$(complete_it vsmtprelay -f /var/lib/relay)" = /var/lib/relayers ]
	vsmtprelay -f "$SCRATCH/other.db" add 192.0.2.200
	[ "$(complete_it vsmtprelay --file = "$SCRATCH/other.db" delete 192)" = 192.0.2.200 ]
	[ "$(complete_it vsmtprelay "--file=$SCRATCH/other.db" delete 192)" = 192.0.2.200 ]
	[ "$(complete_it vsmtprelay --file = /var/lib/relay)" = /var/lib/relayers ]
	[ "$(complete_it vsmtprelay --file = /var/lib/relayers/relayers.db du)" = dump ]
	[ "$(complete_it popwatch -s dov | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' ')" = 'dovecot dovecot-proxy ' ]
	[ "$(complete_it popwatch -F zi)" = zimbra ]
}

@test "uninstalled, nothing is left but the database and its directory" {
	make_it uninstall
	files >"$SCRATCH/after"
	# users and what systemd-analyze keeps are not ours to take away
	diff "$SCRATCH/before" "$SCRATCH/after" | grep '^[<>]' | grep -vE '/etc/(passwd|group|shadow|gshadow)-$' >"$SCRATCH/left" || :
	[ "$(cat "$SCRATCH/left")" = "$(printf '> %s\n' /var/lib/relayers/relayers.db /var/lib/relayers/relayers.db.lock)" ] ||
		fail "$(cat "$SCRATCH/left")"
}
