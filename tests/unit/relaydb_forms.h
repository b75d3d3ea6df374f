/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relaydb_forms.h - the table of the forms of the database, and what the tests
 * that run once for each of them share
 *
 * Each test has a database of its own.  What a form cannot do has a flag in the
 * table and is skipped by its name.
 */
#ifndef TESTS_RELAYDB_FORMS_H
#define TESTS_RELAYDB_FORMS_H

#include "assert_code.h"
#include "relaydb.h"
#include "scratch.h"
#include "step.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW ((int64_t)time(NULL))

static const struct form {
	const char *suffix;
	bool one_a_second; /* MTAs notice one change a second: commits wait for the clock */
	bool owner_only; /* only the owner of file and directory may write it */
	bool long_keys; /* keys of more than 510 bytes */
	bool reads_private; /* who reads must also be the owner or root */
	bool locks_file; /* a commit locks the file itself, from begin to end */
	bool reads_parts; /* a get reads what it needs of the file */
	unsigned stats; /* calls of stat(2) in a get of a file that did not change */
} forms[] = {
	{ ".db", true, false, true, false, false, false, 2 },
	{ ".lmdb", false, true, false, false, true, true, 1 },
	{ ".sqlite", false, true, true, true, false, false, 1 },
};

static const struct form *form;
static char path[96];

static inline int set_up(void **state)
{
	form = *state;
	if (scratch_directory() != 0)
		return -1;
	snprintf(path, sizeof path, "%s/relayers%s", directory, form->suffix);
	return 0;
}

static inline int tear_down(void **state)
{
	const struct dirent *entry;
	DIR *dir = opendir(directory);

	(void)state;
	relaydb_test_step = NULL;
	relaydb_test_store = NULL;
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(directory);
}

/* As if a while had passed since the last commit, so that the next need not
 * wait for it. */
static inline void rest(void)
{
	static int64_t rests;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = NOW - 1000000 + ++rests } };

	if (form->one_a_second)
		utimensat(AT_FDCWD, path, times, 0);
}

static inline struct relaydb *database(void)
{
	const struct relaydb_options options = { .path = path, .timeout_ms = 20000 };
	struct relaydb *db;

	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	return db;
}

static inline const char *nth(unsigned n)
{
	static char text[32];

	snprintf(text, sizeof text, "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
	return text;
}

/* Puts the addresses FIRST to LAST with STAMP, in one commit. */
static inline int put(struct relaydb *db, unsigned first, unsigned last, int64_t stamp)
{
	struct relaydb_batch *batch;
	int code;

	assert_int_equal(relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (unsigned n = first; n <= last; n++)
		assert_int_equal(relaydb_batch_put(batch, nth(n), stamp), RELAYDB_OK);
	code = relaydb_commit(batch, NOW, NULL);
	relaydb_batch_free(&batch);
	return code;
}

static inline int load(struct relaydb *db, const char *text, struct relaydb_result *result)
{
	size_t size = strlen(text);
	int code, fd = memfd_create("dump", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, size), size);
	lseek(fd, 0, SEEK_SET);
	rest();
	code = relaydb_load(db, fd, NOW, NULL, NULL, result);
	close(fd);
	return code;
}

struct listing {
	char text[16384];
	size_t used;
};

static inline int listing_row(const struct relaydb_row *row, void *arg)
{
	struct listing *listing = arg;

	listing->used +=
	    (size_t)snprintf(listing->text + listing->used, sizeof listing->text - listing->used,
		"%.*s %.*s\n", (int)row->key_size, row->key, (int)row->value_size, row->value);
	assert_true(listing->used < sizeof listing->text);
	return 0;
}

static inline const char *list(struct relaydb *db)
{
	static struct listing listing;

	listing = (struct listing){ .used = 0 };
	assert_code(db, relaydb_each(db, listing_row, &listing), RELAYDB_OK);
	return listing.text;
}

static inline int ignore_row(const struct relaydb_row *row, void *arg)
{
	(void)row, (void)arg;
	return 0;
}

static inline void ignore_finding(const struct relaydb_finding *finding, void *arg)
{
	(void)finding, (void)arg;
}

struct form_test {
	const char *name;
	void (*run)(void **state);
};

/* Runs each of the TESTS for each form; with an argument those whose name
 * matches it, such as damage.lmdb.  For main() to return. */
static inline int run_forms(
    const char *group, const struct form_test *tests, size_t count, int argc, char **argv)
{
	static char label[256][64];
	static struct CMUnitTest all[256];
	size_t n = 0;

	assert_true(count * COUNT(forms) <= COUNT(all));
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < COUNT(forms); i++)
		for (size_t t = 0; t < count; t++, n++) {
			snprintf(label[n], sizeof label[n], "%s%s", tests[t].name, forms[i].suffix);
			all[n] = (struct CMUnitTest){ label[n], tests[t].run, set_up, tear_down,
				(void *)(uintptr_t)&forms[i] };
		}
	return _cmocka_run_group_tests(group, all, n, NULL, NULL);
}

#define FORM_TEST(name)                                                                            \
	{                                                                                          \
#name, name                                                                        \
	}

#endif
