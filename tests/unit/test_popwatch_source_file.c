/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_source_file.c - which files belong to a log, and how long one is kept open (source_file.h)
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "source_file.h"

#define BUDGET 1000000
#define MINUTE 60000

static char folder[] = "/tmp/test_source.XXXXXX";

/* The lines that were taken, one after the other, with a blank behind each. */
struct taken {
	char text[1024];
};

static int setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void append(const char *name, const char *text)
{
	FILE *out = fopen(path_of(name), "ae");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void take(const char *text, size_t size, bool cut, void *arg)
{
	struct taken *taken = arg;
	size_t used = strlen(taken->text);

	assert_false(cut);
	snprintf(taken->text + used, sizeof taken->text - used, "%.*s ", (int)size, text);
}

/* What one look at CLOCK_MS brings. */
static const char *look(struct source_file *source, int64_t clock_ms)
{
	static struct taken taken;

	*taken.text = '\0';
	assert_false(source_file_read(source, BUDGET, clock_ms, take, &taken));
	return taken.text;
}

static void test_neighbours(void **state)
{
	static const struct {
		const char *name;
		bool ours;
	} cases[] = {
		{ "mail.1", true },
		{ "mail.0", true },
		{ "mail.old", true },
		{ "mail-20261120", true },
		{ "mail-2026-11-20", true },
		{ "mail.20261120-10", true },
		{ "mail.info", false },
		{ "mail.err", false },
		{ "mail.log", false },
		{ "mail.log.1", false },
		{ "mail-debug", false },
		{ "mail.older", false },
		{ "mail.", false },
		{ "mail-", false },
		{ "mail.1.gz", false },
		{ "mailer", false },
		{ "mail1", false },
	};
	struct source_file *source;

	(void)state;
	append("mail", "");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		append(cases[i].name, "line\n");
		source = source_file_new(path_of("mail"), 0, 0);
		assert_non_null(source);
		if ((strcmp(look(source, 0), "line ") == 0) != cases[i].ours)
			fail_msg("%s", cases[i].name);
		source_file_free(source);
		unlink(path_of(cases[i].name));
	}
	unlink(path_of("mail"));
}

/* A file that was deleted is read for as long as somebody writes into it, and let go a minute after. */
static void test_deleted(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	int64_t clock_ms = 0;
	FILE *writer;

	(void)state;
	append("log", "a\n");
	assert_string_equal(look(source, clock_ms), "a ");
	assert_non_null(writer = fopen(path_of("log"), "ae"));
	unlink(path_of("log"));
	append("log", "b\n");
	assert_string_equal(look(source, clock_ms += 10 * MINUTE), "b ");
	for (int i = 0; i < 3; i++) {
		fputs("c\n", writer);
		fflush(writer);
		assert_string_equal(look(source, clock_ms += MINUTE - 1), "c ");
		assert_int_equal(source_file_open(source), 2);
	}
	assert_string_equal(look(source, clock_ms += 1), "");
	assert_string_equal(look(source, clock_ms += MINUTE - 1), "");
	assert_int_equal(source_file_open(source), 2);
	assert_string_equal(look(source, clock_ms += 1), "");
	assert_int_equal(source_file_open(source), 1);
	append("log", "d\n");
	assert_string_equal(look(source, clock_ms += MINUTE), "d ");
	source_file_free(source);
	fclose(writer);
	unlink(path_of("log"));
}

/* One that was renamed stays open: its logger may be told late. */
static void test_renamed(void **state)
{
	struct source_file *source = source_file_new(path_of("log"), 0, 0);
	char old[PATH_MAX];

	(void)state;
	append("log", "a\n");
	assert_string_equal(look(source, 0), "a ");
	snprintf(old, sizeof old, "%s", path_of("log.1"));
	assert_int_equal(rename(path_of("log"), old), 0);
	append("log", "b\n");
	assert_string_equal(look(source, 1), "b ");
	assert_string_equal(look(source, 60 * MINUTE), "");
	assert_int_equal(source_file_open(source), 2);
	append("log.1", "c\n");
	assert_string_equal(look(source, 60 * MINUTE + 1), "c ");
	source_file_free(source);
	unlink(path_of("log"));
	unlink(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_renamed),
	};

	return cmocka_run_group_tests_name("source_file", tests, setup, teardown);
}
