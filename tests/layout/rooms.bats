# the rules of HACKING.md on who may know whom, as far as a machine can see them
load ../lib/test

setup() {
	cd "$LIB/../.."
}

programs='vsmtprelay popwatch relayguard relaymirror pam_relaydb vnewspammers'

# a room, and the rooms, or single headers, that its files may include beside its
# own and relaydb.h: nothing else, and no path in an include
walls() {
	cat <<-'END'
	lib/relaydb
	lib/relaydb/hash lib/relaydb
	lib/relaydb/lmdb lib/relaydb
	lib/relaydb/sqlite lib/relaydb
	lib/common
	lib/daemon lib/common
	lib/rules lib/common/ipnet.h
	vsmtprelay lib/common
	vnewspammers lib/common
	pam_relaydb lib/common
	popwatch lib/common lib/daemon popwatch/lines popwatch/source popwatch/record
	popwatch/lines lib/common
	popwatch/source lib/common lib/daemon popwatch/lines
	popwatch/record lib/common popwatch/lines
	relayguard lib/common lib/daemon lib/rules/rules.h
	relaymirror lib/common lib/daemon
	END
}

# a foreign header, and the only files that may include it
homes() {
	cat <<-'END'
	db.h lib/relaydb/hash/bdb.c
	lmdb.h lib/relaydb/lmdb/txn.c
	sqlite3.h lib/relaydb/sqlite/tblblob.c
	ini.h lib/common/conf.c
	cdb.h lib/common/tcprules.c
	uthash.h lib/common/table.h
	seccomp.h lib/daemon/syscalls.c
	linux/landlock.h lib/daemon/sandbox.c
	event2/ lib/daemon/loop.c lib/daemon/listener.c
	pcre2.h popwatch/lines/pattern.c lib/rules/regex.c
	inotifytools/ popwatch/source/inotify.c
	systemd/ popwatch/source/journal.c
	security/ pam_relaydb/
	unbound.h relayguard/dns.c
	unbound-event.h relayguard/dns.c
	arpa/nameser.h relayguard/dnsanswer.c
	hiredis/ relaymirror/engine_int.h relaymirror/answer.c relaymirror/tls.c
	openssl/ relaymirror/tls.c
	END
}

sources() {	# sources DIRECTORY...: C files and headers of those that are there
	for directory; do
		[ ! -d "$directory" ] || find "$directory" -name '*.[ch]'
	done
}

own() {		# own FILE...: "FILE HEADER" for each include with ""
	grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$@" | sed -E 's/^([^:]*):[^"]*"([^"]*)".*/\1 \2/'
}

foreign() {	# foreign FILE...: "FILE HEADER" for each include with <>
	grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<' "$@" | sed -E 's/^([^:]*):[^<]*<([^>]*)>.*/\1 \2/'
}

@test "a foreign header has one home" {
	found=0
	while read -r header files; do
		while read -r file included; do
			case $included in
			"$header" | "${header%/}/"*) ;;
			*) continue ;;
			esac
			found=$((found + 1))
			for home in $files; do
				case $file in
				"$home" | "${home%/}/"*) continue 2 ;;
				esac
			done
			fail "$file includes <$included>, whose home is $files"
		done < <(foreign $(sources lib $programs))
	done < <(homes)
	[ "$found" -ge 10 ]	# the test sees something
}

@test "arrows point one way: lib knows itself, programs know lib, nobody knows a program" {
	found=0
	while read -r room rooms; do
		while read -r file header; do
			found=$((found + 1))
			case $header in
			*/*) fail "$file includes \"$header\": no paths, the build says where" ;;
			relaydb.h)
				case $room in
				lib/relaydb* | [!l]*) continue ;;
				esac
				;;
			log.h) [ "$room" != pam_relaydb ] || fail "$file includes log.h: it must not speak inside a login" ;;
			esac
			for known in $room $rooms; do
				case $known in
				*.h) [ "${known##*/}" != "$header" ] || continue 2 ;;
				*) [ ! -e "$known/$header" ] || continue 2 ;;
				esac
			done
			fail "$file includes \"$header\", which is in none of: $room $rooms"
		done < <(own $(find "$room" -maxdepth 1 -name '*.[ch]'))
	done < <(walls)
	[ "$found" -ge 100 ]
}

@test "popwatch/lines does no I/O: it opens, asks and waits for nothing" {
	objects=$(ls "$BUILD"/popwatch/lines/*.o)
	[ "$(wc -w <<<"$objects")" -gt 8 ]
	imports=$(nm -u $objects | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' | sort -u)
	if bad=$(grep -xE '(f|fd)?open(at|dir)?(64)?(_2)?|(p|__)?read(_chk)?|readdir(64)?|stat|fstat|lstat|socket|connect|recv.*|send.*|poll|select|epoll.*|time|clock_gettime|gettimeofday|fork|exec.*|system|popen|pthread_create|conf_read(_flat)?' <<<"$imports"); then
		fail "popwatch/lines imports" $bad
	fi
}

@test "files have at most 450 lines" {
	find lib popwatch pam_relaydb relayguard relaymirror vnewspammers vsmtprelay -name '*.c' -exec wc -l {} + | awk '$2 != "total" && $1 > 450 { print; bad = 1 } END { exit bad }' || fail 'too long'
}

# a body begins and ends with a brace in the first column, as clang-format has it
@test "functions have at most 60 lines" {
	find lib popwatch pam_relaydb relayguard relaymirror vnewspammers vsmtprelay -name '*.c' -exec awk '
		/^\{/ { start = FNR }
		/^\}/ && start { if (FNR - start - 1 > 60) { print FILENAME ":" start; bad = 1 } start = 0 }
		END { exit bad }' {} + || fail 'too long'
}

# conditions over several lines too; what stands in quotes does not count
@test "no if assigns" {
	conditions() {
		grep -PzoH '\bif (\((?:[^()"\x27]|"(?:\\.|[^"\\])*"|\x27(?:\\.|[^\x27\\])*\x27|(?1))*\))' "$@" |
			tr '\n\0' ' \n' | sed -E 's/"([^"\\]|\\.)*"|\x27([^\x27\\]|\\.)*\x27//g'
	}
	sources=$(sources lib $programs tests fuzz bench)
	[ "$(conditions $sources | wc -l)" -gt 1000 ]
	if bad=$(conditions $sources | grep -E '[^=!<>]=[^=]' | grep -vE '\{[^}]*='); then
		fail "$bad"
	fi
}

# a module is NAME.c with NAME.h and its private NAME_int.h; a room comes with the
# rooms below it
@test "no circle of modules" {
	found=0
	for room in lib/* $programs tests/unit fuzz bench; do
		pairs=$(own $(sources "$room") | sed -E 's|^[^ ]*/||; s/(_int)?\.[ch]\>//g' | awk '$1 != $2')
		found=$((found + $(wc -l <<<"$pairs")))
		circle=$(tsort <<<"$pairs" 2>&1 >/dev/null) || fail "$room: $circle"
	done
	[ "$found" -ge 1000 ]
}

# a private header of librelaydb, and the only modules that may include it beside
# those that are named for it
@test "each private header of librelaydb is for those that need it" {
	found=0
	while read -r header modules; do
		for file in $(grep -lE "^#include \"$header\"" lib/relaydb/*.[ch] lib/relaydb/*/*.[ch]); do
			found=$((found + 1))
			case " ${header%.h} $modules " in
			*" $(basename "${file%.*}") "*) ;;
			*) fail "$file includes $header" ;;
			esac
		done
	done <<-'END'
	step.h turn force settle attempt commit queue queuetext redo snapshot mdbwrite tblwrite
	lock.h turn settle attempt commit queue snapshot force lmdb mdbfile mdbwrite
	txn.h mdbwrite
	page.h pages lookup
	pages.h lmdb page lookup mdbfile mdbwrite
	lookup.h lmdb mdbmemory
	mdbfile.h lmdb lookup mdbmemory mdbwrite
	mdbmemory.h lmdb mdbwrite
	inplace.h mdbwrite tblwrite
	mdbwrite.h lmdb
	tblblob.h sqlite tblfile tblwrite
	tblfile.h sqlite tblwrite
	tblwrite.h sqlite
	redo.h attempt force settle snapshot
	force.h settle attempt commit check
	settle.h commit
	commit.h hash
	task.h commit attempt
	copy.h snapshot memory redo
	collect.h hash memory transform
	transform.h task queuetext hash
	hashpage.h bucket image
	bucket.h image
	turn.h force settle attempt commit bdb queue mdbfile mdbwrite tblwrite
	END
	[ "$found" -ge 20 ]
}

@test "what librelaydb's files share has the prefix of its file" {
	bad=$(nm -g --defined-only "$BUILD/librelaydb.a" | awk '$2 ~ /^[TDBRV]$/ { print $3 }' | grep -v asan |
		grep -vE '^(relaydb|db|address|attempt|stamp|batch|bdb|bucket|collect|commit|force|image|inplace|io|lock|page|place|location|memory|plan|prove|queue|redo|row|rows|settle|snapshot|transform|turn|plan|dump|hash|hashpage|lmdb|lookup|mdbfile|mdbmemory|mdbwrite|sqlite|tblfile|tblwrite|page|pages|txn|table|known|examine)_' || :)
	[ -z "$bad" ] || fail "global names of librelaydb without a prefix: $bad"
	nm -g --defined-only "$BUILD/librelaydb.a" | grep -q ' T db_fail$'
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

@test "relaydb.h knows no form of the database, and the library no program" {
	if bad=$(grep -niwE 'hash(es)?|makemap|postmap|mtimes?|btree|lmdb|sqlite|inodes?' lib/relaydb/relaydb.h); then
		fail "relaydb.h: $bad"
	fi
	# in what it says; a comment may name what writes the same file
	speaks=$(sed -E 's|/\*.*\*/||; /^ ?\*|^[[:space:]]+\* |^[[:space:]]*\/\*/d' $(sources lib/relaydb) | grep -E '"[^"]*(vsmtprelay|vnewspammers|popwatch|chmod|chown|rm %|mv %)' || :)
	[ -z "$speaks" ] || fail "advice in lib/relaydb: $speaks"
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

@test "the steps of a commit have one name, in commit.c, relaydb(5), and the test of each" {
	words=$(sed -n '/^ \*\/$/q; s/^ \*\t\([a-z][a-z]*\)\t.*/\1/p' lib/relaydb/hash/commit.c)
	[ "$(wc -l <<<"$words")" = 8 ]
	diff <(sed -n '/^\.Ss The commit/,/^\.El/s/^\.It //p' man/relaydb.5) <(echo "$words")
	for word in $words; do
		grep -q "STEP(\"$word\");" lib/relaydb/*.c lib/relaydb/hash/*.c || fail "no STEP(\"$word\")"
		grep -q "{ \"$word\", " tests/unit/test_relaydb_commit.c || fail "nothing is stopped at $word"
	done
}

@test "no two headers have the same name" {
	# tests see every room; the first of two on the way would be taken
	twice=$(cd "$source" && find . -name build -prune -o -name '*.h' -print | sed 's|.*/||' | sort | uniq -d)
	[ -z "$twice" ] || fail "$twice"
}

@test "no stray file: plain names, and at the top what belongs there" {
	files=$(git -c core.quotePath=false ls-files 2>/dev/null) || skip 'not a clone'
	not grep -v '^[A-Za-z0-9._/@+-]*$' <<<"$files"
	[ "$(grep -v / <<<"$files" | tr '\n' ' ')" = '.clang-format .clang-tidy .editorconfig .gitattributes .gitignore CHANGELOG.md HACKING.md LICENSE Makefile README.md bootstrap config.mk distcheck.mk install.mk lint.mk ' ]
}

@test "every C file says what it is, under which licence" {
	for file in $(sources lib $programs tests fuzz bench); do
		[ "$(head -n 1 "$file")" = '/* SPDX-License-Identifier: BSD-2-Clause' ] || fail "$file: line 1"
		name=$(basename "$file")
		sed -n 3,8p "$file" | grep -qF " * ${name%.c}" || fail "$file: its head does not say what it is"
	done
}

@test "a C file includes its own header first, which so stands alone" {
	found=0
	for file in $(sources lib $programs); do
		header=$(basename "${file%.c}.h")
		[ "${file%.h}" = "$file" ] && grep -q "^#include \"$header\"" "$file" || continue
		found=$((found + 1))
		first=$(grep -m 1 '^#include' "$file")
		[ "$first" = "#include \"$header\"" ] || fail "$file includes $first before $header"
	done
	[ "$found" -ge 100 ]
}

@test "no C file and no rules.mk is missing from the build's lists" {
	known=$(env -u MAKEFLAGS -u MAKELEVEL make -s sources | sort -u)
	[ "$(wc -l <<<"$known")" -gt 60 ]
	there=$(find lib $programs tests fuzz bench man -name '*.c' -o -name rules.mk | sort -u)
	diff <(comm -13 <(echo "$known") <(echo "$there")) /dev/null || fail "listed in no rules.mk"
}

@test "a build prints one short line a file, and the commands with V=1" {
	build() {
		env -u MAKEFLAGS -u MAKELEVEL make "$@" CFLAGS=-O0 HARDEN= BUILD="$SCRATCH/quiet" "$SCRATCH/quiet/libcommon.a"
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
