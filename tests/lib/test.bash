# test.bash - what every bats file starts with: load ../lib/test
#
# Gives it LIB (this directory), BUILD, makemap and postmap in PATH, the servers of servers.sh, and in SCRATCH a fresh directory that
# sendmail would accept: below no world-writable one, if this user can write such a place.  Inside an enclosure that is below
# $WORK.  Every test file has a SCRATCH of its own; it is removed at the end of the file.

LIB=$(cd "$BATS_TEST_DIRNAME/../lib" && pwd)
BUILD=${BUILD:-$(cd "$LIB/../.." && pwd)/build}
. "$LIB/servers.sh"
unset RELAYERS_DB
export LC_ALL=C.UTF-8	# or months have other names, EPOCHREALTIME a comma
DEADLINE=60		# seconds that anything may take, on a machine ten times slower

# fit_to_work DIRECTORY: this user can write there, everybody can get there, nobody else can write there or above
fit_to_work() {
	local directory=$1 mode
	[ -w "$directory" ] || return 1
	while [ "$directory" != / ]; do
		mode=$(stat -c %a "$directory")
		(((8#$mode & 3) == 1)) || return 1
		directory=$(dirname "$directory")
	done
}

make_scratch() {
	local place
	for place in ${WORK:+"$WORK"} "$BUILD" /var/lib "$HOME" "$BATS_FILE_TMPDIR"; do
		! fit_to_work "$place" || break
	done
	SCRATCH=$(mktemp -d "$place/scratch.XXXXXX")
	chmod 755 "$SCRATCH"
	export SCRATCH
}

setup_file() {
	make_scratch
	if [ "$(type -t start_file)" = function ]; then
		start_file
	fi
}

teardown_file() {
	if [ "$(type -t end_file)" = function ]; then
		end_file
	fi
	rm -rf "$SCRATCH"
}

# Is the short form of a test wanted, which make check asks for? LONG=1, as CI does, asks for a long one, of minutes.
short() {
	[ -z "${LONG:-}" ]
}

# Is the longest form wanted, which make torture asks for?
longest() {
	[ "${LONG:-}" = only ]
}

# fails the test with a word on what was expected; to be used as: CONDITION || fail "..."
fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# garbage N: so many bytes that mean nothing, the same ones every time
garbage() {
	seq 1000000 | tr '0-9\n' '\200-\212' | head -c "$1"
}

# nap SECONDS: a sleep without a process, for between two looks at something
nap() {
	read -r -t "$1" <> <(:) || :
}

# waits until COMMAND... succeeds; fails after DEADLINE seconds
eventually() {
	local end=$((SECONDS + DEADLINE))
	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			fail "not within $DEADLINE s: $*"
			return
		fi
		nap 0.02
	done
}

# page_block PAGE WORD: the first code block of docs/PAGE.md that opens with ```WORD
page_block() {
	awk -v open="\`\`\`$2" '!done && $0 == open { inside = 1; next } /^```/ && inside { inside = 0; done = 1 } inside' \
		"$LIB/../../docs/$1.md" | grep . || fail "docs/$1.md has no block $2"
}

# not COMMAND...: fails the test if COMMAND succeeds; bats does not see that of "! COMMAND" but in the last line of a test
not() {
	! "$@"
}

# ---- a dialogue with an SMTP server: smtp_open, smtp COMMAND (the last line of its reply goes to REPLY), smtp_close ----

smtp_open() {	# smtp_open [OPTION...]: of prog_smtp; greets, too
	coproc SMTP { exec "$BUILD/tests/interop/prog_smtp" "$@" 3>&-; }
	read -r -t "$DEADLINE" REPLY <&"${SMTP[0]}"
	[[ $REPLY == 220* ]] || fail "greeting: $REPLY"
	smtp 'EHLO client.example.test'
}

smtp() {
	echo "$*" >&"${SMTP[1]}"
	read -r -t "$DEADLINE" REPLY <&"${SMTP[0]}"
}

smtp_close() {
	local pid=$SMTP_PID
	smtp QUIT
	eval "exec ${SMTP[1]}>&-"
	wait "$pid"
}

# relays ADDRESS [OPTION...]: may this client relay? one session of one message without content; fails if it may not
relays() {
	smtp_open -b "$@"
	smtp 'MAIL FROM:<>'
	smtp 'RCPT TO:<somebody@example.net>'
	local answer=$REPLY
	smtp_close
	REPLY=$answer
	[[ $REPLY == 250* ]]
}

# refuses ADDRESS [OPTION...]: may it not? fails if it may, and if the answer is anything else
refuses() {
	! relays "$@" || fail "$1 may relay"
	[[ $REPLY == 55[04]* ]] || fail "$1: $REPLY"
}
