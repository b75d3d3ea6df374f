/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_load.c - a dump becomes the database, whole or not at all, and a
 * bad line is reported by its number
 */
#include "relaydb_scratch.h"

#include <sys/mman.h>

/* A descriptor at the start of SIZE bytes. */
static int dump_of(const char *text, size_t size)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int load(struct relaydb *db, const char *text, size_t size, struct relaydb_result *result)
{
	int fd = dump_of(text, size), code = relaydb_load(db, fd, NOW, NULL, NULL, result);

	close(fd);
	return code;
}

static void good_dumps(void **state)
{
	static const struct {
		const char *dump, *after;
	} cases[] = {
		{ "", "" },
		{ "\n\n# only comments\n#\n\r\n", "" },
		{ "10.0.0.1 100\n", "10.0.0.1 100\n" },
		{ "10.0.0.1 100", "10.0.0.1 100\n" },
		{ "10.0.0.1\t \t100\n", "10.0.0.1 100\n" },
		{ "10.0.0.1 100 \t\r\n", "10.0.0.1 100\n" },
		{ "10.0.0.1 000100\r\n", "10.0.0.1 100\n" },
		{ "# timestamp (UTC): Tue Sep 22 22:15:27 1998\n10.11.12.13 906502527\n",
		    "10.11.12.13 906502527\n" },
		{ "10.0.0.2 200\n10.0.0.1 200\n2001:db8::1 200\n10.0.0.9 100\n",
		    "10.0.0.9 100\n10.0.0.1 200\n10.0.0.2 200\n2001:db8::1 200\n" },
		{ "2001:DB8:0::1 5\n::ffff:10.0.0.1 6\n", "2001:db8::1 5\n10.0.0.1 6\n" },
		{ "10.0.0.1 OK\n192.168.7 OK\nexample.com 550 5.7.1 no, thanks\n10.1 5\n",
		    "10.0.0.1 OK\n10.1 5\n192.168.7 OK\nexample.com 550 5.7.1 no, thanks\n" },
		{ "10.0.0.1 -5\n10.0.0.2 99999999999999999999\n",
		    "10.0.0.1 -5\n10.0.0.2 99999999999999999999\n" },
		{ "Case One\ncase two\n", "Case One\ncase two\n" },
		{ "10.0.0.1 253402300799\n", "10.0.0.1 253402300799\n" },
		{ "net #5\n", "net #5\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct relaydb *db = database();
		struct relaydb_result result;

		assert_code(
		    db, load(db, cases[i].dump, strlen(cases[i].dump), &result), RELAYDB_OK);
		assert_string_equal(list(db), cases[i].after);
		assert_int_equal(result.rows, count_rows(db));
		/* and again */
		assert_code(
		    db, load(db, cases[i].after, strlen(cases[i].after), &result), RELAYDB_OK);
		assert_string_equal(list(db), cases[i].after);
		relaydb_close(&db);
	}
}

static void bad_lines(void **state)
{
	static const struct {
		const char *dump;
		size_t size; /* 0: strlen */
		int code;
		const char *words;
	} cases[] = {
		{ "10.0.0.1\n", 0, RELAYDB_BADSTAMP, "line 1: no value" },
		{ "10.0.0.1", 0, RELAYDB_BADSTAMP, "line 1: no value" },
		{ "10.0.0.1 \t \n", 0, RELAYDB_BADSTAMP, "line 1: no value" },
		{ "10.0.0.1\r\n", 0, RELAYDB_BADSTAMP, "line 1: no value" },
		{ "# x\n\n10.0.0.1 1\n10.0.0.2\n", 0, RELAYDB_BADSTAMP, "line 4: no value" },
		{ "10.0.0.1 1\n 10.0.0.2 1\n", 0, RELAYDB_BADADDR, "line 2: starts with a blank" },
		{ "\t\n", 0, RELAYDB_BADADDR, "line 1: starts with a blank" },
		{ " # x\n", 0, RELAYDB_BADADDR, "line 1: starts with a blank" },
		{ "10.0.0.1 1\n10.0.0.2 1\0002\n", 24, RELAYDB_BADADDR, "line 2: a NUL byte" },
		{ "10.0.0.1\0 1\n", 12, RELAYDB_BADADDR, "line 1: a NUL byte" },
		{ "10.0.0.1 1\n10.0.0.2 1\n10.0.0.1 1\n", 0, RELAYDB_BADADDR,
		    "line 3: the key of line 1 again" },
		{ "10.0.0.1 1\n\n::ffff:10.0.0.1 2\n", 0, RELAYDB_BADADDR,
		    "line 3: the key of line 1 again" },
		{ "2001:db8::1 1\n#\n2001:DB8:0:0::1 OK\n", 0, RELAYDB_BADADDR,
		    "line 3: the key of line 1 again" },
		{ "net OK\na b\nc d\nnet OK\n", 0, RELAYDB_BADADDR,
		    "line 4: the key of line 1 again" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct relaydb *db = database();
		struct image before, after;

		put_many(db, 0, 9, 100);
		before = read_file();
		assert_code(db,
		    load(db, cases[i].dump,
			cases[i].size != 0 ? cases[i].size : strlen(cases[i].dump), NULL),
		    cases[i].code);
		assert_says(db, cases[i].words);
		after = read_file();
		assert_int_equal(before.size, after.size);
		assert_memory_equal(before.data, after.data, after.size);
		image_free(&before);
		image_free(&after);
		relaydb_close(&db);
	}
}

/* What a load makes of what was there. */
static void results(void **state)
{
	static const char dump[] = "10.0.0.1 100\n10.0.0.2 999\n10.0.0.7 100\nnet OK\n";
	struct relaydb *db = database();
	struct relaydb_result result;
	struct stat before, after;

	(void)state;
	put_many(db, 0, 5, 100);
	assert_int_equal(stat(path, &before), 0);
	assert_code(db, load(db, dump, sizeof dump - 1, &result), RELAYDB_OK);
	assert_true(result.committed);
	assert_int_equal(result.rows, 4);
	assert_int_equal(result.added, 2);
	assert_int_equal(result.changed, 1);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_true(after.st_mtim.tv_sec > before.st_mtim.tv_sec);
	relaydb_close(&db);
}

static void makes_a_missing_database(void **state)
{
	struct relaydb *db = database();
	struct relaydb_result result;
	struct image image;
	struct image_info info;
	char why[128];

	(void)state;
	assert_code(db, load(db, "", 0, &result), RELAYDB_OK);
	assert_true(result.committed);
	image = read_file();
	assert_true(image.size > 0); /* one that an MTA can open */
	assert_true(image_check(&image, &info, why, sizeof why));
	image_free(&image);
	relaydb_close(&db);
}

/* A damaged or foreign file is never overwritten. */
static void leaves_a_foreign_file(void **state)
{
	struct relaydb *db = database();
	struct image after;

	(void)state;
	write_file("", "precious text\n", 14);
	assert_code(db, load(db, "10.0.0.1 1\n", 11, NULL), RELAYDB_NOTDB);
	after = read_file();
	assert_int_equal(after.size, 14);
	assert_memory_equal(after.data, "precious text\n", 14);
	image_free(&after);
	relaydb_close(&db);
}

static void unreadable_input(void **state)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC), pipes[2];
	struct relaydb *db = database();

	struct relaydb_result result = { .rows = 1, .committed = true };

	(void)state;
	assert_code(db, relaydb_load(db, fd, NOW, NULL, NULL, &result), RELAYDB_IO);
	assert_says(db, "cannot read the dump");
	assert_int_equal(result.rows, 0);
	assert_false(result.committed);
	close(fd);
	assert_code(db, relaydb_load(db, -1, NOW, NULL, NULL, NULL), RELAYDB_IO);
	assert_false(exists(""));
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0); /* a pipe, in two pieces */
	assert_int_equal(write(pipes[1], "10.0.0.1 1\n10.0", 15), 15);
	if (fork() == 0) {
		close(pipes[0]);
		_exit(write(pipes[1], ".0.2 2\n", 7) == 7 ? 0 : 1);
	}
	close(pipes[1]);
	assert_code(db, relaydb_load(db, pipes[0], NOW, NULL, NULL, NULL), RELAYDB_OK);
	assert_string_equal(list(db), "10.0.0.1 1\n10.0.0.2 2\n");
	close(pipes[0]);
	wait(NULL);
	relaydb_close(&db);
}

/* ---- progress ---- */

struct watch {
	size_t calls, reading, total;
	size_t stop_at; /* the call that says stop; 0: none */
};

static int watch_progress(size_t done, size_t total, void *arg)
{
	struct watch *watch = arg;

	watch->calls++;
	if (total == 0)
		watch->reading++;
	else
		assert_true(done <= total);
	watch->total = total;
	return watch->calls == watch->stop_at ? -42 : 0;
}

static void progress_and_its_stop(void **state)
{
	const unsigned rows = 100000;
	struct relaydb *db = database();
	char *dump = malloc((size_t)rows * 32);
	struct watch watch = { .calls = 0 };
	struct relaydb_result result;
	size_t size = 0, calls;
	int fd;

	(void)state;
	for (unsigned n = 0; n < rows; n++)
		size += (size_t)sprintf(dump + size, "%s 906502527\n", nth(n));
	fd = dump_of(dump, size);
	assert_code(db, relaydb_load(db, fd, NOW, watch_progress, &watch, &result), RELAYDB_OK);
	assert_int_equal(result.rows, rows);
	assert_int_equal(watch.total, rows);
	assert_in_range(watch.reading, 2, 1000);
	assert_in_range(watch.calls, watch.reading + 2, 2000);
	calls = watch.calls;
	put_many(db, 0, 0, 1);
	for (size_t stop = 1; stop <= calls; stop++) { /* while it reads, while it builds */
		watch = (struct watch){ .stop_at = stop };
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(relaydb_load(db, fd, NOW, watch_progress, &watch, NULL), -42);
		assert_int_equal(watch.calls, stop);
		assert_false(exists(".new"));
	}
	assert_int_equal(count_rows(db), rows);
	close(fd);
	free(dump);
	relaydb_close(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(good_dumps),
		SCRATCH_TEST(bad_lines),
		SCRATCH_TEST(results),
		SCRATCH_TEST(makes_a_missing_database),
		SCRATCH_TEST(leaves_a_foreign_file),
		SCRATCH_TEST(unreadable_input),
		SCRATCH_TEST(progress_and_its_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
