/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lockwait.c - how long does a writer wait for LOCK_EX among readers: asking in
 * short steps, or blocked in flock(2)?
 *
 * READERS processes each take LOCK_SH for 50 us every millisecond, as 100 busy
 * smtpds do.  The writer tries ROUNDS times in each of three ways.  Prints
 * median and longest wait.  Ends by itself after two minutes at the latest,
 * readers included.  Usage: lockwait [READERS [ROUNDS]]
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void sleep_us(long us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static void reader(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (flock(fd, LOCK_SH) == 0) {
			sleep_us(50);
			flock(fd, LOCK_UN);
		}
		sleep_us(900);
	}
}

/* As lib/relaydb/lock.c: 50 us steps, 1 ms after a tenth of a second. */
static void lock_in_steps(int fd, long first, long later)
{
	long long begin = now_us();

	while (flock(fd, LOCK_EX | LOCK_NB) != 0)
		sleep_us(now_us() - begin > 100000 ? later : first);
}

static int by_size(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	int readers = argc > 1 ? atoi(argv[1]) : 100, rounds = argc > 2 ? atoi(argv[2]) : 50;
	static const char *const names[] = { "steps of 50 us, then 1 ms", "steps of 10 ms",
		"blocked in flock(2)" };
	char path[] = "/tmp/lockwait.XXXXXX";
	long long wait_us[1000];
	int middle = rounds / 2;
	int fd = mkstemp(path);

	if (fd < 0 || readers < 1 || readers > 1000 || rounds < 1 || rounds > 1000)
		return 64;
	for (int i = 0; i < readers; i++)
		if (fork() == 0)
			reader(path);
	sleep_us(100000);
	unlink(path);
	alarm(120);
	printf("%d readers, LOCK_SH for 50 us each ms, %d attempts\n", readers, rounds);
	for (int way = 0; way < 3; way++) {
		for (int i = 0; i < rounds; i++) {
			long long begin = now_us();

			if (way == 2)
				flock(fd, LOCK_EX);
			else
				lock_in_steps(fd, way == 0 ? 50 : 10000, way == 0 ? 1000 : 10000);
			wait_us[i] = now_us() - begin;
			flock(fd, LOCK_UN);
			sleep_us(5000);
		}
		qsort(wait_us, (size_t)rounds, sizeof *wait_us, by_size);
		printf("%-26s median %7.1f ms, longest %8.1f ms\n", names[way],
		    (double)wait_us[middle] / 1000, (double)wait_us[rounds - 1] / 1000);
		fflush(stdout);
	}
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}
