# load.bats - two hundred SMTP sessions at once while popwatch commits ten times a second: no temporary failure, no wrong answer
#
# enclosure: sendmail rsyslog
# long: 200 commits, in place of 60

load ../lib/test
load mta

start_file() {
	export RELAYERS=$SCRATCH/relayers
	start_rsyslog
	fresh_rows
}

teardown() {
	[ -z "${WRITER-}" ] || kill "$WRITER" 2>/dev/null || :
	[ -z "${POPWATCH_PID-}" ] || kill -KILL "$POPWATCH_PID" 2>/dev/null || :
	end_sendmail
}

# A commit sets the map's time forward by a second at least, and when that is a minute ahead of the clock, the next ones wait.
# So many commits for so long need a clock that runs as fast: popwatch gets one.
fast_clock() {
	cat >"$SCRATCH/clock.c" <<-'END'
	#define _GNU_SOURCE
	#include <sys/syscall.h>
	#include <time.h>
	#include <unistd.h>
	static struct timespec real(void) { struct timespec t; syscall(SYS_clock_gettime, CLOCK_REALTIME, &t); return t; }
	static time_t begin;
	__attribute__((constructor)) static void start(void) { begin = real().tv_sec; }
	static struct timespec fast(void) {
		struct timespec t = real();
		t.tv_sec += (t.tv_sec - begin) * 15;
		return t;
	}
	time_t time(time_t *out) { time_t t = fast().tv_sec; if (out != NULL) *out = t; return t; }
	int clock_gettime(clockid_t clock, struct timespec *out) {
		if (clock != CLOCK_REALTIME)
			return (int)syscall(SYS_clock_gettime, clock, out);
		*out = fast();
		return 0;
	}
	END
	gcc -shared -fPIC -O2 -o "$SCRATCH/clock.so" "$SCRATCH/clock.c"
}

# 200 clients come in the same instant; beyond ten that wait to be accepted, the usual number, the kernel keeps them waiting
# for many seconds
start_busy_sendmail() {
	relayers_mc "$with_window"
	configure_sendmail "$SCRATCH/sendmail.mc"
	quietly sendmail /usr/libexec/sendmail/sendmail -bD -ODeliveryMode=queueonly -OQueueDirectory="$WORK/mqueue" -ORefuseLA=0 \
		-OQueueLA=0 -ODaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25,Listen=256 -OTimeout.ident=0 &
	SENDMAIL_PID=$!
	comes_up sendmail $! listens 25
}

start_popwatch() {
	printf '%s\n' "definitions = $SOURCES/popwatch/servers.d" "database = $RELAYERS.db" "state = $SCRATCH/popwatch.state" \
		'user =' 'commit-interval = 0' "log = $SCRATCH/mail.log" >"$SCRATCH/popwatch.conf"
	: >"$SCRATCH/mail.log"
	ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$SCRATCH/clock.so quietly popwatch \
		"$BUILD/popwatch/popwatch" -v -c "$SCRATCH/popwatch.conf" &
	POPWATCH_PID=$!
	comes_up popwatch $! grep -q ': watching ' "$WORK/log/popwatch.out"
}

# a new client logs in ten times a second
write_log() {
	local n=0
	while :; do
		n=$((n + 1))
		TZ=UTC printf '%(%Y-%m-%dT%H:%M:%S)T+00:00 mx dovecot: imap-login: Login: user=<u>, method=PLAIN, ' -1
		echo "rip=10.1.$((n / 250)).$((n % 250 + 1)), lip=192.0.2.1, mpid=$n, session=<s$n>"
		nap 0.1
	done
}

# how many commits there were, by popwatch's own counters
commits() {
	local before
	before=$(grep -c ' commits, ' "$WORK/log/popwatch.out")
	kill -USR1 $POPWATCH_PID
	counted() { [ "$(grep -c ' commits, ' "$WORK/log/popwatch.out")" -gt "$before" ]; }
	wait_for 60 counted
	sed -n 's/.*; \([0-9]*\) commits, .*/\1/p' "$WORK/log/popwatch.out" | tail -n 1
}

# sessions_at_once: a hundred of a listed client, a hundred of a stranger, half a second or more of each
sessions_at_once() {
	local load="-n 100 -j 100 -r 4 -m 2 -w 500 -t 120" status=0 strangers
	"$smtp" -b 127.0.1.9 -e 550 $load >"$SCRATCH/strangers" 2>&1 3>&- &
	strangers=$!
	"$smtp" -b 127.0.1.1 $load >"$SCRATCH/listed" 2>&1 3>&- || status=$?
	wait $strangers || status=$?
	sed 's/^/# /' "$SCRATCH/listed" "$SCRATCH/strangers" >&3
	[ $status = 0 ] || fail 'a session ended otherwise'
	grep -q 'RCPT answers: 250 800, unexpected 0' "$SCRATCH/listed" || fail "$(cat "$SCRATCH/listed")"
	grep -q 'RCPT answers: 550 800, unexpected 0' "$SCRATCH/strangers" || fail "$(cat "$SCRATCH/strangers")"
}

# until there were enough commits, however long those take here
@test "200 parallel sessions, half of them of a listed client, while popwatch commits" {
	smtp=$BUILD/tests/interop/prog_smtp
	fast_clock
	start_busy_sendmail
	start_popwatch
	write_log >>"$SCRATCH/mail.log" 3>&- &
	WRITER=$!
	enough=$(short && echo 60 || echo 200)
	while :; do
		sessions_at_once
		[ "$(commits)" -lt "$enough" ] || break
	done
	echo "# $(commits) commits" >&3
	stop $POPWATCH_PID
}
