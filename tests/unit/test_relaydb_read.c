/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_read.c - get and each: which rows, in which order, in which
 * style, and what reading leaves alone
 */
#include "relaydb_scratch.h"

static void order_of_rows(void **state)
{
	static const struct raw rows[] = {
		{ "zone", "OK", -1, -1 },
		{ "10.0.0.10", "200", -1, -1 },
		{ "10.0.0.9", "200", -1, -1 }, /* by number, not by text */
		{ "2001:db8::1", "100", -1, -1 },
		{ "::1", "200", -1, -1 },
		{ "9.0.0.1", "200", -1, -1 },
		{ "10.0.0.1", "300", -1, -1 },
		{ "10.0.0.2", "0", -1, -1 },
		{ "10.0.0.3", "OK", -1, -1 },
		{ "10.0.0.4", "253402300799", -1, -1 },
		{ "10.0.0.5", "253402300800", -1, -1 }, /* no stamp any more */
		{ "", "x", 0, -1 },
		{ "Zone", "OK", -1, -1 },
	};
	struct relaydb *db = database();

	(void)state;
	write_rows(rows, COUNT(rows));
	assert_string_equal(list(db),
	    "10.0.0.2 0\n2001:db8::1 100\n9.0.0.1 200\n10.0.0.9 200\n10.0.0.10 200\n::1 200\n"
	    "10.0.0.1 300\n10.0.0.4 253402300799\n"
	    " x\n10.0.0.3 OK\n10.0.0.5 253402300800\nZone OK\nzone OK\n");
	relaydb_close(&db);
}

static void get(void **state)
{
	static const struct raw rows[] = {
		{ "10.0.0.1", "100", -1, -1 },
		{ "10.0.0.2", "OK", -1, -1 },
		{ "10.0.0.3", "100 \t\r", -1, -1 },
		{ "10.0.0.4", "", -1, 0 },
		{ "2001:db8::1", "253402300799", -1, -1 },
		{ "10.0.0.5", " 100", -1, -1 },
		{ "10.0.0.6", "0000000000000000000000000000000000000000000000100", -1, -1 },
		{ "10.0.0.7", "100                                              ", -1, -1 },
		{ "10.0.0", "100", -1, -1 },
	};
	static const struct {
		const char *address;
		int code;
		int64_t stamp;
	} cases[] = {
		{ "10.0.0.1", RELAYDB_OK, 100 },
		{ "::ffff:10.0.0.1", RELAYDB_OK, 100 },
		{ "10.0.0.2", RELAYDB_NOENTRY, RELAYDB_PERMANENT },
		{ "10.0.0.3", RELAYDB_OK, 100 },
		{ "10.0.0.4", RELAYDB_NOENTRY, RELAYDB_PERMANENT },
		{ "2001:DB8:0:0:0:0:0:1", RELAYDB_OK, RELAYDB_STAMP_MAX },
		{ "10.0.0.5", RELAYDB_NOENTRY, RELAYDB_PERMANENT },
		{ "10.0.0.6", RELAYDB_OK, 100 },
		{ "10.0.0.7", RELAYDB_OK, 100 },
		{ "10.0.0.8", RELAYDB_NOTFOUND, 0 },
		{ "10.0.0", RELAYDB_BADADDR, 0 },
		{ "", RELAYDB_BADADDR, 0 },
	};
	struct relaydb *db = database();

	(void)state;
	write_rows(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t stamp = 4711;

		assert_code(db, relaydb_get(db, cases[i].address, &stamp), cases[i].code);
		assert_int_equal(stamp, cases[i].stamp != 0 ? cases[i].stamp : 4711);
		assert_int_equal(*relaydb_error(db) != '\0', cases[i].code != RELAYDB_OK);
	}
	relaydb_close(&db);
}

struct entry {
	int64_t stamp;
	char address[RELAYDB_ADDRSTRLEN];
	bool entry;
};

struct entries {
	struct entry entry[16];
	size_t count;
};

static int collect(const struct relaydb_row *row, void *arg)
{
	struct entries *entries = arg;
	struct entry *entry = &entries->entry[entries->count++];

	memcpy(entry->address, row->address, sizeof entry->address);
	entry->stamp = row->stamp;
	entry->entry = row->entry;
	return 0;
}

/* A file in postmap's style, and one that mixes styles and spellings. */
static void other_styles(void **state)
{
	static const struct raw rows[] = {
		{ "10.0.0.1", "100", 9, 4 },
		{ "10.0.0.2", "200", 9, 3 }, /* a NUL behind the key alone */
		{ "10.0.0.3", "300", 8, 4 }, /* behind the value alone: no number */
		{ "10.0.0.4\0", "400", 10, 4 }, /* two: no address */
		{ "2001:DB8::5", "500", -1, -1 },
		{ "::FFFF:10.0.0.6", "600", 16, 4 },
		{ "net", "OK", 4, 3 },
	};
	static const struct entry wanted[] = {
		{ 100, "10.0.0.1", true },
		{ 200, "10.0.0.2", true },
		{ 500, "2001:db8::5", true },
		{ 600, "10.0.0.6", true },
		{ 0, "", false },
		{ 0, "", false },
		{ 0, "", false },
	};
	struct relaydb *db = database();
	struct entries entries = { .count = 0 };
	int64_t stamp;

	(void)state;
	write_rows(rows, COUNT(rows));
	assert_code(db, relaydb_each(db, collect, &entries), RELAYDB_OK);
	assert_int_equal(entries.count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		assert_int_equal(entries.entry[i].entry, wanted[i].entry);
		if (!wanted[i].entry)
			continue;
		assert_string_equal(entries.entry[i].address, wanted[i].address);
		assert_int_equal(entries.entry[i].stamp, wanted[i].stamp);
		assert_code(db, relaydb_get(db, wanted[i].address, &stamp), RELAYDB_OK);
		assert_int_equal(stamp, wanted[i].stamp);
	}
	assert_code(db, relaydb_get(db, "10.0.0.3", &stamp), RELAYDB_NOENTRY);
	assert_int_equal(stamp, RELAYDB_PERMANENT);
	assert_code(db, relaydb_get(db, "10.0.0.4", &stamp), RELAYDB_NOTFOUND);
	relaydb_close(&db);
}

static int stop_at_second(const struct relaydb_row *row, void *arg)
{
	(void)row;
	return ++*(int *)arg == 2 ? -9 : 0;
}

static void walk_is_stopped(void **state)
{
	struct relaydb *db = database();
	int calls = 0;

	(void)state;
	put_many(db, 0, 9, 1);
	assert_int_equal(relaydb_each(db, stop_at_second, &calls), -9);
	assert_int_equal(calls, 2);
	relaydb_close(&db);
}

/* Entries since a stamp, in their order; nothing that is no entry. */
static void entries_since(void **state)
{
	static const struct raw rows[] = {
		{ "10.0.0.1", "100", -1, -1 },
		{ "10.0.0.2", "99", -1, -1 },
		{ "10.0.0.3", "OK", -1, -1 },
		{ "10.0.0.4", "101", -1, -1 },
		{ "10.0.0", "100", -1, -1 },
		{ "2001:db8::1", "0", -1, -1 },
	};
	static const struct {
		int64_t since;
		const char *listing;
	} cases[] = {
		{ -7, "2001:db8::1 0\n10.0.0.2 99\n10.0.0.1 100\n10.0.0.4 101\n" },
		{ 0, "2001:db8::1 0\n10.0.0.2 99\n10.0.0.1 100\n10.0.0.4 101\n" },
		{ 100, "10.0.0.1 100\n10.0.0.4 101\n" },
		{ 101, "10.0.0.4 101\n" },
		{ 102, "" },
	};
	struct relaydb *db = database();

	(void)state;
	write_rows(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listing listing = { .used = 0 };

		assert_code(
		    db, relaydb_entries(db, cases[i].since, listing_row, &listing), RELAYDB_OK);
		assert_string_equal(listing.text, cases[i].listing);
	}
	relaydb_close(&db);
}

/* The lock is given back before the rows are: a callback that never ends would
 * stop mail. */
static int commit_inside(const struct relaydb_row *row, void *arg)
{
	struct relaydb *db = database();

	(void)row;
	put_many(db, 100, 100, 7);
	relaydb_close(&db);
	++*(int *)arg;
	return 0;
}

static void callback_may_commit(void **state)
{
	struct relaydb *db = database();
	int calls = 0;

	(void)state;
	put_many(db, 0, 1, 1);
	assert_code(db, relaydb_each(db, commit_inside, &calls), RELAYDB_OK);
	assert_int_equal(calls, 2);
	assert_int_equal(count_rows(db), 3);
	relaydb_close(&db);
}

static void nothing_to_read(void **state)
{
	struct relaydb *db = database();
	size_t rows = 0;
	int64_t stamp;

	(void)state;
	assert_code(db, relaydb_each(db, count_row, &rows), RELAYDB_NOFILE);
	assert_code(db, relaydb_get(db, "10.0.0.1", &stamp), RELAYDB_NOFILE);
	assert_false(exists("")); /* readers make nothing */
	assert_false(exists(".lock"));
	write_file("", "", 0);
	assert_code(db, relaydb_each(db, count_row, &rows), RELAYDB_OK);
	assert_int_equal(rows, 0);
	assert_code(db, relaydb_get(db, "10.0.0.1", &stamp), RELAYDB_NOTFOUND);
	put_many(db, 1, 1, 5); /* an empty file is a fresh database */
	assert_string_equal(list(db), "10.0.0.1 5\n");
	relaydb_close(&db);
}

static void not_a_database(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} cases[] = { { "x", 1 }, { "precious text", 13 }, { "\0\0\0\0", 4 } };
	struct relaydb *db = database();
	size_t rows = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		write_file("", cases[i].text, cases[i].size);
		assert_code(db, relaydb_each(db, count_row, &rows), RELAYDB_NOTDB);
		assert_says(db, path);
	}
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_code(db, relaydb_each(db, count_row, &rows), RELAYDB_NOTDB);
	assert_says(db, "is a directory");
	rmdir(path);
	assert_int_equal(mkfifo(path, 0644), 0); /* nobody writes to it: it must not hold us up */
	assert_code(db, relaydb_each(db, count_row, &rows), RELAYDB_NOTDB);
	assert_says(db, "not a regular file");
	assert_int_equal(rows, 0);
	relaydb_close(&db);
}

/* A reader needs no right to write, neither to the file nor to its
 * directory. */
static void readers_need_not_write(void **state)
{
	struct relaydb *db = database();
	struct image before, after;
	struct stat st, later;

	(void)state;
	put_many(db, 0, 9, 1);
	before = read_file();
	unlink(beside(".lock"));
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(directory, 0555), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(count_rows(db), 10);
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(stat(path, &later), 0);
	after = read_file();
	assert_memory_equal(before.data, after.data, after.size);
	assert_int_equal(st.st_mtim.tv_nsec, later.st_mtim.tv_nsec);
	assert_false(exists(".lock"));
	image_free(&before);
	image_free(&after);
	relaydb_close(&db);
}

/* The first page is proved before the size is looked at, and the size before
 * anything is read.  A limit below the file's size shows which came first. */
static void larger_than_wanted(void **state)
{
	struct relaydb_options options = { .path = path, .timeout_ms = -1 };
	struct relaydb_batch *batch;
	struct relaydb *db;
	struct image image;
	int64_t stamp;

	(void)state;
	db = database();
	put_many(db, 0, 9999, CLOCK);
	relaydb_close(&db);
	image = read_file();
	options.size_max = image.size / 2;
	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	assert_code(db, relaydb_get(db, nth(1), &stamp), RELAYDB_NOMEM);
	assert_says(db, "this program takes");
	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	assert_code(db, relaydb_batch_record(batch, nth(1), CLOCK + 1), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_NOMEM);
	relaydb_batch_free(&batch);
	/* a page more than the first page says */
	assert_int_equal(truncate(path, (off_t)image.size + 4096), 0);
	assert_code(db, relaydb_get(db, nth(1), &stamp), RELAYDB_NOTDB);
	assert_says(db, "pages, expected");
	memset(image.data, 'x', 512);
	write_file("", image.data, image.size);
	assert_code(db, relaydb_get(db, nth(1), &stamp), RELAYDB_NOTDB);
	relaydb_close(&db);
	options.size_max = image.size;
	image.size = 0;
	write_file("", NULL, 0);
	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	assert_code(db, relaydb_get(db, nth(1), &stamp), RELAYDB_NOTFOUND);
	relaydb_close(&db);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(order_of_rows),
		SCRATCH_TEST(get),
		SCRATCH_TEST(other_styles),
		SCRATCH_TEST(entries_since),
		SCRATCH_TEST(walk_is_stopped),
		SCRATCH_TEST(callback_may_commit),
		SCRATCH_TEST(nothing_to_read),
		SCRATCH_TEST(not_a_database),
		SCRATCH_TEST(larger_than_wanted),
		SCRATCH_TEST(readers_need_not_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
