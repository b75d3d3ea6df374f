/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_batch.c - what a batch makes of a database: merging, results,
 * expiry, and the hash rebuilt
 */
#include "relaydb_scratch.h"

#include "batch.h"
#include "plan.h"

/* ---- changes in a row, one letter each ----
 * r record, f refresh, p put, d delete, u delete_until, e expire */

struct step {
	char what;
	int64_t stamp;
};

static void gather(
    struct relaydb *db, struct relaydb_batch *batch, const char *address, const struct step *steps)
{
	for (; steps->what != '\0'; steps++) {
		int code = RELAYDB_OK;

		switch (steps->what) {
		case 'r':
			code = relaydb_batch_record(batch, address, steps->stamp);
			break;
		case 'f':
			code = relaydb_batch_refresh(batch, address, steps->stamp);
			break;
		case 'p':
			code = relaydb_batch_put(batch, address, steps->stamp);
			break;
		case 'd':
			code = relaydb_batch_delete(batch, address);
			break;
		case 'u':
			code = relaydb_batch_delete_until(batch, address, steps->stamp);
			break;
		default:
			code = relaydb_batch_expire(batch, steps->stamp);
		}
		assert_code(db, code, RELAYDB_OK);
	}
}

#define NONE INT64_C(-1)
#define OK_ROW INT64_C(-2) /* a row with the value OK */

static const struct {
	const char *name;
	int64_t before; /* the stamp that is there, or NONE, OK_ROW */
	struct step steps[4];
	int64_t after;
	struct relaydb_result result;
} outcomes[] = {
	{ "record a new one", NONE, { { 'r', 100 } }, 100, { .committed = true, .added = 1 } },
	{ "record raises", 50, { { 'r', 100 } }, 100, { .committed = true, .changed = 1 } },
	{ "record never lowers", 150, { { 'r', 100 } }, 150, { .committed = false } },
	{ "record leaves what is equal", 100, { { 'r', 100 } }, 100, { .committed = false } },
	{ "record leaves a permanent row", OK_ROW, { { 'r', 100 } }, OK_ROW,
	    { .committed = false } },
	{ "refresh makes no row", NONE, { { 'f', 100 } }, NONE, { .committed = false } },
	{ "refresh raises", 50, { { 'f', 100 } }, 100, { .committed = true, .changed = 1 } },
	{ "refresh never lowers", 150, { { 'f', 100 } }, 150, { .committed = false } },
	{ "refresh leaves a permanent row", OK_ROW, { { 'f', 100 } }, OK_ROW,
	    { .committed = false } },
	{ "refresh of what is deleted", 50, { { 'd', 0 }, { 'f', 100 } }, NONE,
	    { .committed = true, .deleted = 1 } },
	{ "refresh of what is recorded", NONE, { { 'r', 50 }, { 'f', 100 } }, 100,
	    { .committed = true, .added = 1 } },
	{ "record after a refresh", NONE, { { 'f', 50 }, { 'r', 100 } }, 100,
	    { .committed = true, .added = 1 } },
	{ "delete after a refresh", 50, { { 'f', 100 }, { 'd', 0 } }, NONE,
	    { .committed = true, .deleted = 1 } },
	{ "put lowers", 150, { { 'p', 100 } }, 100, { .committed = true, .changed = 1 } },
	{ "put takes the place of a permanent row", OK_ROW, { { 'p', 100 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "put of the same changes nothing", 100, { { 'p', 100 } }, 100, { .committed = false } },
	{ "put 0", NONE, { { 'p', 0 } }, 0, { .committed = true, .added = 1 } },
	{ "put the last stamp", NONE, { { 'p', RELAYDB_STAMP_MAX } }, RELAYDB_STAMP_MAX,
	    { .committed = true, .added = 1 } },
	{ "delete", 100, { { 'd', 0 } }, NONE, { .committed = true, .deleted = 1 } },
	{ "delete a permanent row", OK_ROW, { { 'd', 0 } }, NONE,
	    { .committed = true, .deleted = 1 } },
	{ "delete what is not there", NONE, { { 'd', 0 } }, NONE,
	    { .committed = false, .absent = 1 } },
	{ "delete until its stamp", 100, { { 'u', 100 } }, NONE,
	    { .committed = true, .deleted = 1 } },
	{ "delete until before it", 101, { { 'u', 100 } }, 101, { .committed = false } },
	{ "delete until leaves a permanent row", OK_ROW, { { 'u', RELAYDB_STAMP_MAX } }, OK_ROW,
	    { .committed = false } },
	{ "delete until of what is not there", NONE, { { 'u', 100 } }, NONE,
	    { .committed = false } },
	{ "delete until and record take the place", 100, { { 'u', 100 }, { 'r', 50 } }, 50,
	    { .committed = true, .changed = 1 } },
	{ "delete until and record leave what is later", 101, { { 'u', 100 }, { 'r', 50 } }, 101,
	    { .committed = false } },
	{ "delete until and record of what is not there", NONE, { { 'u', 100 }, { 'r', 50 } }, 50,
	    { .committed = true, .added = 1 } },
	{ "delete until and expire", 101, { { 'u', 100 }, { 'e', 102 } }, NONE,
	    { .committed = true, .expired = 1 } },
	{ "the higher of two records", 50, { { 'r', 100 }, { 'r', 90 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "record after put is the maximum", 300, { { 'p', 100 }, { 'r', 200 } }, 200,
	    { .committed = true, .changed = 1 } },
	{ "an older record after put", 300, { { 'p', 100 }, { 'r', 50 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "put after record", 300, { { 'r', 400 }, { 'p', 100 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "delete after record", 50, { { 'r', 100 }, { 'd', 0 } }, NONE,
	    { .committed = true, .deleted = 1 } },
	{ "record after delete", 300, { { 'd', 0 }, { 'r', 100 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "record after delete of a permanent row", OK_ROW, { { 'd', 0 }, { 'r', 100 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "put after delete of what is not there", NONE, { { 'd', 0 }, { 'p', 100 } }, 100,
	    { .committed = true, .added = 1 } },
	{ "expire spares its edge", 100, { { 'e', 100 } }, 100, { .committed = false } },
	{ "expire below its edge", 99, { { 'e', 100 } }, NONE,
	    { .committed = true, .expired = 1 } },
	{ "the highest expire counts", 99, { { 'e', 50 }, { 'e', 100 }, { 'e', 60 } }, NONE,
	    { .committed = true, .expired = 1 } },
	{ "expire spares a permanent row", OK_ROW, { { 'e', RELAYDB_STAMP_MAX + 1 } }, OK_ROW,
	    { .committed = false } },
	{ "expire takes the last stamp", RELAYDB_STAMP_MAX, { { 'e', RELAYDB_STAMP_MAX + 1 } },
	    NONE, { .committed = true, .expired = 1 } },
	{ "expire before 0 takes nothing", 0, { { 'e', 0 } }, 0, { .committed = false } },
	{ "expire applies to a record", 50, { { 'r', 80 }, { 'e', 100 } }, NONE,
	    { .committed = true, .expired = 1 } },
	{ "expire applies to a record that comes later", 50, { { 'e', 100 }, { 'r', 80 } }, NONE,
	    { .committed = true, .expired = 1 } },
	{ "expire applies to the outcome", 50, { { 'e', 100 }, { 'r', 100 } }, 100,
	    { .committed = true, .changed = 1 } },
	{ "expire of a new record", NONE, { { 'r', 80 }, { 'e', 100 } }, NONE,
	    { .committed = false } },
	{ "expire looks at what is there, not at the record", 120, { { 'r', 80 }, { 'e', 100 } },
	    120, { .committed = false } },
	{ "put and expire of a permanent row", OK_ROW, { { 'p', 80 }, { 'e', 100 } }, NONE,
	    { .committed = true, .expired = 1 } },
	{ "delete counts before expire", 50, { { 'd', 0 }, { 'e', 100 } }, NONE,
	    { .committed = true, .deleted = 1 } },
};

static void outcome_for_one_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		char value[32];
		const struct raw rows[] = { { "192.168.7", "OK", -1, -1 },
			{ "10.0.0.1", value, -1, -1 } };
		struct relaydb_result result = { .rows = 0 };
		struct relaydb *db = database();
		struct relaydb_batch *batch;
		int64_t stamp = NONE;

		print_message("# %s\n", outcomes[i].name);
		snprintf(value, sizeof value, "%lld", (long long)outcomes[i].before);
		if (outcomes[i].before == OK_ROW)
			strcpy(value, "OK");
		write_rows(rows, outcomes[i].before == NONE ? 1 : 2);
		assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
		gather(db, batch, "10.0.0.1", outcomes[i].steps);
		assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
		if (relaydb_get(db, "10.0.0.1", &stamp) == RELAYDB_NOENTRY)
			stamp = OK_ROW;
		assert_int_equal(stamp, outcomes[i].after);
		assert_int_equal(result.committed, outcomes[i].result.committed);
		assert_int_equal(result.rows, 1 + (outcomes[i].after != NONE));
		assert_int_equal(result.expired, outcomes[i].result.expired);
		assert_int_equal(result.added, outcomes[i].result.added);
		assert_int_equal(result.changed, outcomes[i].result.changed);
		assert_int_equal(result.deleted, outcomes[i].result.deleted);
		assert_int_equal(result.absent, outcomes[i].result.absent);
		assert_false(result.rewritten);
		relaydb_batch_free(&batch);
		assert_null(batch);
		relaydb_close(&db);
	}
}

/* ---- any changes of an address, one by one and joined ---- */

#define STAMPS 3
#define CHANGES (1 + 4 * STAMPS)
#define LENGTH 4

static enum op_kind kind_of(unsigned change)
{
	static const enum op_kind kinds[] = { OP_RECORD, OP_REFRESH, OP_PUT, OP_DELETE_UNTIL };

	return change == 0 ? OP_DELETE : kinds[(change - 1) / STAMPS];
}

static int64_t stamp_of(unsigned change)
{
	return change == 0 ? 0 : 1 + (change - 1) % STAMPS;
}

/* What relaydb.h says of one change. */
static int64_t model(int64_t row, enum op_kind kind, int64_t stamp)
{
	switch (kind) {
	case OP_PUT:
		return stamp;
	case OP_DELETE:
		return NONE;
	case OP_DELETE_UNTIL:
		return row >= 0 && row <= stamp ? NONE : row;
	case OP_REFRESH:
		return row >= 0 && row < stamp ? stamp : row;
	default:
		return row == NONE || (row >= 0 && row < stamp) ? stamp : row;
	}
}

static int find_row(void *from, struct bytes key, void *out, size_t size, size_t *value_size)
{
	const int64_t *row = from;

	(void)key;
	if (*row == NONE)
		return RELAYDB_NOTFOUND;
	*value_size = *row == OK_ROW ? 2 : (size_t)snprintf(out, size, "%lld", (long long)*row);
	if (*row == OK_ROW)
		memcpy(out, "OK", 2);
	return RELAYDB_OK;
}

/* What a commit of BATCH makes of ROW. */
static int64_t planned(struct relaydb_batch *batch, int64_t row)
{
	const struct plan_source source = { .find = find_row, .from = &row };
	struct plan plan = { NULL, 0, 0, 0 };
	struct relaydb_result result = { .rows = 0 };

	assert_int_equal(plan_make(&plan, batch, &source, 0, &result), RELAYDB_OK);
	assert_in_range(plan.count, 0, 1);
	if (plan.count == 1)
		row = plan.changes[0].remove ? NONE : strtoll(plan.changes[0].value.data, NULL, 10);
	plan_free(&plan);
	return row;
}

static void joined_changes_are_as_one_by_one(void **state)
{
	static const int64_t rows[] = { NONE, OK_ROW, 0, 1, 2, 3, 4 };
	struct relaydb *db = database();
	struct relaydb_batch *after, *before;
	unsigned all = 1;

	(void)state;
	assert_code(db, relaydb_batch_new(db, &after), RELAYDB_OK);
	assert_code(db, relaydb_batch_new(db, &before), RELAYDB_OK);
	for (int i = 0; i < LENGTH; i++)
		all *= CHANGES;
	for (unsigned n = 0; n < all; n++) {
		unsigned change[LENGTH], rest = n;

		relaydb_batch_clear(after);
		relaydb_batch_clear(before);
		for (int i = 0; i < LENGTH; i++, rest /= CHANGES) {
			change[i] = rest % CHANGES;
			batch_add(after, kind_of(change[i]), "10.0.0.1", stamp_of(change[i]));
		}
		for (int i = LENGTH - 1; i >= 0; i--)
			batch_add_before(
			    before, kind_of(change[i]), "10.0.0.1", stamp_of(change[i]));
		for (size_t r = 0; r < COUNT(rows); r++) {
			int64_t expected = rows[r];

			for (int i = 0; i < LENGTH; i++)
				expected = model(expected, kind_of(change[i]), stamp_of(change[i]));
			if (planned(after, rows[r]) != expected ||
			    planned(before, rows[r]) != expected)
				fail_msg("%u %u %u %u of %lld: %lld and %lld, expected %lld",
				    change[0], change[1], change[2], change[3], (long long)rows[r],
				    (long long)planned(after, rows[r]),
				    (long long)planned(before, rows[r]), (long long)expected);
		}
	}
	relaydb_batch_free(&after);
	relaydb_batch_free(&before);
	relaydb_close(&db);
}

static void refused_changes_leave_the_batch(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;

	(void)state;
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_int_equal(relaydb_batch_count(batch), 0);
	assert_code(db, relaydb_batch_record(batch, "10.0.0.1", 5), RELAYDB_OK);
	assert_code(db, relaydb_batch_record(batch, "10.1", 5), RELAYDB_BADADDR);
	assert_says(db, "address");
	assert_code(db, relaydb_batch_put(batch, "", 5), RELAYDB_BADADDR);
	assert_code(db, relaydb_batch_delete(batch, "host.example"), RELAYDB_BADADDR);
	assert_code(db, relaydb_batch_delete_until(batch, "host.example", 5), RELAYDB_BADADDR);
	assert_code(db, relaydb_batch_delete_until(batch, "10.0.0.1", -1), RELAYDB_BADSTAMP);
	assert_code(db, relaydb_batch_put(batch, "10.0.0.1", -1), RELAYDB_BADSTAMP);
	assert_says(db, "expected 0 to 253402300799");
	assert_code(
	    db, relaydb_batch_record(batch, "10.0.0.1", RELAYDB_STAMP_MAX + 1), RELAYDB_BADSTAMP);
	assert_code(db, relaydb_batch_put(batch, "10.0.0.1", RELAYDB_PERMANENT), RELAYDB_BADSTAMP);
	assert_code(db, relaydb_batch_expire(batch, -1), RELAYDB_BADSTAMP);
	assert_code(db, relaydb_batch_expire(batch, RELAYDB_STAMP_MAX + 2), RELAYDB_BADSTAMP);
	assert_int_equal(relaydb_batch_count(batch), 1);
	/* the same address */
	assert_code(db, relaydb_batch_record(batch, "::ffff:10.0.0.1", 7), RELAYDB_OK);
	assert_int_equal(relaydb_batch_count(batch), 1);
	assert_code(db, relaydb_batch_expire(batch, 3), RELAYDB_OK);
	assert_int_equal(relaydb_batch_count(batch), 2);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	assert_string_equal(list(db), "10.0.0.1 7\n");
	relaydb_batch_clear(batch);
	assert_int_equal(relaydb_batch_count(batch), 0);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	assert_string_equal(list(db), "10.0.0.1 7\n");
	/* it can be filled again */
	assert_code(db, relaydb_batch_record(batch, "10.0.0.2", 5), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	assert_string_equal(list(db), "10.0.0.2 5\n10.0.0.1 7\n");
	relaydb_batch_free(&batch);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void absent_ones_are_named_in_order(void **state)
{
	static const struct raw rows[] = { { "10.0.0.2", "1", -1, -1 },
		{ "2001:db8::2", "1", -1, -1 } };
	static const char *const wanted[] = { "10.0.0.9", "10.0.0.2", "2001:db8::1", "10.0.0.1",
		"2001:DB8::2", "10.0.0.3" };
	static const char *const absent[] = { "10.0.0.9", "2001:db8::1", "10.0.0.1", "10.0.0.3" };
	struct relaydb *db = database();
	struct relaydb_result result;
	struct relaydb_batch *batch;

	(void)state;
	write_rows(rows, COUNT(rows));
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_code(db, relaydb_batch_delete(batch, wanted[i]), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	assert_int_equal(result.deleted, 2);
	assert_int_equal(result.absent, COUNT(absent));
	for (size_t i = 0; i < COUNT(absent); i++)
		assert_string_equal(relaydb_batch_absent(batch, i), absent[i]);
	assert_null(relaydb_batch_absent(batch, COUNT(absent)));
	/* again: now all of them are */
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	assert_int_equal(result.absent, COUNT(wanted));
	assert_string_equal(relaydb_batch_absent(batch, 1), "10.0.0.2");
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void missing_file(void **state)
{
	struct relaydb *db = database();
	struct relaydb_result result;
	struct relaydb_batch *batch;
	struct stat st;

	(void)state;
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_delete(batch, "10.0.0.1"), RELAYDB_OK);
	assert_code(db, relaydb_batch_expire(batch, CLOCK), RELAYDB_OK);
	/* nothing to record: not made */
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_NOFILE);
	assert_false(exists(""));
	assert_code(db, relaydb_batch_record(batch, "10.0.0.2", CLOCK), RELAYDB_OK);
	umask(0777); /* what is made has its own mode */
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	umask(022);
	assert_true(result.committed);
	assert_int_equal(result.added, 1);
	assert_int_equal(result.rows, 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_false(exists(".new"));
	assert_false(exists(".redo"));
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

static void missing_directory(void **state)
{
	const struct relaydb_options options = { .path = "/nonexistent/directory/relayers.db" };
	struct relaydb_batch *batch;
	struct relaydb *db;

	(void)state;
	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_record(batch, "10.0.0.2", CLOCK), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_NOFILE);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* ---- rows of an administrator, of postmap, of nobody ---- */

static void foreign_rows_are_carried_over(void **state)
{
	static char long_value[9000];
	const struct raw rows[] = {
		{ "10.0.0.1", "100", -1, -1 },
		{ "192.168.7", "OK", -1, -1 },
		{ "10.0.0.2", "REJECT", -1, -1 },
		{ "long", long_value, -1, 8999 },
		{ "bin\1\xff", "\0x\0", -1, 3 },
		{ "empty", "", -1, 0 },
		{ "", "no key", 0, -1 },
	};
	struct relaydb *db = database();
	struct relaydb_result result;
	struct relaydb_batch *batch;
	struct image image;
	struct image_info info;
	char why[128], value[9000];
	size_t size;

	(void)state;
	memset(long_value, 'L', sizeof long_value - 1);
	write_rows(rows, COUNT(rows));
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_expire(batch, RELAYDB_STAMP_MAX + 1), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	assert_int_equal(result.expired, 1);
	assert_int_equal(result.rows, COUNT(rows) - 1);
	relaydb_batch_clear(batch);
	for (unsigned n = 0; n < 5000; n++) /* and through a hash that is rebuilt */
		assert_code(db, relaydb_batch_put(batch, nth(n + 1000), CLOCK), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	assert_true(result.rewritten);
	assert_int_equal(result.rows, 5000 + COUNT(rows) - 1);
	image = read_file();
	assert_true(image_check(&image, &info, why, sizeof why));
	for (size_t i = 1; i < COUNT(rows); i++) {
		struct bytes key = raw_bytes(rows[i].key, rows[i].key_size),
			     want = raw_bytes(rows[i].value, rows[i].value_size);

		assert_int_equal(image_find(&image, key, value, sizeof value, &size), RELAYDB_OK);
		assert_int_equal(size, want.size);
		assert_memory_equal(value, want.data, size);
	}
	image_free(&image);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* Another style or spelling goes at the first commit that changes a row, all of
 * it, and of equal addresses the best stays. */
static void brought_into_the_store_s_form(void **state)
{
	static const struct {
		struct raw rows[6];
		const char *after;
		size_t changed, count;
	} cases[] = {
		{ { { "10.0.0.1", "100", 9, 4 }, { "10.0.0.2", "200", 9, 4 },
		      { "net", "OK", 4, 3 } },
		    "10.0.0.1 100\n10.0.0.2 200\n10.0.0.9 906502527\nnet OK\n", 0, 4 },
		{ { { "2001:DB8::1", "100", -1, -1 }, { "::ffff:10.0.0.3", "300", -1, -1 } },
		    "2001:db8::1 100\n10.0.0.3 300\n10.0.0.9 906502527\n", 0, 3 },
		{ { { "10.0.0.1", "100", 9, 4 }, { "10.0.0.1", "200", -1, -1 },
		      { "::ffff:10.0.0.1", "150", -1, -1 } },
		    "10.0.0.1 200\n10.0.0.9 906502527\n", 0, 2 },
		{ { { "10.0.0.1", "OK", 9, 3 }, { "10.0.0.1", "200", -1, -1 } },
		    "10.0.0.9 906502527\n10.0.0.1 OK\n", 0, 2 },
		{ { { "10.0.0.9", "100", 9, 4 } }, "10.0.0.9 906502527\n", 1, 1 },
		/* what is recorded already has to be found as well */
		{ { { "::FFFF:10.0.0.9", "OK", -1, -1 } }, "10.0.0.9 OK\n", 0, 1 },
		{ { { "10.0.0.9", "906502527", 9, 10 } }, "10.0.0.9 906502527\n", 0, 1 },
		{ { { "10.0.0.1", "100", 9, 4 }, { "10.0.0.9", "906502528", 9, 10 } },
		    "10.0.0.1 100\n10.0.0.9 906502528\n", 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct relaydb *db = database();
		struct relaydb_result result;
		struct relaydb_batch *batch;
		size_t rows = 0;

		while (rows < COUNT(cases[i].rows) && cases[i].rows[rows].key != NULL)
			rows++;
		write_rows(cases[i].rows, rows);
		assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
		assert_code(db, relaydb_batch_record(batch, "10.0.0.9", CLOCK), RELAYDB_OK);
		assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
		assert_true(result.rewritten);
		assert_true(result.committed);
		assert_int_equal(result.changed, cases[i].changed);
		assert_int_equal(result.rows, cases[i].count);
		assert_string_equal(list(db), cases[i].after);
		relaydb_batch_free(&batch);
		relaydb_close(&db);
	}
}

/* A database in which address TWICE has the row of another one too, on another
 * page of its bucket: sound to look at, but what Berkeley DB deletes is the
 * first of them, and when it moves rows it makes pages that are not. */
static struct image image_of_two(char twice[32], size_t *rows)
{
	static char value[900];
	struct raw raw[1000];
	static char keys[COUNT(raw)][32];
	struct image image;
	struct image_info info;
	char why[128], kept[32];

	*rows = COUNT(raw);
	memset(value, '1', sizeof value);
	for (unsigned n = 0; n < COUNT(raw); n++) {
		/* none within another */
		snprintf(keys[n], sizeof keys[n], "10.100.%u.%u", 100 + n / 100, 100 + n % 100);
		raw[n] = (struct raw){ keys[n], value, -1, (int)sizeof value };
	}
	write_rows(raw, COUNT(raw));
	image = read_file(); /* in memory that may be written */
	for (unsigned n = 0; n + 1 < COUNT(raw); n++) {
		for (unsigned m = n + 1; m < COUNT(raw) && m < n + 50; m++) {
			size_t size = strlen(keys[n]);
			char *there = memmem(image.data, image.size, keys[m], size);

			assert_non_null(there);
			memcpy(kept, there, size);
			memcpy(there, keys[n], size);
			/* (it may also have been the free space of a page) */
			if (image_check(&image, &info, why, sizeof why) && !info.plain) {
				strcpy(twice, keys[n]);
				return image;
			}
			memcpy(there, kept, size);
		}
	}
	fail_msg("no such image");
	return image;
}

static void a_row_that_is_there_twice_is_made_one(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct relaydb_result result;
	char twice[32];
	size_t rows;
	int64_t stamp;
	struct image image = image_of_two(twice, &rows);

	(void)state;
	write_file("", image.data, image.size);
	image_free(&image);
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_delete(batch, twice), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	assert_true(result.rewritten);
	assert_int_equal(result.rows, rows - 2);
	assert_code(db, relaydb_get(db, twice, &stamp), RELAYDB_NOTFOUND);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

/* ---- the size of the hash ---- */

static void grows_and_shrinks_without_losing_rows(void **state)
{
	struct relaydb *db = database();
	struct relaydb_batch *batch;
	struct relaydb_result result;
	unsigned rebuilt = 0, rows = 0;
	struct stat large, small;
	int64_t stamp;

	(void)state;
	for (unsigned step = 0; step < 30; step++) {
		assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
		for (unsigned n = 0; n < 700; n++, rows++)
			assert_code(
			    db, relaydb_batch_record(batch, nth(rows), 1000 + rows), RELAYDB_OK);
		assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
		assert_int_equal(result.rows, rows);
		assert_int_equal(result.added, 700);
		rebuilt += step > 0 && result.rewritten;
		relaydb_batch_free(&batch);
	}
	assert_int_equal(count_rows(db), rows);
	assert_in_range(rebuilt, 2, 4); /* it doubles: 4,095 rows at first */
	assert_int_equal(stat(path, &large), 0);
	for (unsigned n = 0; n < rows; n += 997) {
		assert_code(db, relaydb_get(db, nth(n), &stamp), RELAYDB_OK);
		assert_int_equal(stamp, 1000 + n);
	}
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_expire(batch, 1000 + rows - 5), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, &result), RELAYDB_OK);
	assert_int_equal(result.expired, rows - 5);
	assert_int_equal(result.rows, 5);
	assert_true(result.rewritten);
	assert_int_equal(count_rows(db), 5);
	assert_int_equal(stat(path, &small), 0);
	assert_true(small.st_size < large.st_size / 3);
	assert_int_equal(small.st_ino, large.st_ino);
	relaydb_batch_free(&batch);
	relaydb_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(outcome_for_one_address),
		SCRATCH_TEST(joined_changes_are_as_one_by_one),
		SCRATCH_TEST(refused_changes_leave_the_batch),
		SCRATCH_TEST(absent_ones_are_named_in_order),
		SCRATCH_TEST(missing_file),
		SCRATCH_TEST(missing_directory),
		SCRATCH_TEST(foreign_rows_are_carried_over),
		SCRATCH_TEST(brought_into_the_store_s_form),
		SCRATCH_TEST(a_row_that_is_there_twice_is_made_one),
		SCRATCH_TEST(grows_and_shrinks_without_losing_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
