/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_settings.c - every kind of setting: what it takes, what it
 * refuses and with which words
 */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct values {
	char *text, *path, *none;
	int64_t duration, number, mode;
	bool yes;
	int choice;
};

static char taken[64];

static void take(void *arg, const char *value, const struct conf_place *place)
{
	if (strcmp(value, "bad") == 0)
		conf_error(place, "own = '%s', expected something else", value);
	else
		snprintf((char *)arg + strlen(arg), sizeof taken - strlen(arg), "%s", value);
}

static const char *const choices[] = { "reject", "tempfail", "accept", NULL };

#define AT(member) offsetof(struct values, member)

static const struct setting table[] = {
	{ "text", SETTING_TEXT, AT(text), "a text", 0, 0, NULL, NULL, true },
	{ "path", SETTING_PATH, AT(path), "/default", 0, 0, NULL, NULL, true },
	{ "none", SETTING_PATH_OR_NONE, AT(none), "", 0, 0, NULL, NULL, false },
	{ "duration", SETTING_DURATION, AT(duration), "1m", 1, 3600, NULL, NULL, false },
	{ "number", SETTING_NUMBER, AT(number), "7", 1, 100, NULL, NULL, true },
	{ "mode", SETTING_MODE, AT(mode), "0660", 0, 0, NULL, NULL, false },
	{ "yes", SETTING_YES_NO, AT(yes), "no", 0, 0, NULL, NULL, true },
	{ "choice", SETTING_CHOICE, AT(choice), "tempfail", 0, 0, NULL, choices, true },
	{ "own", SETTING_OWN, 0, NULL, 0, 0, take, NULL, false },
	{ "list", SETTING_LIST, 0, NULL, 0, 0, take, NULL, false },
};

#define COUNT (sizeof table / sizeof *table)

static char told[2048];
static struct values values;
static struct setting_seen seen[COUNT];
static const struct settings settings = { table, COUNT, &values, taken, seen };

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", sentence);
}

static size_t read_in(const char *text)
{
	struct conf_errors errors = { .tell = tell };
	const struct conf_place place = { "F", 0, &errors };

	settings_free(table, COUNT, &values);
	memset(&values, 0, sizeof values);
	memset(seen, 0, sizeof seen);
	*told = *taken = '\0';
	settings_defaults(&settings, &place);
	settings_read_text(&settings, "F", text, &errors);
	return errors.count;
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(read_in(""), 0);
	assert_string_equal(values.text, "a text");
	assert_string_equal(values.path, "/default");
	assert_string_equal(values.none, "");
	assert_int_equal(values.duration, 60);
	assert_int_equal(values.number, 7);
	assert_int_equal(values.mode, 0660);
	assert_false(values.yes);
	assert_int_equal(values.choice, 1);
	assert_int_equal(settings_seen(&settings, "number")->line, 0);
}

static void values_taken(void **state)
{
	(void)state;
	assert_int_equal(
	    read_in("text = x = y\npath = /p\nnone = /n\nduration = 1h\nnumber = 100\n"
		    "mode = 600\nyes = yes\nchoice = accept\nown = o\nlist = 1\nlist = 2\n"),
	    0);
	assert_string_equal(values.text, "x = y");
	assert_string_equal(values.path, "/p");
	assert_string_equal(values.none, "/n");
	assert_int_equal(values.duration, 3600);
	assert_int_equal(values.number, 100);
	assert_int_equal(values.mode, 0600);
	assert_true(values.yes);
	assert_int_equal(values.choice, 2);
	assert_string_equal(taken, "o12");
	assert_int_equal(settings_seen(&settings, "list")->line, 10);
	assert_int_equal(read_in("none = no"), 0);
	assert_string_equal(values.none, "");
}

static void refusals(void **state)
{
	(void)state;
	assert_int_equal(
	    read_in("path = p\nnone = n\nduration = 2h\nnumber = 101\nmode = 0999\nyes = true\n"
		    "choice = drop\nown = bad\nown = x\nnothing = 1\nnumber = 5\nmode = 1777\n"),
	    12);
	assert_string_equal(told,
	    "F:1: path = 'p', expected an absolute path\n"
	    "F:2: none = 'n', expected an absolute path\n"
	    "F:3: duration = '2h', expected a duration of 1 to 3600 seconds, such as 90 or 1h30m\n"
	    "F:4: number = '101', expected a number, 1 to 100\n"
	    "F:5: mode = '0999', expected the mode of a file, such as 0660\n"
	    "F:6: yes = 'true', expected yes or no\n"
	    "F:7: choice = 'drop', expected reject, tempfail or accept\n"
	    "F:8: own = 'bad', expected something else\n"
	    "F:9: own = 'x', expected it once: line 8 has it too\n"
	    "F:10: unknown setting 'nothing'\n"
	    "F:11: number = '5', expected it once: line 4 has it too\n"
	    "F:12: mode = '1777', expected it once: line 5 has it too\n");
	assert_true(settings_seen(&settings, "own")->wrong);
	assert_int_equal(values.number, 7);
	assert_int_equal(read_in("number = -1\nmode = +1\n"), 2);
}

static void restarts(void **state)
{
	struct values old = { .text = (char[]){ "a" }, .path = (char[]){ "/p" }, .number = 1 };
	struct values new = old;

	(void)state;
	assert_null(settings_restart(table, COUNT, &old, &new));
	new.duration = 9;
	assert_null(settings_restart(table, COUNT, &old, &new));
	new.choice = 2;
	assert_string_equal(settings_restart(table, COUNT, &old, &new), "choice");
	new.yes = true;
	assert_string_equal(settings_restart(table, COUNT, &old, &new), "yes");
	new.number = 2;
	assert_string_equal(settings_restart(table, COUNT, &old, &new), "number");
	new.path = (char[]){ "/q" };
	assert_string_equal(settings_restart(table, COUNT, &old, &new), "path");
	new.text = NULL;
	assert_string_equal(settings_restart(table, COUNT, &old, &new), "text");
}

static int free_values(void **state)
{
	(void)state;
	settings_free(table, COUNT, &values);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values_taken),
		cmocka_unit_test(refusals),
		cmocka_unit_test(restarts),
	};

	return cmocka_run_group_tests(tests, NULL, free_values);
}
