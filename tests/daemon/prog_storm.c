/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_storm.c - prog_storm LOG LINES SECONDS: writes LINES lines in about
 * SECONDS, every tenth a login from an address of its own (10.A.B.C), and
 * rotates LOG by rename every 20 ms (LOG.1, LOG.2, ...).  After each rename
 * some lines still go to the old file, as a logger's do that has not been told
 * yet.  Prints the number of rotations.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROTATE_NS 20000000L
#define STEP_NS 1000000L /* lines come in bursts a millisecond apart */

static char buffer[1 << 20];

static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	for (; size > 0; data += n, size -= (size_t)n) {
		n = write(fd, data, size);
		if (n < 0) {
			perror("write");
			exit(1);
		}
	}
}

/* Lines FIRST to LAST - 1 as text in the buffer. */
static size_t make_lines(long first, long last)
{
	time_t now = time(NULL);
	char stamp[32];
	size_t size = 0;
	long i, n;

	strftime(stamp, sizeof stamp, "%b %e %T", localtime(&now));
	for (i = first; i < last; i++) {
		n = i / 10;
		if (i % 10 == 0)
			size += (size_t)snprintf(buffer + size, sizeof buffer - size,
			    "%s vm dovecot: imap-login: Login: user=<u%ld>, method=PLAIN, "
			    "rip=10.%ld.%ld.%ld, lip=198.51.100.1, mpid=1, session=<s%ld>\n",
			    stamp, n, n / 62500 % 250, n / 250 % 250, 1 + n % 250, n);
		else
			size += (size_t)snprintf(buffer + size, sizeof buffer - size,
			    "%s vm dovecot: imap-login: Disconnected: Connection closed (no auth "
			    "attempts in 0 secs): user=<>, rip=203.0.113.9, lip=198.51.100.1, "
			    "session=<x%ld>\n",
			    stamp, i);
	}
	return size;
}

int main(int argc, char **argv)
{
	char rotated[4096];
	struct timespec pause = { 0, STEP_NS };
	long lines, steps, step, rotations = 0, per_rotation = ROTATE_NS / STEP_NS;
	size_t size;
	int fd, old = -1;

	if (argc != 4)
		return 64;
	lines = atol(argv[2]);
	steps = atol(argv[3]) * (1000000000L / STEP_NS);
	fd = open_log(argv[1]);
	for (step = 0; step < steps; step++) {
		if (step > 0 && step % per_rotation == 0) {
			snprintf(rotated, sizeof rotated, "%s.%ld", argv[1], ++rotations);
			if (rename(argv[1], rotated) != 0) {
				perror("rename");
				return 1;
			}
			old = fd;
			fd = open_log(argv[1]);
		}
		size = make_lines(lines * step / steps, lines * (step + 1) / steps);
		write_all(old >= 0 ? old : fd, buffer, size);
		if (old >= 0) {
			close(old);
			old = -1;
		}
		nanosleep(&pause, NULL);
	}
	printf("%ld rotations\n", rotations);
	return 0;
}
