# the rules of HACKING.md on who may know whom, as far as a machine can see them
load ../lib/test

setup() {
	cd "$LIB/../.."
}

programs='vsmtprelay popwatch pam_relaydb vnewspammers'

sources() {	# sources FOLDER...: C files and headers of those that are there
	for folder; do
		[ ! -d "$folder" ] || find "$folder" -name '*.[ch]'
	done
}

foreign() {	# foreign FILE: what it includes with <>
	sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*<([^>]*)>.*/\1/p' "$1"
}

own() {		# own FILE: what it includes with ""
	sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]*)".*/\1/p' "$1"
}

@test "a foreign header has one home, a .c file" {
	files=$(sources lib $programs)
	for header in db.h pcre2.h ini.h seccomp.h linux/landlock.h 'event2/.*' 'inotifytools/.*' 'systemd/.*' 'security/.*'; do
		homes=
		for file in $files; do
			foreign "$file" | grep -qx "$header" || continue
			case $file in
			*.h) fail "$file includes <$header>: a header gives it to everybody" ;;
			pam_relaydb/*) [ "$header" = 'security/.*' ] || fail "$file includes <$header>" ;;
			esac
			homes="$homes $file"
		done
		# two programs have expressions of their own, with other rules
		[ "$header" != pcre2.h ] || homes=${homes/ lib\/rules\/regex.c}
		[ "$(echo $homes | wc -w)" -le 1 ] || [ "$header" = 'systemd/.*' ] || fail "<$header> is included by$homes"
	done
	# the test sees something
	[ "$(grep -l '^#include <db.h>' $files)" = lib/relaydb/bdb.c ]
}

@test "each header of libsystemd has one home" {
	files=$(sources lib $programs)
	for header in $(for file in $files; do foreign "$file"; done | grep '^systemd/' | sort -u); do
		[ "$(grep -l "include <$header>" $files | wc -l)" = 1 ] || fail "<$header>: $(grep -l "include <$header>" $files)"
	done
}

@test "arrows point one way: lib knows itself, programs know lib, nobody knows a program" {
	for folder in lib/relaydb lib/common lib/daemon lib/rules $programs; do
		for file in $(sources "$folder"); do
			for header in $(own "$file"); do
				case $header in
				*/*) fail "$file includes \"$header\": no paths, the build says where" ;;
				esac
				[ ! -e "$folder/$header" ] || continue
				[ "$folder" != lib/daemon ] || [ ! -e "lib/common/$header" ] || continue
				case $folder in
				lib/rules) [ "$header" = ipnet.h ] || fail "$file includes \"$header\"" ;;
				lib/*) fail "$file includes \"$header\", which is not in $folder" ;;
				esac
				[ "$folder" != popwatch ] || [ ! -e "lib/daemon/$header" ] || continue
				[ "$header" = relaydb.h ] || [ -e "lib/common/$header" ] || fail "$file includes \"$header\", no header of its own or of lib"
				[ "$folder $header" != 'pam_relaydb log.h' ] || fail "$file includes log.h: it must not speak inside a login"
			done
		done
	done
}

@test "the private header of librelaydb stays in its room" {
	[ "$(grep -rl 'relaydb_int\.h"' --include='*.[ch]' lib $(ls -d $programs 2>/dev/null) | xargs -n 1 dirname | sort -u)" = lib/relaydb ]
}

@test "librelaydb neither speaks nor leaves, and keeps nothing of its own" {
	archive=$BUILD/librelaydb.a
	imports=$(nm -u "$archive" | awk '$1 == "U" { print $2 }' | sort -u)
	grep -qx flock <<<"$imports"
	if bad=$(grep -xE '_?exit|_Exit|v?f?printf|__v?f?printf_chk|puts|fputs|putchar|perror|std(out|err)|v?syslog|__v?syslog_chk|fork|vfork|system|popen|posix_spawn|signal|sigaction|setlocale|getenv|setenv|putenv|chdir|umask' <<<"$imports"); then
		fail "librelaydb imports" $bad
	fi
	grep -q asan <<<"$imports" && return
	kept=$(objdump -h "$archive" | awk '$2 ~ /^\.(data|bss|tdata|tbss|data\.rel|data\.rel\.local)$/ && $3 !~ /^0*$/')
	[ -z "$kept" ] || fail "librelaydb has variables: $kept"
}

@test "librelaydb.so shows what relaydb.h declares, all of it and nothing else" {
	declared=$(sed -nE 's/^[a-z].*[ *](relaydb_[a-z_]+)\(.*/\1/p' lib/relaydb/relaydb.h | sort -u)
	[ "$(wc -l <<<"$declared")" -gt 20 ]
	diff <(nm -D --defined-only "$BUILD/librelaydb.so.1" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | grep -v asan | sort -u) <(echo "$declared")
}

@test "relaydb(3) names every function of relaydb.h, with its arguments, and none besides" {
	declared=$(sed -nE 's/^[a-z].*[ *](relaydb_[a-z_]+)\(.*/\1/p' lib/relaydb/relaydb.h | sort -u)
	diff <(sed -n '/^\.Sh NAME/,/^\.Sh LIB/p' man/relaydb.3 | sed -nE 's/^\.Nm (relaydb_[a-z_]+).*/\1/p' | sort -u) <(echo "$declared")
	diff <(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' man/relaydb.3 | sed -nE 's/^\.F[no] (relaydb_[a-z_]+).*/\1/p' | sort -u) <(echo "$declared")
}

@test "relaydb.h is good C and C++ on its own, and what relaydb(3) shows compiles" {
	echo '#include <relaydb.h>' | gcc -std=c99 -Wall -Wextra -pedantic -Werror -Ilib/relaydb -fsyntax-only -xc -
	echo '#include <relaydb.h>' | gcc -std=c++11 -Wall -Wextra -Werror -Ilib/relaydb -fsyntax-only -xc++ - ||
		! command -v g++ >/dev/null
	sed -n '/^#include <relaydb.h>/,/^\.Ed/p' man/relaydb.3 | grep -v '^\.' | sed 's/\\e/\\/g' >"$SCRATCH/example.c"
	[ -s "$SCRATCH/example.c" ]
	gcc -std=c17 -Wall -Wextra -Werror -Ilib/relaydb -c -o "$SCRATCH/example.o" "$SCRATCH/example.c"
}

@test "every C file says what it is, under which licence" {
	for file in $(sources lib $programs tests fuzz bench); do
		[ "$(head -n 1 "$file")" = '/* SPDX-License-Identifier: BSD-2-Clause' ] || fail "$file: line 1"
		name=$(basename "$file")
		sed -n 3,8p "$file" | grep -qF " * ${name%.c}" || fail "$file: its head does not say what it is"
	done
}

@test "no C file and no rules.mk is missing from the build's lists" {
	known=$(env -u MAKEFLAGS -u MAKELEVEL make -s sources | sort -u)
	[ "$(wc -l <<<"$known")" -gt 60 ]
	there=$(find lib $programs tests fuzz bench man -name '*.c' -o -name rules.mk | sort -u)
	diff <(comm -13 <(echo "$known") <(echo "$there")) /dev/null || fail "listed in no rules.mk"
}

@test "a build prints one short line a file, and the commands with V=1" {
	build() {
		env -u MAKEFLAGS -u MAKELEVEL make "$@" BUILD="$SCRATCH/quiet" "$SCRATCH/quiet/libcommon.a"
	}
	build >"$SCRATCH/out" 2>&1
	[ "$(grep -c '^CC   lib/common/' "$SCRATCH/out")" = "$(ls lib/common/*.c | wc -l)" ]
	grep -qx "AR   $SCRATCH/quiet/libcommon.a" "$SCRATCH/out"
	not grep -E 'Wall|^(mkdir|printf)' "$SCRATCH/out"
	rm -r "$SCRATCH/quiet"
	build -s >"$SCRATCH/out" 2>&1
	[ ! -s "$SCRATCH/out" ] || fail "$(cat "$SCRATCH/out")"
	rm -r "$SCRATCH/quiet"
	build V=1 >"$SCRATCH/out" 2>&1
	grep -q -- '-Wall .* -c -o .*/lib/common/list.o lib/common/list.c' "$SCRATCH/out"
}
