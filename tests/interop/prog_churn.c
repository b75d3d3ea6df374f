/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_churn - commits to a relay database at a steady rate, until TERM
 *
 *	prog_churn [-x | -R] [-r RATE] [-l LOG] FILE
 *RATE (50) commits a second, each records an address that was not there before,
 *from 10.0.0.1 on. With -x some of
 *them also delete an address, some expire all but the last 200 of ours, some
 *load a dump of the database without one row.
 *With -R the commits go to FILE.aside, and FILE is made of that by rename, its
 *mtime raised, as other programs do it.
 *LOG gets a line for each commit: when it began, when it ended (seconds since
 *the epoch), whether it made the hash
 *		again (1) or not (0).
 *
 * Rows of others are left alone: ours are stamped 1, 2, ... seconds after the
 * epoch, and only those are expired.  Its clock goes forward by a second with
 * every commit.  That is what mtime does when commits come so fast, and the
 * library would otherwise wait after a minute's lead.  Ends with status 0, or 1
 * at the first commit that fails.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "relaydb.h"

#define KEPT 200 /* of our rows, by expire */
#define DELETE_EVERY 5 /* commits */
#define EXPIRE_EVERY 50
#define LOAD_EVERY 70

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The address of our N-th row, N from 1 on. */
static const char *address(uint32_t n)
{
	static char text[32];

	(void)snprintf(text, sizeof text, "10.%" PRIu32 ".%" PRIu32 ".%" PRIu32, n >> 16 & 255,
	    n >> 8 & 255, n & 255);
	return text;
}

static void must(struct relaydb *db, int code)
{
	if (code != RELAYDB_OK)
		errx(1, "%s", relaydb_error(db));
}

struct dump {
	FILE *f;
	const char *without;
};

static int dump_row(const struct relaydb_row *row, void *arg)
{
	struct dump *dump = (struct dump *)arg;

	if (row->entry && strcmp(row->address, dump->without) == 0)
		return 0;
	return fprintf(dump->f, "%.*s\t%.*s\n", (int)row->key_size, row->key, (int)row->value_size,
		   row->value) < 0
		   ? -1
		   : 0;
}

/* Replaces the database by a dump of what it holds, without one row. */
static void reload(
    struct relaydb *db, const char *without, int64_t now, struct relaydb_result *result)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);
	struct dump dump = { fd < 0 ? NULL : fdopen(fd, "w+"), without };

	if (dump.f == NULL)
		err(EX_OSERR, "memfd");
	must(db, relaydb_each(db, dump_row, &dump));
	if (fflush(dump.f) != 0 || lseek(fd, 0, SEEK_SET) < 0)
		err(EX_OSERR, "memfd");
	must(db, relaydb_load(db, fd, now, NULL, NULL, result));
	(void)fclose(dump.f);
}

/* The N-th commit. */
static void commit(struct relaydb *db, struct relaydb_batch *batch, uint32_t n, int64_t now,
    bool mixed, struct relaydb_result *result)
{
	relaydb_batch_clear(batch);
	must(db, relaydb_batch_record(batch, address(n), n));
	if (mixed && n % DELETE_EVERY == 0)
		must(db, relaydb_batch_delete(batch, address(n - 2)));
	if (mixed && n % EXPIRE_EVERY == 0 && n > KEPT)
		must(db, relaydb_batch_expire(batch, n - KEPT));
	must(db, relaydb_commit(batch, now, result));
	if (mixed && n % LOAD_EVERY == 0)
		reload(db, address(n), now + 1, result);
}

/* What this suite does not do: a copy of ASIDE is renamed to PATH.  Its mtime
 * is right, an MTA sees that the map is new. */
static void rename_over(const char *aside, const char *path, int64_t mtime)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };
	char copy[4096];
	struct stat st;
	int from = open(aside, O_RDONLY | O_CLOEXEC), to;

	(void)snprintf(copy, sizeof copy, "%s.copy", path);
	to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (from < 0 || to < 0 || fstat(from, &st) < 0 ||
	    sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size || futimens(to, times) < 0 ||
	    rename(copy, path) < 0)
		err(EX_IOERR, "%s", copy);
	(void)close(from);
	(void)close(to);
}

/* The mtime of PATH, or the time if that is later: where our clock begins. */
static int64_t latest(const char *path)
{
	struct stat st;
	int64_t now = time(NULL);

	return stat(path, &st) == 0 && st.st_mtim.tv_sec > now ? st.st_mtim.tv_sec : now;
}

struct plan {
	const char *path;
	unsigned long rate;
	bool mixed, renamed;
	FILE *log;
};

static void churn(const struct plan *plan, struct relaydb *db)
{
	struct relaydb_batch *batch;
	double begin = seconds(CLOCK_MONOTONIC), longest = 0, took;
	int64_t now = latest(plan->path);
	unsigned long rebuilt = 0;
	uint32_t n = 0;

	if (relaydb_batch_new(db, &batch) != RELAYDB_OK)
		errx(EX_OSERR, "out of memory");
	while (!stopped && n < 0xffffff) {
		struct relaydb_result result;
		double at = seconds(CLOCK_REALTIME),
		       next = begin + (double)++n / (double)plan->rate;
		struct timespec until = { (time_t)next,
			(long)((next - (double)(time_t)next) * 1e9) };

		now += 2;
		commit(db, batch, n, now, plan->mixed, &result);
		if (plan->renamed)
			rename_over(relaydb_filename(db), plan->path, now);
		took = seconds(CLOCK_REALTIME) - at;
		longest = took > longest ? took : longest;
		rebuilt += result.rewritten;
		if (plan->log != NULL)
			fprintf(plan->log, "%.6f %.6f %d\n", at, at + took, result.rewritten);
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	took = seconds(CLOCK_MONOTONIC) - begin;
	printf("%" PRIu32
	       " commits in %.1f s (%.0f/s), %lu rebuilt the hash, the longest took %.0f ms\n",
	    n, took, n / took, rebuilt, longest * 1e3);
	relaydb_batch_free(&batch);
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = stop };
	struct plan plan = { .rate = 50 };
	struct relaydb_options options = { 0 };
	struct relaydb *db;
	char aside[4096];
	int ch;

	while ((ch = getopt(argc, argv, "Rl:r:x")) != -1)
		switch (ch) {
		case 'R':
			plan.renamed = true;
			break;
		case 'l':
			plan.log = fopen(optarg, "we");
			if (plan.log == NULL)
				err(EX_CANTCREAT, "%s", optarg);
			break;
		case 'r':
			plan.rate = strtoul(optarg, NULL, 10);
			if (plan.rate < 1 || plan.rate > 10000)
				errx(EX_USAGE, "%s: expected 1 to 10000 commits a second", optarg);
			break;
		case 'x':
			plan.mixed = true;
			break;
		default:
			errx(EX_USAGE, "usage: prog_churn [-x | -R] [-r RATE] [-l LOG] FILE");
		}
	if (argc - optind != 1)
		errx(EX_USAGE, "usage: prog_churn [-x | -R] [-r RATE] [-l LOG] FILE");
	(void)sigaction(SIGTERM, &action, NULL);
	plan.path = argv[optind];
	(void)snprintf(aside, sizeof aside, "%s.aside", plan.path);
	options.path = plan.renamed ? aside : plan.path;
	if (relaydb_open(&db, &options) != RELAYDB_OK)
		errx(EX_UNAVAILABLE, "%s: cannot be opened", options.path);
	churn(&plan, db);
	relaydb_close(&db);
	if (plan.log != NULL && fclose(plan.log) != 0)
		err(EX_IOERR, "log");
	return 0;
}
