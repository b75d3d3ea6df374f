/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_statefile.c - the state file: its frame, all of it or nothing,
 * what is on the disk (statefile.h)
 */
#include <errno.h>
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
#include "statefile.h"

#define NOW INT64_C(1795175258)
#define SEEN 200

static bool take_word(const char *word, const char *rest, void *arg)
{
	char *seen = arg;

	snprintf(seen + strlen(seen), 200 - strlen(seen), "%s(%s)", word, rest);
	return strcmp(word, "bad") != 0;
}

static void test_state(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "popwatch-state 1\nboot B\nsaved 5\nx y z\nend\n", true },
		{ "popwatch-state 1\nboot B\nsaved 5\nend\n", true },
		{ "popwatch-state 1\nboot B\nsaved 5\nx y z\nend", false },
		{ "popwatch-state 1\nboot B\nsaved 5\nx y z\n", false },
		{ "popwatch-state 1\nboot B\nsaved 5\nx y z\nxend\n", false },
		{ "popwatch-state 1\nboot B\nsaved -5\nend\n", false },
		{ "popwatch-state 1\nboot B\nsaved soon\nend\n", false },
		{ "popwatch-state 1\nsaved 5\nend\n", false },
		{ "popwatch-state 2\nboot B\nsaved 5\nend\n", false },
		{ "popwatch-state 1\nboot B\nsaved 5\nword\nend\n", false },
		{ "popwatch-state 1\nboot B\nsaved 5\nbad x\nend\n", false },
		{ "popwatch-state 1\nend\n", false },
		{ "end\n", false },
		{ "", false },
		{ "\n", false },
	};
	struct state s;
	const char *error;
	char text[200], seen[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		strcpy(text, cases[i].text);
		*seen = '\0';
		if (state_parse(text, strlen(text), "B", &s, take_word, seen, &error) !=
			cases[i].good ||
		    (error == NULL) != cases[i].good)
			fail_msg("state %zu", i);
	}
	strcpy(text, cases[0].text);
	*seen = '\0';
	assert_true(state_parse(text, strlen(text), "C", &s, take_word, seen, &error));
	assert_string_equal(seen, "x(y z)x(y z)"); /* the trial is one */
	assert_false(s.same_boot);
	/* nor where neither boot has an id */
	strcpy(text, "popwatch-state 1\nboot unknown\nsaved 5\nend\n");
	assert_true(state_parse(text, strlen(text), "unknown", &s, take_word, seen, &error));
	assert_false(s.same_boot);
	/* a NUL byte in it */
	// NOLINTNEXTLINE(bugprone-not-null-terminated-result)
	memcpy(text, "popwatch-state 1\nboot B\nsaved 5\nend\n\0end\n", 41);
	assert_false(state_parse(text, 41, "B", &s, take_word, seen, &error));
}

/* Counts the lines that are for good; in the trial nothing may change. */
struct taker {
	struct state state;
	size_t taken;
};

static bool take_count(const char *word, const char *rest, void *arg)
{
	struct taker *taker = arg;

	(void)rest;
	if (strcmp(word, "bad") == 0)
		return false;
	taker->taken += !taker->state.trial;
	return true;
}

/* A bad line anywhere, and nothing is taken of the file. */
static void test_whole(void **state)
{
#define BEGINNING "popwatch-state 1\nboot B\nsaved 5\nsession 1\n"
	static const struct {
		const char *text;
		size_t taken;
	} cases[] = {
		{ BEGINNING "session 2\nend\n", 2 },
		{ BEGINNING "bad 2\nend\n", 0 },
		{ BEGINNING "word\nend\n", 0 },
	};
	const char *error;
	char text[SEEN];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct taker taker = { .taken = 0 };

		strcpy(text, cases[i].text);
		assert_int_equal(
		    state_parse(text, strlen(text), "B", &taker.state, take_count, &taker, &error),
		    cases[i].taken > 0);
		assert_int_equal(taker.taken, cases[i].taken);
	}
}

static void fill(FILE *out, void *arg)
{
	fputs(arg, out);
}

static const char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

/* What state_save() has written state_load() reads, on the machine that has not
 * been restarted since. */
static void test_round_trip(void **state)
{
	char lines[] = "file /var/log/mail.log 7\njournal s=1;i=2\n", seen[SEEN] = "";
	const char *path = in_directory("state"), *error = "?";
	struct state s;

	(void)state;
	assert_int_equal(state_save(path, NOW, fill, lines), 0);
	assert_true(state_load(path, &s, take_word, seen, &error));
	assert_null(error);
	assert_true(s.same_boot);
	assert_false(s.trial);
	assert_string_equal(seen, "file(/var/log/mail.log 7)journal(s=1;i=2)"
				  "file(/var/log/mail.log 7)journal(s=1;i=2)");
	unlink(path);
}

/* No file is no state, and no error; what cannot be read is one. */
static void test_no_state(void **state)
{
	char seen[SEEN] = "", bad[] = "bad x\n";
	const char *path = in_directory("state"), *error = "?";
	struct state s;

	(void)state;
	assert_false(state_load(path, &s, take_word, seen, &error));
	assert_null(error);
	assert_true(s.trial);
	assert_int_equal(state_save(path, NOW, fill, bad), 0);
	assert_false(state_load(path, &s, take_word, seen, &error));
	assert_string_equal(error, "has a line that cannot be understood");
	assert_int_equal(truncate(path, (off_t)STATE_MAX + 1), 0);
	assert_false(state_load(path, &s, take_word, seen, &error));
	assert_non_null(error);
	unlink(path);
	assert_false(state_load(directory, &s, take_word, seen, &error));
	assert_non_null(error);
}

/* What cannot be written says why, and the old state is still there. */
static void test_not_written(void **state)
{
	char lines[] = "a b\n", seen[SEEN] = "";
	const char *path = in_directory("none/state"), *error;
	struct state s;

	(void)state;
	assert_int_equal(state_save(path, NOW, fill, lines), -1);
	assert_int_equal(errno, ENOENT);
	path = in_directory("state");
	assert_int_equal(state_save(path, NOW, fill, lines), 0);
	/* a directory is in its place */
	assert_int_equal(state_save(directory, NOW, fill, lines), -1);
	assert_true(state_load(path, &s, take_word, seen, &error));
	unlink(path);
}

static void test_boot_time(void **state)
{
	(void)state;
	assert_in_range(state_boot_time(NOW), NOW - 3650 * 86400, NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_state),
		cmocka_unit_test(test_not_written),
		cmocka_unit_test(test_boot_time),
	};

	return cmocka_run_group_tests_name("statefile", tests, scratch_setup, scratch_teardown);
}
