/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_rotation.c - which files of a directory are a log's, and in
 * which order they were written (rotation.h)
 */
#include "rotation.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW 1795175258

static const char *in_directory(const char *name)
{
	static char path[192];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

/* An empty file, written AGO seconds ago. */
static void make_file(const char *name, long ago)
{
	const struct timespec times[2] = { { .tv_sec = NOW - ago }, { .tv_sec = NOW - ago } };
	int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* The names of the files that LOG has beside it, oldest first. */
static void collect(const char *log, char *names, size_t size)
{
	struct log_name name = { NULL };
	struct candidates found = { NULL, 0 };

	assert_true(log_name_set(&name, in_directory(log)));
	candidates_collect(&name, &found);
	candidates_sort(&found);
	*names = '\0';
	for (size_t i = 0; i < found.count; i++) {
		assert_false(found.list[i].current);
		snprintf(names + strlen(names), size - strlen(names), "%s ",
		    strrchr(found.list[i].path, '/') + 1);
	}
	candidates_free(&found);
	log_name_clear(&name);
}

static void paths(void **state)
{
	static const struct {
		const char *path, *directory, *name;
	} cases[] = {
		{ "/var/log/mail.log", "/var/log", "mail.log" },
		{ "/mail.log", "/", "mail.log" },
		{ "mail.log", ".", "mail.log" },
		{ "log/mail.log", "log", "mail.log" },
	};
	struct log_name name = { NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(log_name_set(&name, cases[i].path));
		assert_string_equal(name.directory, cases[i].directory);
		assert_string_equal(name.name, cases[i].name);
	}
	log_name_clear(&name);
	assert_null(name.directory);
}

/* Alone in the directory, beside a log named mail. */
static void neighbours(void **state)
{
	static const struct {
		const char *name;
		bool is;
	} cases[] = {
		{ "mail.1", true },
		{ "mail.10", true },
		{ "mail-20261120", true },
		{ "mail-20261120-1795175258", true },
		{ "mail.0", true },
		{ "mail.old", true },
		{ "mail.1.old", true },
		{ "mail", false }, /* the log itself */
		{ "mail.log", false }, /* other logs */
		{ "mail.info", false },
		{ "mail.log.1", false },
		{ "mail1", false },
		{ "mail-", false },
		{ "mail.", false },
		{ "mail.older", false },
		{ "xmail.1", false },
		{ "mai.1", false },
		{ "mail.1.gz", false }, /* cannot be read as lines */
		{ "mail-20261120.xz", false },
		{ "mail.2.bz2", false },
		{ "mail.2.zst", false },
		{ "mail.1.swp", false },
	};
	char names[256], expected[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		make_file(cases[i].name, 0);
		collect("mail", names, sizeof names);
		snprintf(expected, sizeof expected, "%s%s", cases[i].is ? cases[i].name : "",
		    cases[i].is ? " " : "");
		if (strcmp(names, expected) != 0)
			fail_msg("%s: %s", cases[i].name, names);
		unlink(in_directory(cases[i].name));
	}
}

/* By their time; of one instant the higher number is the older. */
static void ages(void **state)
{
	static const struct {
		const char *name;
		long ago;
	} files[] = { { "m.1", 100 }, { "m.3", 300 }, { "m.2", 300 }, { "m-20261120", 50 },
		{ "m.9", 10 } };
	char names[256];

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++)
		make_file(files[i].name, files[i].ago);
	collect("m", names, sizeof names);
	assert_string_equal(names, "m.3 m.2 m.1 m-20261120 m.9 ");
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(in_directory(files[i].name));
}

/* The log itself is the last, whatever its time. */
static void current_last(void **state)
{
	struct candidates found = { NULL, 0 };
	const struct stat late = { .st_mtim = { .tv_sec = NOW } },
			  early = { .st_mtim = { .tv_sec = 1 } };

	(void)state;
	candidates_add(&found, "m", &early, true);
	candidates_add(&found, "m.1", &late, false);
	candidates_sort(&found);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.list[1].path, "m");
	candidates_free(&found);
}

/* A link or a directory is not a log's, whoever made it. */
static void files_alone(void **state)
{
	char names[256];

	(void)state;
	make_file("other", 0);
	assert_int_equal(symlink("other", in_directory("m.1")), 0);
	assert_int_equal(mkdir(in_directory("m.2"), 0700), 0);
	assert_int_equal(mkfifo(in_directory("m.3"), 0600), 0);
	collect("m", names, sizeof names);
	assert_string_equal(names, "");
	unlink(in_directory("other"));
	unlink(in_directory("m.1"));
	rmdir(in_directory("m.2"));
	unlink(in_directory("m.3"));
}

/* A directory that was changed just now may change again in the same tick. */
static void changes(void **state)
{
	const struct timespec old[2] = { { .tv_sec = NOW - 86400 * 3650L },
		{ .tv_sec = NOW - 86400 * 3650L } };
	struct log_name name = { NULL };

	(void)state;
	assert_true(log_name_set(&name, in_directory("m")));
	assert_int_equal(utimensat(AT_FDCWD, directory, old, 0), 0);
	assert_true(log_name_changed(&name)); /* the first look */
	assert_false(log_name_changed(&name));
	make_file("m.1", 0);
	assert_true(log_name_changed(&name));
	assert_true(log_name_changed(&name));
	assert_int_equal(utimensat(AT_FDCWD, directory, old, 0), 0);
	assert_true(log_name_changed(&name));
	assert_false(log_name_changed(&name));
	unlink(in_directory("m.1"));
	log_name_clear(&name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(ages),
		cmocka_unit_test(current_last),
		cmocka_unit_test(files_alone),
		cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests_name("rotation", tests, scratch_setup, scratch_teardown);
}
