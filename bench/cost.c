/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cost.c - what commands cost beside each other, in rounds: each runs once in a
 * round, in turn, so that all meet the same machine
 *
 *	cost ROUNDS NAME PREPARE COMMAND [NAME PREPARE COMMAND ...]
 *
 * PREPARE and COMMAND are for the shell; what PREPARE does is not measured.
 * One round goes before and is not counted.  Prints a line for each command and
 * round: NAME, round, seconds by the clock, seconds of CPU, the most memory in
 * KiB.  Ends with 1 if a command fails.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Runs COMMAND, with its output dropped unless it redirects it. */
static void run(const char *command, double *clock, struct rusage *usage)
{
	double begin = now();
	int status, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, usage) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0) {
		fprintf(stderr, "cost: failed: %s\n", command);
		exit(1);
	}
	*clock = now() - begin;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;

	if (rounds < 1 || argc < 5 || argc % 3 != 2) {
		fputs(
		    "usage: cost rounds name prepare command [name prepare command ...]\n", stderr);
		return 64;
	}
	for (int round = 0; round <= rounds; round++)
		for (int i = 2; i < argc; i += 3) {
			struct rusage usage;
			double clock;

			run(argv[i + 1], &clock, &usage);
			run(argv[i + 2], &clock, &usage);
			if (round > 0)
				printf("%s %d %.6f %.6f %ld\n", argv[i], round, clock,
				    seconds(&usage.ru_utime) + seconds(&usage.ru_stime),
				    usage.ru_maxrss);
			fflush(stdout);
		}
	return 0;
}
