# every option and setting of the programs is in the manuals, and the other way round; also in usage, sample and completion

load ../lib/test

source=$BATS_TEST_DIRNAME/../..

same() {	# same WHAT A B: two lists of words, in any order
	diff <(tr -s ' \n' '\n\n' <<<"$2" | sed '/^$/d' | sort -u) <(tr -s ' \n' '\n\n' <<<"$3" | sed '/^$/d' | sort -u) >"$SCRATCH/diff" ||
		fail "$1: $(cat "$SCRATCH/diff")"
	[ "$(wc -w <<<"$2")" -gt 0 ] || fail "$1: nothing found to compare"
}

items() {	# items MACRO PAGE [FROM [TO]]: the first words of .It MACRO, between two lines of the page
	sed -n "${3:-1,\$}p" "$source/man/$2" | sed -n "s/^\.It $1 \([^ ]*\).*/\1/p"
}

usage_options() {	# the options of a usage page on standard input, as their letters and long names
	sed -n 's/^  \(-[^ ]*\( *[^ ]*\)*\)/\1/p' | grep -oE '(^|[ ,])--?[A-Za-z][a-z]*' | tr -d ' ,' | sort -u
}

getopt_letters() {	# getopt_letters FILE...
	sed -n 's/^#define [A-Z_]*SHORTS .*"\([^"]*\)"$/\1/p' "$@" | tr -d '+:\n' | sed 's/./-& /g'
}

long_options() {	# of a program, and those that all programs have
	grep -q 'CLI_OPTIONS,' "$1"
	cat "$1" "$source/lib/common/cli.h" | tr -d '\n\\' | grep -oE '\{[[:space:]]*"[a-z-]+", [a-z]+_argument, NULL' |
		sed 's/.*"\(.*\)".*/--\1/'
}

manual_options() {	# manual_options PAGE: short and long
	sed -n 's/^\.It \(Fl .*\)/\1/p' "$source/man/$1" | grep -oE 'Fl -?[A-Za-z][a-z]*' | sed -e 's/^Fl /-/' | sort -u
}

# defaults FILE WORD: names and default values in the table of that file, of the settings with WORD before their value
defaults() {
	tr -d '\n' <"$1" | grep -oE '\{ \.name = "[a-z-]+",[^}]*\.value = "[^"]+"' | grep -F -e "$2" |
		sed 's/.*\.name = "\([a-z-]*\)".*\.value = "\([^"]*\)"$/\1 \2/'
}

@test "options of vsmtprelay: program, usage, manual" {
	code="$(getopt_letters "$source/vsmtprelay/main.c") $(long_options "$source/vsmtprelay/main.c")"
	same 'program and manual' "$code" "$(manual_options vsmtprelay.8)"
	same 'program and usage' "$code" "$("$BUILD/vsmtprelay/vsmtprelay" --help | usage_options)"
	[ "$("$BUILD/vsmtprelay/vsmtprelay" --version)" = "vsmtprelay $(sed -n 's/^VERSION = //p' "$source/config.mk")" ]
}

@test "commands of vsmtprelay: program, usage, manual, completion" {
	code=$(sed -n '/^const struct command commands/,/^};/s/^\t{ "\([a-z]*\)".*/\1/p' "$source/vsmtprelay/commands.c")
	same 'program and manual' "$code" "$(items Cm vsmtprelay.8)"
	same 'program and usage' "$code" "$("$BUILD/vsmtprelay/vsmtprelay" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')"
	same 'program and completion' "$code" "$(sed -n "s/.*commands='\([^']*\)'.*/\1/p" "$source/completion/vsmtprelay")"
}

daemon_options() {	# daemon_options NAME: of a daemon, everywhere
	local code
	code="$(getopt_letters "$source/$1/main.c" "$source/lib/daemon/arguments.h") $(long_options "$source/lib/daemon/arguments.c")"
	same 'program and manual' "$code" "$(manual_options "$1.8")"
	same 'program and usage' "$code" "$("$BUILD/$1/$1" --help | usage_options)"
	[ "$("$BUILD/$1/$1" --version)" = "$1 $(sed -n 's/^VERSION = //p' "$source/config.mk")" ]
	same 'program and completion' "$code" "$(sed -n "s/^\t\*) .*-W '\([^']*\)'.*/\1/p" "$source/completion/$1" | tr ' ' '\n' | grep -v '^-$')"
}

@test "options of popwatch: program, usage, manual, completion" {
	daemon_options popwatch
}

@test "settings of popwatch.conf: program, manual, sample" {
	code=$(sed -n 's/^\t{ .name = "\([a-z-]*\)".*/\1/p' "$source/popwatch/config.c")
	same 'program and manual' "$code" "$(items Ic popwatch.conf.5)"
	same 'program and sample' "$code" "$(sed -n 's/^#\{0,1\}\([a-z-]*\) =.*/\1/p' "$source/popwatch/popwatch.conf.sample")"
}

@test "the defaults of durations are those of the manual and the sample" {
	found=0
	while read -r name value; do
		grep -qxE "#?$name = $value" "$source/popwatch/popwatch.conf.sample" || fail "sample: $name = $value"
		sed -n "/^\.It Ic $name No/,/^\.\(It\|El\)/{/^\.It Ic $name No/d;p}" "$source/man/popwatch.conf.5" | grep -qx "Default: $value\." ||
			fail "popwatch.conf.5: $name = $value"
		found=$((found + 1))
	done < <(defaults "$source/popwatch/config.c" SETTING_DURATION)
	[ $found -ge 6 ]
}

@test "options of relayguard: program, usage, manual, completion" {
	daemon_options relayguard
}

@test "settings of relayguard.conf: program, manual, sample, and their defaults" {
	code=$(sed -n 's/^\t{ .name = "\([a-z-]*\)".*/\1/p' "$source/relayguard/guardconf.c")
	same 'program and manual' "$code" "$(items Ic relayguard.conf.5)"
	same 'program and sample' "$code" "$(sed -n 's/^#\{0,1\}\([a-z-]*\) =.*/\1/p' "$source/relayguard/relayguard.conf.sample")"
	found=0
	while read -r name value; do
		grep -qxE "#?$name = $value" "$source/relayguard/relayguard.conf.sample" || fail "sample: $name = $value"
		sed -n "/^\.It Ic $name No/,/^\.El/{/^Default: /{p;q}}" "$source/man/relayguard.conf.5" | grep -qx "Default: $value\." ||
			fail "relayguard.conf.5: $name = $value"
		found=$((found + 1))
	done < <(defaults "$source/relayguard/guardconf.c" '')
	[ $found -ge 18 ]
}

@test "options of relaymirror: program, usage, manual, completion" {
	daemon_options relaymirror
}

@test "settings of relaymirror.conf: program, manual, sample, and their defaults" {
	code=$(sed -n 's/^\t{ .name = "\([a-z-]*\)".*/\1/p' "$source/relaymirror/mirrorconf.c")
	same 'program and manual' "$code" "$(items Ic relaymirror.conf.5)"
	same 'program and sample' "$code" "$(sed -n 's/^#\{0,1\}\([a-z-]*\) =.*/\1/p' "$source/relaymirror/relaymirror.conf.sample")"
	for setting in publish:no window:60m engine-keeps:25h run-as:relayers subscribe:no; do
		tr -d '\n' <"$source/relaymirror/mirrorconf.c" |
			grep -qE "\{ \.name = \"${setting%:*}\",[^}]*\.value = \"${setting#*:}\"" || fail "mirrorconf.c: $setting"
		sed -n "/^\.It Ic ${setting%:*} No/,/^\.El/{/^Default: /{p;q}}" "$source/man/relaymirror.conf.5" |
			grep -qx "Default: ${setting#*:}\." || fail "relaymirror.conf.5: $setting"
	done
}

@test "the sample of relayguard.conf, and the rules that come with it, are right" {
	sed -e "s,@CONFDIR@/rules,$source/relayguard/rules.empty," -e 's,^#rules,rules,' -e 's,@[A-Z]*@,/nowhere,' \
		"$source/relayguard/relayguard.conf.sample" >"$SCRATCH/relayguard.conf"
	run "$BUILD/relayguard/relayguard" -n -c "$SCRATCH/relayguard.conf"
	[ "$status" = 0 ] || fail "$output"
	sed 's/^#\([a-z-]* = \)/\1/' "$SCRATCH/relayguard.conf" | sed '/^\(socket-\|resolver\)/d' >"$SCRATCH/all.conf"
	run "$BUILD/relayguard/relayguard" -n -c "$SCRATCH/all.conf"
	[ "$status" = 0 ] || fail "$output"
}

@test "what a definition of a server may say: program, manual" {
	code=$(sed -n '/unknown setting .* in \[server\]/q; s/.*strcmp(name, "\([a-z-]*\)") == 0.*/\1/p' "$source/popwatch/lines/draft.c")
	same 'names in [server]' "$code" "$(items Ic relayers-servers.5 '/^\.Ss \[server\]/,/^\.Ss \[lines\]/')"
	code=$(sed -n 's/^static const char \*const roles\[ROLES\] = { "none", \(.*\) };/\1/p' "$source/popwatch/lines/definition.c" | tr -d '",')
	same 'names in [lines]' "$code" "$(items Ic relayers-servers.5 '/^\.Ss \[lines\]/,/^\.Ss \[samples\]/')"
}

@test "layouts of logs: program, manual, completion" {
	code=$(sed -n 's/.*{ "\([a-z]*\)", FORMAT_[A-Z]* },.*/\1/p' "$source/popwatch/lines/layout.c")
	same 'program and manual' "$code" "$(sed -n '/^\.It Ic format/,/^\.It Ic journal/s/^\.It Cm \([a-z]*\).*/\1/p' "$source/man/popwatch.conf.5") any"
	same 'program and completion' "$code" "$(sed -n "s/^\t-F) .*-W '\([^']*\)'.*/\1/p" "$source/completion/popwatch")"
}

@test "arguments of pam_relaydb: program, manual" {
	code=$(sed -n -e 's/.*value_of(word, "\([a-z]*\)").*/\1=/p' -e 's/.*strcmp(word, "\([a-z]*\)") == 0.*/\1/p' "$source/pam_relaydb/options.c")
	same 'program and manual' "$code" "$(items Cm pam_relaydb.8)"
}

@test "the functions of librelaydb: header, symbol map, manual" {
	code=$(grep -oE '\brelaydb_[a-z_]+\(' "$source/lib/relaydb/relaydb.h" | tr -d '(' | sort -u | grep -vxE 'relaydb_(error|notice)\(\)')
	same 'header and map' "$code" "$(grep -oE '\brelaydb_[a-z_]+' "$source/lib/relaydb/relaydb.map")"
	same 'header and manual' "$code" "$(sed -n 's/^\.Fn "\{0,1\}\(relaydb_[a-z_]*\).*/\1/p; s/^\.Fo \(relaydb_[a-z_]*\).*/\1/p' "$source/man/relaydb.3")"
}

@test "every page of ours that a manual names is there" {
	for name in $(sed -n 's/^\.Xr \(vsmtprelay\|popwatch[a-z.]*\|relay[a-z.-]*\|pam_relaydb\) \([1-9]\).*/\1.\2/p' "$source"/man/*.[1-9] | sort -u); do
		[ -e "$source/man/$name" ] || fail "no page $name"
	done
}

@test "lines for cron in a manual name the program with its path" {
	lines=$(grep -hE '^(\.Dl )?[*0-9][*0-9/]*( [*0-9/]+){4} ' "$source"/man/*.[1-9])
	[ "$(wc -l <<<"$lines")" -ge 3 ]
	not grep -vE '/usr/sbin/(vsmtprelay|popwatch) ' <<<"$lines"
}
