/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_load.c - logins at a steady rate by all that records, and how soon an
 * MTA sees each of them
 *
 *	prog_load FILE SECONDS LOGINS BATCHED EXPIRE KILL
 *
 * LOGINS a minute are recorded by a process each, as root, as pam_relaydb does
 * without a socket; BATCHED a minute by one process that belongs to the
 * directory's owner and commits once a second, as popwatch does; every EXPIRE
 * seconds (0: never) that user runs an expiry, as cron does, of an entry that
 * is put there each time; KILL (0 or 1): login processes are killed at random
 * instants.
 *
 * Meanwhile the file is read as an MTA reads it, with nothing of what lies
 * beside it.  Prints what was acknowledged, and the median and the longest time
 * from there to the file; the longest time that the caller was kept; how far
 * mtime was ahead of the clock.  Ends with 1 if an acknowledged login was
 * refused or is missing from the file in the end, or an expired one is there.
 * The owner of the directory is the one whose user the batches have; root is
 * needed for that.
 */
#include "handle.h"
#include "image.h"
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOGINS_MAX 65536
#define FIRST_BATCHED 32768 /* numbers from here on are batched ones */
#define BATCH_EVERY_MS 1000
#define LOGIN_TIMEOUT_MS 20000 /* a slow machine is no reason to refuse one */
#define DAEMON_TIMEOUT_MS 20000
#define LOGINS_AT_ONCE 200
#define PATIENCE_MS 30000 /* at the end, for what is still to come into force */

static struct shared {
	atomic_llong acked[LOGINS_MAX]; /* milliseconds; 0: not */
	atomic_llong kept_ms; /* the longest call */
	atomic_int refused, expiries;
} * shared;

static long long in_force[LOGINS_MAX];
static const char *path;
static struct stat directory;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "prog_load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void address_of(unsigned n, char out[32])
{
	snprintf(out, 32, "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
}

static struct relaydb *database(int timeout_ms)
{
	const struct relaydb_options options = { .path = path, .timeout_ms = timeout_ms };
	struct relaydb *db;

	if (relaydb_open(&db, &options) != RELAYDB_OK)
		die(path);
	return db;
}

static void pause_until(long long then)
{
	long long left = then - db_clock_ms();
	struct timespec time = { left / 1000, left % 1000 * 1000000 };

	if (left > 0)
		nanosleep(&time, NULL);
}

/* Commits the logins FIRST to END.  True if that was acknowledged. */
static bool record(struct relaydb *db, unsigned first, unsigned end)
{
	long long begin = db_clock_ms(), kept;
	struct relaydb_batch *batch;
	char address[32];
	int code;

	if (relaydb_batch_new(db, &batch) != RELAYDB_OK)
		die("batch");
	for (unsigned n = first; n < end; n++) {
		address_of(n, address);
		relaydb_batch_record(batch, address, time(NULL));
	}
	code = relaydb_commit(batch, time(NULL), NULL);
	kept = db_clock_ms() - begin;
	if (kept > shared->kept_ms)
		shared->kept_ms = kept;
	/* on a busy host somebody else may finish it */
	if (code == RELAYDB_UNCERTAIN)
		code = RELAYDB_OK;
	if (code != RELAYDB_OK) {
		fprintf(stderr, "prog_load: not recorded: %s\n", relaydb_error(db));
		shared->refused++;
	} else {
		for (unsigned n = first; n < end; n++)
			shared->acked[n] = db_clock_ms();
	}
	relaydb_batch_free(&batch);
	return code == RELAYDB_OK;
}

static void become_owner(void)
{
	if (geteuid() == 0 && (setgid(directory.st_gid) != 0 || setuid(directory.st_uid) != 0))
		die("setuid");
}

/* ---- those that record ---- */

static _Noreturn void login(unsigned n)
{
	struct relaydb *db = database(LOGIN_TIMEOUT_MS);

	record(db, n, n + 1);
	relaydb_close(&db);
	_exit(0);
}

static _Noreturn void batches(unsigned per_minute, long long end)
{
	struct relaydb *db = database(DAEMON_TIMEOUT_MS);
	long long begin = db_clock_ms();
	unsigned done = FIRST_BATCHED;

	become_owner();
	while (db_clock_ms() < end) {
		unsigned due =
		    FIRST_BATCHED + (unsigned)((db_clock_ms() - begin) * per_minute / 60000);
		long long next = db_clock_ms() + BATCH_EVERY_MS;

		if (due > done && due < LOGINS_MAX && record(db, done, due))
			done = due;
		else
			relaydb_settle(db, time(NULL));
		pause_until(next);
	}
	relaydb_settle(db, time(NULL));
	relaydb_close(&db);
	_exit(0);
}

static _Noreturn void expiries(int every_s, long long end)
{
	struct relaydb *db = database(RELAYDB_TIMEOUT_MS);
	struct relaydb_result result = { 0 };
	struct relaydb_batch *batch;

	become_owner();
	while (db_clock_ms() < end) {
		if (relaydb_batch_new(db, &batch) != RELAYDB_OK ||
		    relaydb_batch_put(batch, "192.0.2.1", 1000) != RELAYDB_OK ||
		    relaydb_commit(batch, time(NULL), NULL) != RELAYDB_OK) {
			fprintf(stderr, "prog_load: not put: %s\n", relaydb_error(db));
			shared->refused++;
		}
		relaydb_batch_clear(batch);
		if (relaydb_batch_expire(batch, 2000) != RELAYDB_OK ||
		    relaydb_commit(batch, time(NULL), &result) != RELAYDB_OK ||
		    result.expired != 1) {
			fprintf(stderr, "prog_load: %zu expired, expected 1: %s\n", result.expired,
			    relaydb_error(db));
			shared->refused++;
		}
		shared->expiries++;
		relaydb_batch_free(&batch);
		pause_until(db_clock_ms() + every_s * 1000);
	}
	relaydb_close(&db);
	_exit(0);
}

/* ---- as an MTA sees it ---- */

static int see(struct bytes key, struct bytes value, void *arg)
{
	unsigned a, b, c;
	char text[32];

	(void)value;
	snprintf(text, sizeof text, "%.*s", (int)key.size, (const char *)key.data);
	if (strcmp(text, "192.0.2.1") == 0)
		*(bool *)arg = true;
	if (sscanf(text, "10.%u.%u.%u", &a, &b, &c) == 3 && a == 0 && b < 256 && c < 256 &&
	    in_force[b << 8 | c] == 0)
		in_force[b << 8 | c] = db_clock_ms();
	return 0;
}

/* Returns how far mtime is ahead of the clock.  *old: is the entry there that
 * is to expire? */
static long long look(struct relaydb *db, int fd, bool *old)
{
	struct image image;
	struct stat st;
	long long ahead;

	*old = false;
	if (flock(fd, LOCK_SH) != 0 || fstat(fd, &st) != 0 ||
	    io_read(db, fd, "", &st, &image) != RELAYDB_OK)
		die(path);
	ahead = st.st_mtim.tv_sec - time(NULL);
	flock(fd, LOCK_UN);
	image_walk(&image, see, old);
	image_free(&image);
	return ahead;
}

static bool all_in_force(unsigned *missing)
{
	*missing = 0;
	for (unsigned n = 0; n < LOGINS_MAX; n++)
		*missing += shared->acked[n] != 0 && in_force[n] == 0;
	return *missing == 0;
}

static int by_size(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_times(unsigned killed, long long most_ahead)
{
	static long long took[LOGINS_MAX];
	unsigned count = 0;

	for (unsigned n = 0; n < LOGINS_MAX; n++)
		if (shared->acked[n] != 0) /* seen while the caller was still kept: at once */
			took[count++] =
			    in_force[n] > shared->acked[n] ? in_force[n] - shared->acked[n] : 0;
	qsort(took, count, sizeof *took, by_size);
	printf("%u acknowledged, %u killed; in force after %lld ms (median), %lld ms (longest); a "
	       "caller kept for %lld ms at most; %d expiries; mtime at most %lld s ahead\n",
	    count, killed, count > 0 ? took[count / 2] : 0, count > 0 ? took[count - 1] : 0,
	    (long long)shared->kept_ms, (int)shared->expiries, most_ahead);
}

/* ---- all of it ---- */

static pid_t at_work[LOGINS_AT_ONCE]; /* login processes; 0: a free place */

/* Takes PID in, if there is room. */
static void remember(pid_t pid)
{
	for (size_t i = 0; i < LOGINS_AT_ONCE; i++)
		if (at_work[i] == 0) {
			at_work[i] = pid;
			return;
		}
	waitpid(pid, NULL, 0);
}

/* Forgets those that have ended, and kills one of the others now and then.
 * Returns how many it killed. */
static unsigned tend(bool kills)
{
	unsigned killed = 0;

	for (size_t i = 0; i < LOGINS_AT_ONCE; i++) {
		if (at_work[i] == 0)
			continue;
		if (waitpid(at_work[i], NULL, WNOHANG) > 0)
			at_work[i] = 0;
		else if (kills && random() % 100 == 0)
			killed += kill(at_work[i], SIGKILL) == 0;
	}
	return killed;
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void make_database(void)
{
	struct relaydb *db = database(RELAYDB_TIMEOUT_MS);
	struct relaydb_batch *batch;

	if (relaydb_batch_new(db, &batch) != RELAYDB_OK ||
	    relaydb_batch_put(batch, "198.51.100.1", 1900000000) != RELAYDB_OK ||
	    relaydb_commit(batch, time(NULL), NULL) != RELAYDB_OK)
		die(relaydb_error(db));
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

int main(int argc, char **argv)
{
	long long begin, end, ahead, most_ahead = 0, give_up;
	unsigned per_minute, per_minute_batched, started = 0, killed = 0, missing;
	struct relaydb *db;
	int every_s, fd;
	bool kills, old;
	char *slash;

	if (argc != 7) {
		fputs("usage: prog_load file seconds logins batched expire kill\n", stderr);
		return 64;
	}
	path = argv[1];
	per_minute = (unsigned)atoi(argv[3]);
	per_minute_batched = (unsigned)atoi(argv[4]);
	every_s = atoi(argv[5]);
	kills = atoi(argv[6]) != 0;
	shared =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	slash = strdup(path);
	if (shared == MAP_FAILED || slash == NULL || strrchr(slash, '/') == NULL)
		die(path);
	*strrchr(slash, '/') = '\0';
	if (stat(slash, &directory) != 0)
		die(slash);
	free(slash);
	make_database();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	db = database(RELAYDB_TIMEOUT_MS);
	begin = db_clock_ms();
	end = begin + atoi(argv[2]) * 1000LL;
	if (per_minute_batched > 0 && start() == 0)
		batches(per_minute_batched, end);
	if (every_s > 0 && start() == 0)
		expiries(every_s, end);
	srandom(1);
	while (db_clock_ms() < end) {
		unsigned due = (unsigned)((db_clock_ms() - begin) * per_minute / 60000);

		for (; started < due && started < FIRST_BATCHED; started++) {
			pid_t pid = start();

			if (pid == 0)
				login(started);
			remember(pid);
		}
		killed += tend(kills);
		ahead = look(db, fd, &old);
		most_ahead = ahead > most_ahead ? ahead : most_ahead;
		pause_until(db_clock_ms() + 5);
	}
	for (pid_t pid = 0; pid >= 0 || errno == EINTR; pid = waitpid(-1, NULL, WNOHANG)) {
		look(db, fd, &old);
		pause_until(db_clock_ms() + 5);
	}
	/* after a kill nobody may be left to wait: the next of us does */
	if (kills && relaydb_settle(db, time(NULL)) != RELAYDB_OK)
		die(relaydb_error(db));
	give_up = db_clock_ms() + PATIENCE_MS;
	do
		look(db, fd, &old);
	while ((!all_in_force(&missing) || old) && db_clock_ms() < give_up);
	print_times(killed, most_ahead);
	if (missing > 0)
		fprintf(stderr, "prog_load: %u acknowledged logins are not in force\n", missing);
	if (old)
		fputs("prog_load: an entry that was expired is in force\n", stderr);
	return missing > 0 || old || shared->refused > 0 || most_ahead > 1;
}
