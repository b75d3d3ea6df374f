/* SPDX-License-Identifier: BSD-2-Clause
 *
 * latency.c - from the line in the log to the entry that a mail server finds
 *
 *	latency LOG DATABASE COUNT
 *
 * Appends COUNT single logins to LOG, which a popwatch follows, and waits for
 * the entry of each by asking the store every 100 us, so a figure has that much
 * and one look at the store in it.  Prints milliseconds: p50, p99, longest.
 */
#include <fcntl.h>
#include <relaydb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_US 10e6

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Microseconds, or below 0 if the entry does not come. */
static double measure(int log, struct relaydb *db, const char *address)
{
	const struct timespec pause = { 0, 100000 };
	char line[256], stamp[32];
	time_t now = time(NULL);
	int64_t recorded;
	double begin;
	int size;

	strftime(stamp, sizeof stamp, "%b %e %T", localtime(&now));
	size = snprintf(line, sizeof line,
	    "%s mx dovecot: imap-login: Login: user=<a>, method=PLAIN, rip=%s, lip=198.51.100.1, "
	    "mpid=1, session=<x>\n",
	    stamp, address);
	begin = now_us();
	if (write(log, line, (size_t)size) != size)
		return -1;
	while (relaydb_get(db, address, &recorded) != RELAYDB_OK) {
		if (now_us() - begin > DEADLINE_US)
			return -1;
		nanosleep(&pause, NULL);
	}
	return now_us() - begin;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = argc == 4 ? argv[2] : NULL };
	int count = argc == 4 ? atoi(argv[3]) : 0,
	    log = argc == 4 ? open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	double *us = calloc((size_t)count + 1, sizeof *us);
	struct relaydb *db;
	char address[32];

	if (count < 1 || log < 0 || us == NULL || relaydb_open(&db, &options) != RELAYDB_OK) {
		fputs("usage: latency log database count\n", stderr);
		return 64;
	}
	for (int i = 0; i < count; i++) {
		const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
			{ .tv_sec = time(NULL) - 10 } };

		snprintf(address, sizeof address, "172.16.%d.%d", i / 250, i % 250);
		us[i] = measure(log, db, address);
		if (us[i] < 0) {
			fprintf(stderr, "latency: the login of %s is not recorded: %s\n", address,
			    relaydb_error(db));
			return 1;
		}
		/* commits that come faster than one a second would have to
		 * wait */
		utimensat(AT_FDCWD, argv[2], times, 0);
	}
	qsort(us, (size_t)count, sizeof *us, by_size);
	printf("%.2f %.2f %.2f\n", us[count / 2] / 1000, us[count * 99 / 100] / 1000,
	    us[count - 1] / 1000);
	relaydb_close(&db);
	free(us);
	return 0;
}
