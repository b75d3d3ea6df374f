/* SPDX-License-Identifier: BSD-2-Clause
 *
 * resident.c - what a commit and a get cost a handle that is kept, beside a
 * handle that is opened for each
 *
 *	resident DATABASE ADDRESS COUNT
 *
 * DATABASE has a row of ADDRESS, and gets COUNT more by each of the two.
 * Prints a line for each figure, NAME and value: `once' and `kept', the median
 * of a commit of one record in microseconds; `get', one get of ADDRESS by the
 * kept handle, and `stats', what two calls of stat(2) cost at that moment, the
 * least of ten runs each; `memory', the most that the process had, in KiB.
 * Limit: the commits' clock runs ahead, so that none waits until mail servers
 * would notice it.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "relaydb.h"

#define GETS 2000
#define RUNS 10

static const char *path;
static int64_t ahead;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what, const struct relaydb *db)
{
	fprintf(stderr, "resident: %s: %s\n", what, db != NULL ? relaydb_error(db) : path);
	exit(1);
}

static struct relaydb *open_database(void)
{
	struct relaydb *db;

	if (relaydb_open(&db, &(struct relaydb_options){ .path = path }) != RELAYDB_OK)
		die("open", NULL);
	return db;
}

/* Records the N-th address; by a handle of its own where DB is NULL. */
static double commit_us(struct relaydb *db, int n)
{
	double begin = now_us();
	struct relaydb *own = db == NULL ? open_database() : db;
	struct relaydb_batch *batch;
	char address[32];

	snprintf(address, sizeof address, "198.51.%d.%d", n / 250 % 250, n % 250);
	ahead += 2;
	if (relaydb_batch_new(own, &batch) != RELAYDB_OK ||
	    relaydb_batch_put(batch, address, 1700000000 + n) != RELAYDB_OK ||
	    relaydb_commit(batch, (int64_t)time(NULL) + ahead, NULL) != RELAYDB_OK)
		die("commit", own);
	relaydb_batch_free(&batch);
	if (db == NULL)
		relaydb_close(&own);
	return now_us() - begin;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void commits(const char *name, struct relaydb *db, int first, int count)
{
	double *us = calloc((size_t)count, sizeof *us);

	if (us == NULL)
		die("memory", NULL);
	for (int i = 0; i < count; i++)
		us[i] = commit_us(db, first + i);
	qsort(us, (size_t)count, sizeof *us, by_size);
	printf("%s %.0f\n", name, us[count / 2]);
	free(us);
}

/* The least of RUNS runs, of each in turn: other work on the machine only
 * adds. */
static void gets(struct relaydb *db, const char *address)
{
	char copy[4096], *directory;
	double get = 0, stats = 0;
	struct stat st;
	int64_t stamp;

	snprintf(copy, sizeof copy, "%s", path);
	directory = dirname(copy);
	for (int run = 0; run < RUNS; run++) {
		double begin, took;

		/* a file that has just changed is not believed yet */
		usleep(30000);
		if (relaydb_get(db, address, &stamp) != RELAYDB_OK)
			die("get", db);
		begin = now_us();
		for (int i = 0; i < GETS; i++)
			if (relaydb_get(db, address, &stamp) != RELAYDB_OK)
				die("get", db);
		took = (now_us() - begin) / GETS;
		get = run == 0 || took < get ? took : get;
		begin = now_us();
		for (int i = 0; i < GETS; i++)
			if (stat(path, &st) != 0 || stat(directory, &st) != 0)
				die("stat", NULL);
		took = (now_us() - begin) / GETS;
		stats = run == 0 || took < stats ? took : stats;
	}
	printf("get %.2f\nstats %.2f\n", get, stats);
}

int main(int argc, char **argv)
{
	int count = argc == 4 ? atoi(argv[3]) : 0;
	struct rusage usage;
	struct relaydb *db;

	if (count < 1 || count > 10000) {
		fputs("usage: resident database address count\n", stderr);
		return 64;
	}
	path = argv[1];
	commits("once", NULL, 0, count);
	db = open_database();
	commit_us(db, count);
	commits("kept", db, count + 1, count);
	gets(db, argv[2]);
	relaydb_close(&db);
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		die("getrusage", NULL);
	printf("memory %ld\n", usage.ru_maxrss);
	return 0;
}
