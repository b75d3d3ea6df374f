/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_writer.c - what waits for a commit, and what becomes of it
 * (writer.h)
 *
 * The clocks are the test's, and the database is one of LMDB, whose commits do
 * not wait for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "listen.h"
#include "log.h"
#include "scratch.h"
#include "writer.h"

#define NOW INT64_C(1795175258)
#define INTERVAL 500

static char path[96];
static struct relaydb *db;

static int set_up(void **state)
{
	const struct relaydb_options options = { .path = path };

	(void)state;
	if (scratch_directory() != 0)
		return -1;
	snprintf(path, sizeof path, "%s/relayers.lmdb", directory);
	return relaydb_open(&db, &options) == RELAYDB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	char lock[128];

	(void)state;
	relaydb_close(&db);
	snprintf(lock, sizeof lock, "%s.lock", path);
	unlink(lock);
	unlink(path);
	return rmdir(directory);
}

static struct writer *writer_of(int64_t expire)
{
	struct writer *writer = writer_new(path, INTERVAL, expire);

	assert_non_null(writer);
	return writer;
}

static bool record(struct writer *writer, const char *address, int64_t when)
{
	const struct login login = { .address = address,
		.when = when,
		.server = "dovecot",
		.user = { "alice", 5 },
		.session = { "q3+NW1QR", 8 } };

	return writer_record(writer, &login);
}

/* The stamp of ADDRESS, -1 if it has none. */
static int64_t stamp_of(const char *address)
{
	int64_t stamp;

	return relaydb_get(db, address, &stamp) == RELAYDB_OK ? stamp : -1;
}

static void the_latest_of_an_address_counts(void **state)
{
	struct writer *writer = writer_of(0);
	const char *said;

	(void)state;
	assert_false(writer_pending(writer));
	assert_true(record(writer, "192.0.2.1", NOW - 5));
	assert_true(record(writer, "192.0.2.1", NOW));
	assert_true(record(writer, "192.0.2.1", NOW - 9));
	assert_true(record(writer, "2001:db8::1", NOW - 7));
	assert_int_equal(writer_waiting(writer), 2);
	assert_int_equal(stamp_of("192.0.2.1"), -1);
	listen_begin();
	assert_true(writer_commit(writer, NOW, 1000));
	said = listen_end();
	expect(said, "login from 192.0.2.1: user 'alice', server dovecot, session 'q3+NW1QR'\n");
	expect(said, "login from 2001:db8::1: ");
	assert_false(writer_pending(writer));
	assert_int_equal(stamp_of("192.0.2.1"), NOW);
	assert_int_equal(stamp_of("2001:db8::1"), NOW - 7);
	assert_int_equal(writer_tally(writer)->commits, 1);
	assert_int_equal(writer_tally(writer)->recorded, 2);
	writer_free(writer);
}

static bool repeat(struct writer *writer, const char *address, int64_t when, int64_t known)
{
	const struct login login = {
		.address = address, .when = when, .known = known, .server = "dovecot"
	};

	return writer_record(writer, &login);
}

/* A login that repeats one counts if the row of that one is not there any
 * more, and is no commit otherwise. */
static void a_repeated_login_needs_its_row(void **state)
{
	static const struct {
		int64_t row; /* its stamp; -1: it is gone */
		int64_t expected;
		bool said;
	} cases[] = {
		{ NOW, NOW, false }, { NOW + 5, NOW + 5, false }, /* somebody else's later one */
		{ -1, NOW + 3, true }, /* deleted, or expired */
		{ NOW - 50, NOW + 3, true }, /* an older one was loaded */
	};
	struct writer *writer = writer_of(0);
	struct relaydb_batch *batch;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
		if (i > 0) { /* there is no file before */
			assert_int_equal(relaydb_batch_delete(batch, "192.0.2.1"), RELAYDB_OK);
			assert_int_equal(relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
			relaydb_batch_clear(batch);
		}
		if (cases[i].row >= 0) {
			relaydb_batch_record(batch, "192.0.2.1", cases[i].row);
			assert_int_equal(relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
		}
		relaydb_batch_free(&batch);
		assert_true(repeat(writer, "192.0.2.1", NOW + 3, NOW));
		assert_true(writer_pending(writer)); /* its position is not saved before */
		listen_begin();
		assert_true(writer_commit(writer, NOW, (int64_t)i * 1000));
		expect(listen_end(), cases[i].said ? "login from 192.0.2.1: " : NULL);
		assert_false(writer_pending(writer));
		assert_int_equal(stamp_of("192.0.2.1"), cases[i].expected);
	}
	/* one that does not repeat any counts in any case */
	assert_true(repeat(writer, "192.0.2.1", NOW + 4, NOW));
	assert_true(record(writer, "192.0.2.1", NOW + 5));
	assert_true(repeat(writer, "192.0.2.1", NOW + 6, NOW));
	listen_begin();
	assert_true(writer_commit(writer, NOW, 9000));
	expect(listen_end(), "login from 192.0.2.1: ");
	assert_int_equal(stamp_of("192.0.2.1"), NOW + 6);
	writer_free(writer);
}

static void commits_are_an_interval_apart(void **state)
{
	struct writer *writer = writer_of(0);

	(void)state;
	assert_int_equal(writer_due(writer, NOW, 0), 0);
	assert_true(record(writer, "192.0.2.1", NOW));
	assert_int_equal(writer_due(writer, NOW, 1000), 0);
	listen_begin();
	assert_true(writer_commit(writer, NOW, 1000));
	(void)listen_end();
	assert_true(record(writer, "192.0.2.2", NOW));
	assert_int_equal(writer_due(writer, NOW, 1100), INTERVAL - 100);
	assert_int_equal(writer_due(writer, NOW, 1000 + INTERVAL), 0);
	writer_configure(writer, 3 * INTERVAL, 0);
	listen_begin();
	assert_true(writer_commit(writer, NOW, 2000));
	(void)listen_end();
	assert_true(record(writer, "192.0.2.3", NOW));
	assert_int_equal(writer_due(writer, NOW, 2000), 3 * INTERVAL);
	writer_free(writer);
}

/* Nothing is lost: what failed is tried again with what came meanwhile, later
 * and later, and is complained about once. */
static void a_failure_is_tried_again(void **state)
{
	struct writer *writer = writer_of(0);
	int64_t clock_ms = 1000;

	(void)state;
	assert_int_equal(chmod(directory, 0777), 0); /* LMDB is refused what others may replace */
	assert_true(record(writer, "192.0.2.1", NOW));
	for (int64_t wait = 1000; wait <= 32000; wait *= 2) {
		listen_begin();
		assert_false(writer_commit(writer, NOW, clock_ms));
		expect(listen_end(),
		    wait == 1000 ? "cannot record 1 changes yet, will try again: " : NULL);
		assert_int_equal(writer_due(writer, NOW, clock_ms), wait < 30000 ? wait : 30000);
		clock_ms += 30000;
	}
	listen_begin();
	assert_false(writer_commit(writer, NOW + 3600, clock_ms));
	expect(listen_end(), "cannot record");
	assert_true(record(writer, "192.0.2.2", NOW));
	assert_int_equal(chmod(directory, 0755), 0);
	listen_begin();
	assert_true(writer_commit(writer, NOW + 3600, clock_ms + 30000));
	expect(listen_end(), "recorded 2 changes after 7 failed attempts");
	assert_int_equal(stamp_of("192.0.2.1"), NOW);
	assert_int_equal(stamp_of("192.0.2.2"), NOW);
	assert_int_equal(writer_tally(writer)->failures, 7);
	writer_free(writer);
}

static void our_own_expiry(void **state)
{
	struct writer *writer = writer_of(1800);

	(void)state;
	listen_begin();
	assert_true(record(writer, "192.0.2.1", NOW));
	assert_true(record(writer, "192.0.2.2", NOW + 60));
	assert_true(writer_commit(writer, NOW, 1000));
	assert_true(writer_commit(writer, NOW + 1800, 2000));
	assert_int_equal(stamp_of("192.0.2.1"), NOW);
	/* once a minute, and also when the clock was set back */
	assert_true(writer_commit(writer, NOW + 1801, 3000));
	assert_int_equal(stamp_of("192.0.2.1"), NOW);
	assert_true(writer_commit(writer, NOW + 1860, 4000));
	assert_int_equal(stamp_of("192.0.2.1"), -1);
	assert_int_equal(stamp_of("192.0.2.2"), NOW + 60);
	assert_int_equal(writer_tally(writer)->expired, 1);
	assert_int_equal(writer_due(writer, NOW, 5000), 0);
	(void)listen_end();
	writer_free(writer);
}

/* A refresh does not bring a deleted address back, unless a login comes with
 * it, or the whole database is gone. */
static void refreshes(void **state)
{
	struct login refresh = { .address = "192.0.2.1", .when = NOW + 10, .refresh = true };
	struct writer *writer = writer_of(0);
	struct relaydb_batch *batch;

	(void)state;
	listen_begin();
	assert_true(record(writer, "192.0.2.1", NOW) && record(writer, "192.0.2.2", NOW));
	assert_true(writer_commit(writer, NOW, 1000));
	assert_true(writer_record(writer, &refresh));
	assert_true(writer_commit(writer, NOW, 2000));
	assert_int_equal(stamp_of("192.0.2.1"), NOW + 10);
	assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_int_equal(relaydb_batch_delete(batch, "192.0.2.1"), RELAYDB_OK);
	assert_int_equal(relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
	refresh.when += 10;
	assert_true(writer_record(writer, &refresh));
	assert_true(writer_commit(writer, NOW, 3000));
	assert_int_equal(stamp_of("192.0.2.1"), -1);
	assert_true(writer_record(writer, &refresh) && record(writer, "192.0.2.1", NOW + 11));
	assert_true(writer_commit(writer, NOW, 4000));
	assert_int_equal(stamp_of("192.0.2.1"), NOW + 20);
	assert_int_equal(unlink(path), 0);
	assert_true(writer_record(writer, &refresh));
	assert_true(writer_commit(writer, NOW, 5000));
	assert_int_equal(stamp_of("192.0.2.1"), NOW + 20);
	(void)listen_end();
	writer_free(writer);
}

/* The address of a connection that goes on is no login: nothing is logged. */
static void long_names_and_silent_ones(void **state)
{
	char name[300], expected[400];
	struct login login = { .address = "192.0.2.1",
		.when = NOW,
		.server = "dovecot",
		.user = { name, sizeof name },
		.session = { name, sizeof name } };
	struct writer *writer = writer_of(0);
	const char *said;

	(void)state;
	memset(name, 'x', sizeof name);
	assert_true(writer_record(writer, &login));
	login = (struct login){ .address = "192.0.2.2", .when = NOW };
	assert_true(writer_record(writer, &login));
	listen_begin();
	assert_true(writer_commit(writer, NOW, 1000));
	said = listen_end();
	snprintf(expected, sizeof expected, "user '%.128s', server dovecot, session '%.64s'\n",
	    name, name);
	expect(said, expected);
	assert_null(strstr(said, "192.0.2.2"));
	writer_free(writer);
}

static void full(void **state)
{
	struct writer *writer = writer_of(0);
	char address[32];

	(void)state;
	listen_begin();
	assert_true(record(writer, "192.0.2.1", NOW) && writer_commit(writer, NOW, 1000));
	(void)listen_end();
	for (unsigned i = 0; i < WRITER_MAX; i++) {
		assert_false(writer_full(writer));
		snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		assert_true(record(writer, address, NOW));
	}
	assert_true(writer_full(writer));
	assert_int_equal(writer_due(writer, NOW, 1000), 0);
	assert_true(record(writer, "192.0.2.2", NOW)); /* it still takes what comes */
	assert_int_equal(writer_waiting(writer), WRITER_MAX + 1);
	writer_free(writer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_latest_of_an_address_counts),
		TEST(a_repeated_login_needs_its_row),
		TEST(commits_are_an_interval_apart),
		TEST(a_failure_is_tried_again),
		TEST(our_own_expiry),
		TEST(refreshes),
		TEST(long_names_and_silent_ones),
		TEST(full),
	};

	log_open("popwatch", LOG_MAIL, LOG_INFO, LOG_NOWHERE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
