/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_localdb.c - this host's database beside other writers of it
 * (localdb.h)
 */
#include "localdb.h"
#include "loop.h"
#include "relaydb_scratch.h"

#define A "192.0.2.7"

static struct netset no_nets;

/* Another writer of the same file. */
struct other {
	struct relaydb *db;
	int64_t login; /* what it records before the next commit; 0: nothing */
	unsigned reads;
};

static void other_records(struct other *other, int64_t stamp)
{
	struct relaydb_batch *batch;

	assert_code(other->db, relaydb_batch_new(other->db, &batch), RELAYDB_OK);
	assert_code(other->db, relaydb_batch_record(batch, A, stamp), RELAYDB_OK);
	assert_code(other->db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
}

/* The database was read, what the mirror wants of it is decided, and nothing is
 * committed yet: then somebody logs in. */
static bool on_save(void *arg)
{
	struct other *other = arg;

	if (other->login != 0)
		other_records(other, other->login);
	other->login = 0;
	return true;
}

static void on_read(void *arg)
{
	struct other *other = arg;

	other->reads++;
}

/* ROW is in a database whose name ends in SUFFIX, and is deleted by an order;
 * LOGIN comes between the look and the commit. Returns what is there then, or
 * -1. */
static int64_t delete_beside(const char *suffix, int64_t row, int64_t login)
{
	static const struct localdb_handler handler = { on_save, on_read };
	const struct mirror_settings settings = {
		.publish = true, .window = 3600, .ignore = &no_nets
	};
	const struct engineclock clock = { .known = false }; /* this host's */
	struct moment now;
	struct other other = { .login = 0 };
	struct mirror *mirror = mirror_new(&settings, 0);
	struct loop *loop = loop_new(false);
	struct localdb *local;
	int64_t there = -1;
	int code;

	engineclock_now(&clock, &now);
	snprintf(path, sizeof path, "%s/relayers%s", directory, suffix);
	other.db = database_with(-1);
	other_records(&other, row);
	other.login = login;
	assert_true(mirror_give_order(mirror, A, ORDER_DELETE, &now));
	local = localdb_new(loop, path, mirror, &clock, &handler, &other);
	assert_non_null(local);
	localdb_start(local); /* reads and commits at once */
	assert_int_equal(other.reads, 1);
	assert_int_equal(other.login, 0);
	assert_int_equal(localdb_tally(local)->commits, 1);
	code = relaydb_get(other.db, A, &there);
	assert_true(code == RELAYDB_OK || code == RELAYDB_NOTFOUND);
	localdb_free(local);
	loop_free(loop);
	mirror_free(mirror);
	relaydb_close(&other.db);
	return there;
}

static void a_login_between_look_and_commit_stays(void **state)
{
	static const char *const suffixes[] = { ".db", ".lmdb", ".sqlite" };

	(void)state;
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		const int64_t now = NOW;

		if (delete_beside(suffixes[i], now - 100, now + 3000) != now + 3000)
			fail_msg("relayers%s: the login is lost", suffixes[i]);
		unlink(path);
		unlink(beside(".queue"));
		if (delete_beside(suffixes[i], now - 100, 0) != -1)
			fail_msg("relayers%s: the row stays", suffixes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(a_login_between_look_and_commit_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
