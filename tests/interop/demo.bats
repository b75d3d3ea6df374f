# demo.bats - the demo does what it says, and leaves nothing behind, however it ends
#
# needs: root

load ../lib/test

demo=$BATS_TEST_DIRNAME/../../demo/demo

# what lives in the enclosure of the demo with pid $1: its pid name space
namespace_of() {
	local unshare first
	unshare=$(cat "/proc/$1/task/$1/children") && first=$(cat "/proc/${unshare% }/task/${unshare% }/children") &&
		[ -n "$first" ] && readlink "/proc/${first% }/ns/pid"
}

nobody_lives_in() {
	! ls -l /proc/[0-9]*/ns/pid 2>/dev/null | grep -qF "$1"
}

# interrupted by SIGNAL, when the servers run: it ends with STATUS, and all of it is gone
interrupted() {
	local pid status=0 namespace
	rm -f "$SCRATCH/out"		# of the test before
	env --default-signal=INT "$demo" >"$SCRATCH/out" 2>&1 3>&- &
	pid=$!
	wait_for 60 grep -q '^1\.' "$SCRATCH/out"
	namespace=$(namespace_of "$pid")
	[ -n "$namespace" ]
	! nobody_lives_in "$namespace" || fail "not the right namespace"
	kill -s "$1" "$pid"
	wait "$pid" || status=$?
	[ "$status" = "$2" ] || fail "status $status: $(cat "$SCRATCH/out")"
	wait_for 60 nobody_lives_in "$namespace"
	[ ! -e "$BUILD/work/$pid" ]
	[ ! -e /var/lib/enclosure ]
	! grep '^That is POP before SMTP' "$SCRATCH/out" || fail "it had ended before"
}

@test "from the first refusal to the last" {
	"$demo" >"$SCRATCH/out" 2>&1 3>&- || fail "$(cat "$SCRATCH/out")"
	[ "$(grep -c ' 250 .*Recipient ok' "$SCRATCH/out")" = 3 ]
	[ "$(grep -c ' 550 .*Relaying denied' "$SCRATCH/out")" = 4 ]
	[ "$(grep -c '^    127\.0\.0\.1[12] [0-9]*$' "$SCRATCH/out")" = 2 ]
}

@test "interrupted at the keyboard" {
	interrupted INT 130
}

@test "terminated" {
	interrupted TERM 143
}

@test "a step that differs ends it with 1" {
	PATH=$SCRATCH:$PATH
	printf '#!/bin/sh\nexit 0\n' >"$SCRATCH/popwatch"	# records nothing
	chmod +x "$SCRATCH/popwatch"
	mkdir -p "$SCRATCH/build/popwatch" "$SCRATCH/build/vsmtprelay"
	cp "$SCRATCH/popwatch" "$SCRATCH/build/popwatch/"
	cp "$BUILD/vsmtprelay/vsmtprelay" "$SCRATCH/build/vsmtprelay/"
	cp -r "$BUILD/placed" "$SCRATCH/build/"
	run env BUILD="$SCRATCH/build" "$demo"
	[ "$status" = 1 ]
	[[ $output == *'the login by POP3 was not recorded'* ]]
}

@test "the users of the host are not those of an enclosure" {
	run unshare --mount sh -eu -c '
		cp -a /etc "$1/etc"
		mount --bind "$1/etc" /etc
		printf "%s\n" relayers:x:943:943::/: stranger:x:944:944::/: >>/etc/passwd
		printf "%s\n" relayers:x:943:stranger stranger:x:944: >>/etc/group
		printf "%s\n" "relayers:!:1::::::" "stranger:!:1::::::" >>/etc/shadow
		printf "%s\n" "relayers:!::stranger" "stranger:!::" >>/etc/gshadow
		getent group relayers
		"$2/enclosure" -- sh -c "
			! grep -E \"relayers|stranger\" /etc/passwd /etc/group /etc/shadow /etc/gshadow
			useradd -r -M relayers
			id -nG relayers
			id -un 0"' sh "$SCRATCH" "$LIB"
	[ "$status" = 0 ] || fail "$output"
	[ "$output" = "relayers:x:943:stranger"$'\n'relayers$'\n'root ] || fail "$output"
}
