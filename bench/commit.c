/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commit.c - what a commit of one address costs, and what a mail server with
 * the map open notices of it
 *
 *	commit DIRECTORY ROWS COUNT
 *
 * Makes a database of ROWS rows, then adds COUNT addresses in a commit each,
 * while another process looks a page up every 200 us as an MTA does with an
 * open map: LOCK_SH, read, unlock.  Links the library with the hook that names
 * its steps, so it knows how long LOCK_EX was held and how long the file was
 * between old and new.  Prints one line: rows, bytes of the file; milliseconds
 * of a commit, p50 and p99; microseconds of LOCK_EX, p50, p99 and longest;
 * microseconds from before the first block to after the last one, p50 and
 * longest; microseconds of a look without commits, p50, p99 and longest; the
 * same during commits; the most memory in KiB.
 */
#define RELAYDB_TEST_STEPS
#include "relaydb.h"
#include "step.h"

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
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000000

struct samples {
	size_t count;
	double us[SAMPLES_MAX];
};

static struct samples commits, exclusive, between, *idle_looks, *busy_looks;
static char path[512];
static double locked_at, decided_at;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void sample(struct samples *samples, double us)
{
	if (samples->count < SAMPLES_MAX)
		samples->us[samples->count++] = us;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double quantile(struct samples *samples, double q)
{
	size_t i = (size_t)((double)samples->count * q);

	if (samples->count == 0)
		return 0;
	qsort(samples->us, samples->count, sizeof *samples->us, by_size);
	return samples->us[i < samples->count ? i : samples->count - 1];
}

static void on_step(const char *name)
{
	if (strcmp(name, "locked") == 0)
		locked_at = now_us();
	else if (strcmp(name, "decided") == 0)
		decided_at = now_us();
	else if (strcmp(name, "written") == 0)
		sample(&between, now_us() - decided_at);
	else if (strcmp(name, "unlocked") == 0)
		sample(&exclusive, now_us() - locked_at);
}

static void die(const char *what, struct relaydb *db)
{
	fprintf(stderr, "commit: %s: %s\n", what, db != NULL ? relaydb_error(db) : strerror(errno));
	exit(1);
}

static void fill(struct relaydb *db, unsigned rows)
{
	FILE *dump = tmpfile();

	if (dump == NULL)
		die("tmpfile", NULL);
	for (unsigned n = 0; n < rows; n++)
		fprintf(dump, "10.%u.%u.%u 1900000000\n", n / 62500 % 250, n / 250 % 250, n % 250);
	if (fflush(dump) != 0 || lseek(fileno(dump), 0, SEEK_SET) != 0)
		die("tmpfile", NULL);
	unlink(path);
	if (relaydb_load(db, fileno(dump), time(NULL), NULL, NULL, NULL) != RELAYDB_OK)
		die("load", db);
	fclose(dump);
}

/* Looks the first page up all the time; one of the pages that each commit
 * writes. */
static void look(const atomic_int *committing)
{
	const struct timespec pause = { 0, 200000 };
	char page[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		double begin = now_us();

		if (fd < 0 || flock(fd, LOCK_SH) != 0 || pread(fd, page, sizeof page, 0) <= 0 ||
		    flock(fd, LOCK_UN) != 0)
			_exit(1);
		sample(atomic_load(committing) ? busy_looks : idle_looks, now_us() - begin);
		nanosleep(&pause, NULL);
	}
}

static void add(struct relaydb *db, unsigned n)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time(NULL) - 10 } };
	struct relaydb_batch *batch;
	char address[32];
	double begin;

	/* commits that come faster than one a second would have to wait */
	if (utimensat(AT_FDCWD, path, times, 0) != 0)
		die("utimensat", NULL);
	snprintf(address, sizeof address, "172.16.%u.%u", n / 250 % 250, n % 250);
	begin = now_us();
	if (relaydb_batch_new(db, &batch) != RELAYDB_OK ||
	    relaydb_batch_record(batch, address, 1900000000) != RELAYDB_OK ||
	    relaydb_commit(batch, time(NULL), NULL) != RELAYDB_OK)
		die("add", db);
	relaydb_batch_free(&batch);
	sample(&commits, now_us() - begin);
}

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap", NULL);
	return memory;
}

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = path };
	unsigned rows = argc == 4 ? (unsigned)atoi(argv[2]) : 0,
		 count = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
	const struct timespec second = { 1, 0 };
	struct rusage usage;
	struct relaydb *db;
	struct stat st;
	atomic_int *committing;
	pid_t looker;

	if (rows == 0 || count == 0 || relaydb_open(&db, &options) != RELAYDB_OK) {
		fputs("usage: commit directory rows count\n", stderr);
		return 64;
	}
	snprintf(path, sizeof path, "%s/relayers.db", argv[1]);
	relaydb_close(&db);
	if (relaydb_open(&db, &options) != RELAYDB_OK)
		die("open", NULL);
	fill(db, rows);
	idle_looks = share(sizeof *idle_looks);
	busy_looks = share(sizeof *busy_looks);
	committing = share(sizeof *committing);
	looker = fork();
	if (looker == 0)
		look(committing);
	nanosleep(&second, NULL); /* that much of looks with nothing else going on */
	atomic_store(committing, 1);
	relaydb_test_step = on_step;
	for (unsigned n = 0; n < count; n++)
		add(db, n);
	relaydb_test_step = NULL;
	kill(looker, SIGKILL);
	waitpid(looker, NULL, 0);
	if (stat(path, &st) != 0 || getrusage(RUSAGE_SELF, &usage) != 0)
		die(path, NULL);
	printf("%u %lld %.2f %.2f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %ld\n",
	    rows, (long long)st.st_size, quantile(&commits, 0.5) / 1000,
	    quantile(&commits, 0.99) / 1000, quantile(&exclusive, 0.5), quantile(&exclusive, 0.99),
	    quantile(&exclusive, 1), quantile(&between, 0.5), quantile(&between, 1),
	    quantile(idle_looks, 0.5), quantile(idle_looks, 0.99), quantile(idle_looks, 1),
	    quantile(busy_looks, 0.5), quantile(busy_looks, 0.99), quantile(busy_looks, 1),
	    usage.ru_maxrss);
	relaydb_close(&db);
	return 0;
}
