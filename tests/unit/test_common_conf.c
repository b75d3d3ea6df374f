/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_conf.c - files with sections and without, and what is no file
 * (conf.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"

/* A line for each entry, and for each complaint. */
static char seen[1024], told[1024];

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", sentence);
}

static void take(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place)
{
	(void)arg;
	snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%d[%s]%s=%s\n", place->line,
	    section, name, value);
}

static void test_sections(void **state)
{
	static char text[CONF_LINE_MAX + 200];
	struct conf_errors errors = { .tell = tell };
	char *end;

	(void)state;
	*seen = *told = '\0';
	strcpy(text, "a = b ; c # d\n# comment\n\n[s]\n  x=y z\nnothing\nlong = ");
	end = text + strlen(text);
	memset(end, 'l', CONF_LINE_MAX);
	strcpy(end + CONF_LINE_MAX, "\nlast = one\n[open\nz = 1");
	conf_read_text("F", text, &errors, take, NULL);
	assert_string_equal(seen, "1[]a=b ; c # d\n5[s]x=y z\n8[s]last=one\n10[s]z=1\n");
	assert_string_equal(told, "F:6: 'nothing': expected NAME = VALUE\nF:7: line of 4007 bytes, "
				  "expected at most 4000\n"
				  "F:9: expected NAME = VALUE, [SECTION] or # comment\n");
	assert_int_equal(errors.count, 3);
}

/* The head of a section is reported, even when nothing comes after it or it is
 * not closed, and what comes after it is read. */
static void test_flat(void **state)
{
	static const struct {
		const char *text;
		const char *seen;
		const char *told;
	} cases[] = {
		{ "a = [b]\n# [c]\n;[d]\n", "1[]a=[b]\n", "" },
		{ "a = b\n[x]", "1[]a=b\n",
		    "F:2: section '[x]', expected no sections in this file\n" },
		{ " \t[x]\na = b\n[y\n", "2[]a=b\n",
		    "F:1: section '[x]', expected no sections in this file\nF:3: section '[y', "
		    "expected no sections in this file\n" },
		{ "\xEF\xBB\xBF[x]\n", "",
		    "F:1: section '[x]', expected no sections in this file\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { .tell = tell };

		*seen = *told = '\0';
		conf_read_flat_text("F", cases[i].text, &errors, take, NULL);
		assert_string_equal(seen, cases[i].seen);
		assert_string_equal(told, cases[i].told);
	}
}

static void test_no_file(void **state)
{
	struct conf_errors errors = { .tell = tell };

	(void)state;
	*told = '\0';
	assert_false(conf_read("/", &errors, take, NULL));
	assert_false(conf_read_flat("/dev/null", &errors, take, NULL));
	assert_int_equal(errors.count, 2);
	assert_string_equal(told,
	    "/: cannot read it: it is not a file\n/dev/null: cannot read it: it is not a file\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
