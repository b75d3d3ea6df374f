/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_database.c - the copy of the database that sessions ask
 * (database.h)
 */
#include "database.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "entries.h"
#include "loop.h"
#include "relaydb.h"
#include "scratch.h"

#define CLIENT "192.0.2.1"
#define DEADLINE_MS 30000

static void count(void *arg)
{
	++*(int *)arg;
}

static void record(const char *path, const char *address)
{
	const struct relaydb_options options = { .path = path };
	struct relaydb_batch *batch;
	struct relaydb *db;

	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_int_equal(relaydb_batch_record(batch, address, time(NULL)), RELAYDB_OK);
	assert_int_equal(relaydb_commit(batch, time(NULL), NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* Until the files are so old that they show each later change. */
static void wait_until_settled(const char *path)
{
	const struct timespec moment = { 0, 5000000 };
	struct entries_stamp stamp;
	struct timespec now;

	for (;;) {
		entries_look(path, &stamp);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (entries_settled(&stamp, &now))
			return;
		nanosleep(&moment, NULL);
	}
}

/* The answer, as a session gets it that waits as long as it takes. */
static enum rules_answer ask(struct loop *loop, struct database *database)
{
	enum rules_answer answer;
	int64_t begin = clock_monotonic_ms(), now;

	do {
		now = clock_monotonic_ms();
		answer = database_entry(database, CLIENT, time(NULL), now, now);
		if (answer != RULES_PENDING && answer != RULES_UNKNOWN)
			break;
		loop_wait(loop, 20);
	} while (now - begin < DEADLINE_MS);
	return answer;
}

static void clean(const char *path)
{
	static const char *const suffixes[] = { "", ".redo", ".queue", ".lock" };
	char name[128];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(directory), 0);
}

/* The files look the same before and after: only the lock was in the way. */
static void locked_and_free_again(void **state)
{
	char path[128];
	struct loop *loop = loop_new(false);
	struct database *database;
	int copies = 0, fd;

	(void)state;
	assert_int_equal(scratch_directory(), 0);
	snprintf(path, sizeof path, "%s/relayers.db", directory);
	record(path, CLIENT);
	wait_until_settled(path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);

	database = database_new(loop, path, 3600, count, &copies);
	assert_non_null(database);
	assert_true(database_start(database));
	while (copies == 0)
		loop_wait(loop, DEADLINE_MS);
	assert_true(database_counts(database).failures > 0);
	close(fd);
	assert_int_equal(ask(loop, database), RULES_YES);

	database_free(database);
	loop_free(loop);
	clean(path);
}

/* A link leads to the database: a login in the queue, which lies beside the
 * file and not beside the link, is a change. */
static void by_a_link(void **state)
{
	char path[128], link[128], queue[160];
	struct entries_stamp before, after;

	(void)state;
	assert_int_equal(scratch_directory(), 0);
	snprintf(path, sizeof path, "%s/relayers.db", directory);
	snprintf(queue, sizeof queue, "%s.queue", path);
	snprintf(link, sizeof link, "%s/link.db", directory);
	record(path, CLIENT);
	assert_int_equal(symlink("relayers.db", link), 0);
	entries_look(link, &before);
	entries_look(path, &after);
	assert_true(entries_same(&before, &after));
	close(open(queue, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	entries_look(link, &after);
	assert_false(entries_same(&before, &after));
	unlink(link);
	clean(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locked_and_free_again),
		cmocka_unit_test(by_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
