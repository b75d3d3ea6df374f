/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_lookups.c - as many MTAs look the map up: processes that lock it shared
 * for an instant, again and again
 *
 *	prog_lookups FILE PROCESSES LAST
 *
 * Each takes flock LOCK_SH, reads the meta page and a page of rows, and gives
 * the lock back, then rests for ten milliseconds: a hundred must not fill a
 * core, or there is always one that was stopped with the lock.  Prints a line
 * "ready" when all of them have looked once; ends once the file LAST exists, or
 * with its parent.
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

static _Noreturn void look(const char *path, const char *last, int ready)
{
	const struct timespec rest = { 0, 10000000 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), looked = 0;
	char page[4096];

	while (fd >= 0 && access(last, F_OK) != 0) {
		if (flock(fd, LOCK_SH) != 0 || pread(fd, page, sizeof page, 0) <= 0 ||
		    pread(fd, page, sizeof page, 4096) < 0)
			_exit(1);
		flock(fd, LOCK_UN);
		if (!looked++ && write(ready, "x", 1) != 1)
			_exit(1);
		nanosleep(&rest, NULL);
	}
	_exit(fd < 0 || !looked);
}

int main(int argc, char **argv)
{
	int processes, pipes[2], status, failed = 0;
	char byte;

	if (argc != 4 || pipe2(pipes, O_CLOEXEC) != 0)
		return 64;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* LAST never comes from a test that has failed */
	processes = atoi(argv[2]);
	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			look(argv[1], argv[3], pipes[1]);
		}
	for (int i = 0; i < processes; i++)
		if (read(pipes[0], &byte, 1) != 1)
			return 1;
	puts("ready");
	fflush(stdout);
	while (wait(&status) > 0 || errno == EINTR)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	return failed != 0;
}
