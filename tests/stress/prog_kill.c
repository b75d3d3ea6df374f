/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_kill.c - kill -9 at random instants of a commit, and a look at the
 * database after each
 *
 *	prog_kill FILE FIRST ROUNDS VSMTPRELAY PROG_GROUP
 *
 * Round N, from FIRST on, starts "vsmtprelay add" of one address (N even) or
 * prog_group of a whole group (N odd) and kills it after a time between nothing
 * and somewhat more than it takes.  Then all is read with the library: a row
 * that was acknowledged (status 0), by this run or an earlier one with the same
 * FILE, must be there, and no group in half.  What was acknowledged is kept in
 * FILE.acked, so that runs can follow each other.  Prints how many were killed,
 * acknowledged, and cut off with a record left behind.
 */
#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned char acked[65536]; /* by round */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void single(unsigned round, char out[32])
{
	snprintf(out, 32, "172.16.%u.%u", round / 256, round % 256);
}

static pid_t start(char **argv, unsigned round)
{
	const struct timespec long_ago[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000000000 } };
	char address[32], number[16];
	pid_t pid;

	/* or commits would wait until the clock has come up with their mtime */
	utimensat(AT_FDCWD, argv[1], long_ago, 0);
	pid = fork();
	if (pid != 0)
		return pid;
	single(round, address);
	snprintf(number, sizeof number, "%u", round / 2);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	if (round % 2 == 0)
		execl(argv[4], argv[4], "-f", argv[1], "add", address, (char *)NULL);
	else
		execl(argv[5], argv[5], argv[1], "1", number, (char *)NULL);
	_exit(127);
}

/* Waits until the child is dead; it is killed after NS, if that is not below
 * 0.  Returns its status. */
static int await(pid_t pid, int64_t ns)
{
	struct timespec delay = { ns / 1000000000, ns % 1000000000 };
	int status;

	if (ns >= 0) {
		nanosleep(&delay, NULL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

struct singles {
	unsigned char there[65536];
};

static int singles_row(const struct relaydb_row *row, void *arg)
{
	struct singles *singles = arg;
	unsigned x, y;

	if (row->entry && sscanf(row->address, "172.16.%u.%u", &x, &y) == 2)
		singles->there[x * 256 + y] = 1;
	return 0;
}

static int look(struct relaydb *db, unsigned rounds)
{
	static struct groups groups;
	static struct singles singles;
	int code;

	if (groups_read(db, &groups) != 0)
		return -1;
	memset(&singles, 0, sizeof singles);
	code = relaydb_each(db, singles_row, &singles);
	if (code != RELAYDB_OK && code != RELAYDB_NOFILE) {
		fprintf(stderr, "cannot read: %s\n", relaydb_error(db));
		return -1;
	}
	for (unsigned i = 0; i < rounds; i++)
		if (acked[i] &&
		    !(i % 2 == 0 ? singles.there[i] != 0 : groups.rows[1][i / 2] != 0)) {
			fprintf(stderr, "round %u was acknowledged and is lost\n", i);
			return -1;
		}
	return 0;
}

/* How long one takes, the longest of three. */
static int64_t measure(char **argv, unsigned round)
{
	int64_t longest = 0;

	for (int i = 0; i < 3; i++) {
		int64_t begin = now_ns(), took;
		int status = await(start(argv, round), -1);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			return -1;
		took = now_ns() - begin;
		longest = took > longest ? took : longest;
	}
	return longest;
}

static void keep(const char *path, unsigned rounds, int writing)
{
	int fd;
	char name[4096];

	snprintf(name, sizeof name, "%s.acked", path);
	fd = open(name, writing ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0600);
	if (fd < 0)
		return;
	if ((writing ? write(fd, acked, rounds) : read(fd, acked, rounds)) < 0)
		perror(name);
	close(fd);
}

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = argv[1] };
	unsigned first, rounds, killed = 0, acknowledged = 0, cut_off = 0;
	char redo[4096];
	struct relaydb *db;
	int64_t longest;

	if (argc != 6 || relaydb_open(&db, &options) != RELAYDB_OK)
		return 64;
	first = (unsigned)atoi(argv[2]);
	rounds = first + (unsigned)atoi(argv[3]);
	if (rounds > sizeof acked)
		return 64;
	snprintf(redo, sizeof redo, "%s.redo", argv[1]);
	keep(argv[1], first, 0);
	srand48(first + 1);
	longest = measure(argv, 65534); /* of a row that no round has */
	if (longest < 0) {
		fputs("prog_kill: cannot commit\n", stderr);
		return 1;
	}
	for (unsigned round = first; round < rounds; round++) {
		int status =
		    await(start(argv, round), (int64_t)(drand48() * 1.6 * (double)longest));

		acked[round] = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		acknowledged += acked[round];
		killed += WIFSIGNALED(status);
		cut_off += access(redo, F_OK) == 0;
		/* half of them are to be killed, however busy the machine is */
		longest = acked[round] ? longest - longest / 8 : longest + longest / 8 + 1;
		if (look(db, round + 1) != 0)
			return 1;
	}
	keep(argv[1], rounds, 1);
	relaydb_close(&db);
	printf("%u rounds: %u killed, %u acknowledged, %u cut off after they counted\n",
	    rounds - first, killed, acknowledged, cut_off);
	return 0;
}
