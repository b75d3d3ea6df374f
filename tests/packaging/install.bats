# make install and make uninstall, below a DESTDIR

load ../lib/test

source=$BATS_TEST_DIRNAME/../..

# into $1, with the settings of this build and those that only install knows; what `make check` was told is not for us
make_it() {	# make_it TARGET DESTDIR [SETTING...]
	local target=$1 destdir=$2 sanitize=
	shift 2
	[[ $BUILD != */sanitize ]] || sanitize=1
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$source" "$target" SANITIZE=$sanitize DESTDIR="$destdir" "$@"
}

@test "everything comes where it is looked for, and goes again without a trace" {
	make_it install "$SCRATCH/all"
	for file in usr/sbin/vsmtprelay usr/sbin/popwatch etc/relayers/popwatch.conf etc/cron.d/vsmtprelay usr/include/relaydb.h \
		usr/lib/librelaydb.so.1 usr/share/relayers/servers.d/dovecot.conf usr/share/sendmail/cf/feature/relayers.m4 \
		usr/share/man/man8/vsmtprelay.8 usr/share/man/man5/popwatch.conf.5 usr/share/man/man3/relaydb.3 \
		usr/lib/systemd/system/popwatch.service usr/lib/sysusers.d/relayers.conf usr/lib/tmpfiles.d/relayers.conf \
		usr/share/bash-completion/completions/vsmtprelay usr/sbin/relaymirror usr/share/relayers/relaymirror.conf.sample \
		usr/lib/systemd/system/relaymirror.service usr/sbin/relayguard etc/relayers/relayguard.conf etc/relayers/rules \
		usr/lib/systemd/system/relayguard.socket usr/share/man/man8/relayguard.8 etc/fail2ban/filter.d/relayguard.conf \
		usr/share/doc/relayers/examples/rules.sample; do
		[ -s "$SCRATCH/all/$file" ] || fail "no $file"
	done
	[ -e "$SCRATCH"/all/usr/lib/*/security/pam_relaydb.so ]
	for directory in popwatch/servers.d sendmail-cf sendmail-cf/feature man docs; do	# every definition and feature, manual and page
		for file in "$source/$directory"/*.*; do
			[ "${file##*.}" != mk ] || continue
			[ -n "$(find "$SCRATCH/all" -name "${file##*/}")" ] || fail "not installed: $file"
		done
	done
	[ "$(find "$SCRATCH/all" -type f -perm /022)" = '' ]
	make_it uninstall "$SCRATCH/all"
	[ "$(find "$SCRATCH/all" ! -type d)" = '' ] || fail "left: $(find "$SCRATCH/all" ! -type d)"
	[ "$(find "$SCRATCH/all" -name '*rela*' -o -name 'servers.d')" = '' ]
}

@test "the links of the installed pages lead to installed files" {
	make_it install "$SCRATCH/pages"
	cd "$SCRATCH/pages/usr/share/doc/relayers"
	links=0
	for page in $(find . -name '*.md'); do
		for link in $(grep -oE '\]\([^)]+\)' "$page" | tr -d '()]' | grep -v ://); do
			[ -s "${page%/*}/$link" ] || fail "$page: $link"
			((++links))
		done
	done
	[ "$links" -ge 30 ]
	grep -q 'see README.md' sendmail-cf/relayers.cf		# which is beside it
	for name in $(grep -oE '`(nightly|lenient)[a-z.]*`' docs/INSTALL.md | tr -d '`'); do
		[ -e "examples/$name" ] || fail "docs/INSTALL.md: examples/$name"
	done
}

@test "a cron file that was emptied for the timer is not filled again" {
	mkdir -p "$SCRATCH/timer/etc/cron.d"
	echo '# the timer' >"$SCRATCH/timer/etc/cron.d/vsmtprelay"
	make_it install "$SCRATCH/timer"
	[ "$(cat "$SCRATCH/timer/etc/cron.d/vsmtprelay")" = '# the timer' ]
}

@test "what an administrator has changed is neither overwritten nor taken away" {
	make_it install "$SCRATCH/kept"
	echo 'servers = courier' >>"$SCRATCH/kept/etc/relayers/popwatch.conf"
	echo '# mine' >"$SCRATCH/kept/etc/relayers/servers.d/mine.conf"
	sed -i 's/expire 60/expire 30/' "$SCRATCH/kept/etc/cron.d/vsmtprelay"
	mkdir -p "$SCRATCH/kept/var/lib/relayers"
	echo database >"$SCRATCH/kept/var/lib/relayers/relayers.db"
	make_it install "$SCRATCH/kept"
	run make_it uninstall "$SCRATCH/kept"
	[ "$status" = 0 ]
	for file in etc/relayers/popwatch.conf etc/cron.d/vsmtprelay; do
		[[ $output == *"kept, since it was changed: $SCRATCH/kept/$file"* ]] || fail "nothing said of $file: $output"
	done
	[[ $output == *"kept, with the database: $SCRATCH/kept/var/lib/relayers"* ]]
	tail -n 1 "$SCRATCH/kept/etc/relayers/popwatch.conf" | grep -qx 'servers = courier'
	grep -q 'expire 30' "$SCRATCH/kept/etc/cron.d/vsmtprelay"
	[ "$(cd "$SCRATCH/kept" && find . -type f | sort | tr '\n' ' ')" = \
		'./etc/cron.d/vsmtprelay ./etc/relayers/popwatch.conf ./etc/relayers/servers.d/mine.conf ./var/lib/relayers/relayers.db ' ]
}

@test "an enabled unit: uninstall says what to do first, and removes nothing" {
	make_it install "$SCRATCH/enabled"
	mkdir -p "$SCRATCH/enabled/etc/systemd/system/multi-user.target.wants"
	ln -s /usr/lib/systemd/system/popwatch.service "$SCRATCH/enabled/etc/systemd/system/multi-user.target.wants/"
	run make_it uninstall "$SCRATCH/enabled"
	[ "$status" != 0 ]
	[[ $output == *'first run: systemctl disable --now popwatch.service'* ]] || fail "$output"
	[ -x "$SCRATCH/enabled/usr/sbin/popwatch" ]
	rm "$SCRATCH/enabled/etc/systemd/system/multi-user.target.wants/popwatch.service"
	make_it uninstall "$SCRATCH/enabled"
	[ ! -e "$SCRATCH/enabled/usr/sbin/popwatch" ]
}

@test "uninstalling what is not there is no error" {
	make_it uninstall "$SCRATCH/nothing"
	[ ! -e "$SCRATCH/nothing" ]
}

@test "with other directories nothing is written outside of them, and the programs know them" {
	for file in "$source"/*; do
		[ "${file##*/}" = build ] || cp -r "$file" "$SCRATCH/"
	done
	source=$SCRATCH
	BUILD=$SCRATCH/build
	settings=(PREFIX=/opt/relay SYSCONFDIR=/opt/etc LOCALSTATEDIR=/opt/var CFLAGS=-O0 WERROR=)
	make_it install "$SCRATCH/opt" CFLAGS=-O0 WERROR=
	make_it uninstall "$SCRATCH/opt" CFLAGS=-O0 WERROR=
	rm -r "$SCRATCH/opt"
	make_it install "$SCRATCH/opt" "${settings[@]}"		# built again though everything was built before
	[ "$(ls "$SCRATCH/opt")" = opt ]
	[ "$(ls "$SCRATCH/opt/opt" | tr '\n' ' ')" = 'etc relay ' ]
	"$SCRATCH/opt/opt/relay/sbin/vsmtprelay" --help | grep -qF /opt/var/lib/relayers/relayers.db
	grep -q '^ExecStart=/opt/relay/sbin/popwatch$' "$SCRATCH/opt/opt/relay/lib/systemd/system/popwatch.service"
	grep -q '^ReadWritePaths=/opt/var/lib/relayers$' "$SCRATCH/opt/opt/relay/lib/systemd/system/popwatch.service"
	grep -q '^libdir=/opt/relay/lib$' "$SCRATCH/opt/opt/relay/lib/pkgconfig/relaydb.pc"
	grep -q '^d /opt/var/lib/relayers ' "$SCRATCH/opt/opt/relay/lib/tmpfiles.d/relayers.conf"
	grep -q '^PATH=/opt/relay/sbin:' "$SCRATCH/opt/opt/etc/cron.d/vsmtprelay"
	grep -q '/opt/etc/relayers/servers.d' "$SCRATCH/opt/opt/etc/relayers/popwatch.conf"
	grep -q 'hash -o /opt/var/lib/relayers/relayers' "$SCRATCH/opt/opt/relay/share/sendmail/cf/feature/relayers.m4"
	grep -q /opt/relay/share/relayers/servers.d "$SCRATCH/opt/opt/relay/share/bash-completion/completions/popwatch"
	# what programs read names the directories that were chosen; prose and definitions name the defaults
	default='(^|[^~[:alnum:]])/(var/lib|etc|usr/share)/relayers($|[^.[:alnum:]])|/usr/sbin/(vsmtprelay|popwatch|vnewspammers)'
	not grep -rnIE "$default" --include='*.service' --include='*.timer' --include='*.cron' --include='*.m4' --include='popwatch*' \
		--include=vsmtprelay --exclude-dir=man --exclude-dir=docs "$SCRATCH/opt/opt"
	not grep -rnI '@[A-Z]*DIR@' "$SCRATCH/opt/opt"
	strings "$SCRATCH/opt/opt/relay/sbin/popwatch" | not grep -E '^/(var/lib|etc|usr/share)/relayers'
	make_it uninstall "$SCRATCH/opt" "${settings[@]}"
	[ "$(find "$SCRATCH/opt" ! -type d)" = '' ]
}

@test "a program of somebody else is built against what was installed" {
	make_it install "$SCRATCH/lib"
	cat >"$SCRATCH/one.c" <<-'C'
		#include <relaydb.h>
		#include <stdio.h>
		int main(void)
		{
			char text[RELAYDB_ADDRSTRLEN];

			return relaydb_address("::ffff:192.0.2.1", text) == RELAYDB_OK && puts(text) >= 0 ? 0 : 1;
		}
	C
	sanitizer=
	[[ $BUILD != */sanitize ]] || sanitizer=-fsanitize=address,undefined
	lib=$SCRATCH/lib/usr/lib
	gcc $sanitizer -I "$SCRATCH/lib/usr/include" -o "$SCRATCH/shared" "$SCRATCH/one.c" -L "$lib" -lrelaydb
	[ "$(LD_LIBRARY_PATH=$lib "$SCRATCH/shared")" = 192.0.2.1 ]
	readelf -d "$SCRATCH/shared" | grep -q 'NEEDED.*librelaydb.so.1'
	gcc $sanitizer -I "$SCRATCH/lib/usr/include" -o "$SCRATCH/static" "$SCRATCH/one.c" "$lib/librelaydb.a" \
		$(sed -n 's/^Libs.private: //p' "$lib/pkgconfig/relaydb.pc")
	[ "$("$SCRATCH/static")" = 192.0.2.1 ]
}
