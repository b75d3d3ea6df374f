/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lines.c - a mail log that is the same each time except for its clock
 *
 *	lines COUNT [RATE | open]
 *
 * Prints COUNT lines: 13 % Dovecot logins from 20,000 addresses, the logouts of
 * these, failed logins and dropped connections, and for the rest Postfix's.
 * With RATE there are no logins, and RATE lines come each second, in steps of
 * 10 ms.  With "open" only one logout in 1,000 is there, so that sessions are
 * known to end, and next to none does.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDRESSES 20000
#define USERS 5000

static uint64_t state = UINT64_C(88172645463325252);

/* xorshift64 */
static unsigned below(unsigned limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 32) % limit);
}

/* Who is logged in: their numbers, oldest first. */
static long logged_in[1 << 20];
static unsigned long first, end;

/* "open" was asked for. */
static bool stay;

static void print_login(const char *stamp, long i, unsigned a, unsigned u)
{
	printf("%s mx dovecot: imap-login: Login: user=<user%u@example.com>, method=PLAIN, "
	       "rip=10.%u.%u.%u, lip=198.51.100.1, mpid=%u, TLS, session=<%08ldabcdefgh>\n",
	    stamp, u, a / 250, a % 250, 1 + a % 200, 1000 + u, i);
	logged_in[end++ % (sizeof logged_in / sizeof *logged_in)] = i;
}

static void print_line(const char *stamp, long i, unsigned kind)
{
	unsigned a = below(ADDRESSES), u = below(USERS);

	if (kind < 13)
		print_login(stamp, i, a, u);
	else if (kind < 26 && end - first > 200 && (!stay || i % 1000 == 0))
		printf("%s mx dovecot: imap(user%u@example.com)<%u><%08ldabcdefgh>: Disconnected: "
		       "Logged out in=%u out=%u deleted=0 expunged=0 trashed=0 hdr_count=0 "
		       "hdr_bytes=0 body_count=0 body_bytes=0\n",
		    stamp, u, 1000 + u, logged_in[first++ % (sizeof logged_in / sizeof *logged_in)],
		    u, a);
	else if (kind < 33)
		printf("%s mx dovecot: pop3-login: Disconnected: Connection closed (auth failed, 1 "
		       "attempts in 2 secs): user=<user%u>, method=PLAIN, rip=10.%u.%u.%u, "
		       "lip=198.51.100.1, session=<%ldx>\n",
		    stamp, u, a / 250, a % 250, 1 + a % 200, i);
	else if (kind < 75)
		printf("%s mx postfix/smtpd[%u]: connect from unknown[10.%u.%u.%u]\n", stamp,
		    1000 + u, a / 250, a % 250, 1 + a % 200);
	else
		printf("%s mx postfix/qmgr[%u]: 3A%05XF: from=<user%u@example.com>, size=%u, "
		       "nrcpt=1 (queue active)\n",
		    stamp, 1000 + u, a, u, a);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0, rate = argc > 2 ? atol(argv[2]) : 0,
	     per_step = rate / 100;
	const struct timespec step = { 0, 10000000 };
	time_t begin = time(NULL) - (rate > 0 ? 0 : 600), when;
	char stamp[32];

	stay = argc > 2 && strcmp(argv[2], "open") == 0;
	if (count < 1 || (argc > 2 && !stay && per_step < 1)) {
		fputs("usage: lines count [rate | open]\n", stderr);
		return 64;
	}
	for (long i = 0; i < count; i++) {
		when = rate > 0 ? time(NULL) : begin + 600 * i / count;
		strftime(stamp, sizeof stamp, "%b %e %T", localtime(&when));
		print_line(stamp, i, rate > 0 ? 13 + below(87) : below(100));
		if (per_step > 0 && (i + 1) % per_step == 0) {
			fflush(stdout);
			nanosleep(&step, NULL);
		}
	}
	return fflush(stdout) != 0;
}
