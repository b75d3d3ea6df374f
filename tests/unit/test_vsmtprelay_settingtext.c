/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_vsmtprelay_settingtext.c - the text of Postfix's settings: main.cf
 * folded, names, references, words (settingtext.h, postconf.h)
 */
#include "settingtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "postconf.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* What main.cf's lines are, as postconf(5) has them. */
static void folded(void **state)
{
	static const struct {
		const char *text, *folded;
	} cases[] = {
		{ "", "" },
		{ "a = b", "a = b" },
		{ "a = b\n", "a = b\n" },
		{ "# no\na = b\n  # no\n\n \t\nc = d\n", "a = b\nc = d\n" },
		{ "a = b\n  c\n\td\n", "a = b   c \td\n" },
		{ "a = b\n# no\n\n  c\n", "a = b   c\n" }, /* a comment does not end it */
		{ "a = b\n  c", "a = b   c" },
		{ "  c\n", "  c\n" }, /* of nothing */
		{ "a = #b\n", "a = #b\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[128];

		strcpy(text, cases[i].text);
		postconf_fold(text);
		if (strcmp(text, cases[i].folded) != 0)
			fail_msg("'%s': '%s'", cases[i].text, text);
	}
}

static void lines(void **state)
{
	const char *at = "a = b c \nempty =\nalone\n=x\nd=e";
	static const char *const expected[] = { "a|b c", "empty|", "alone|", "|x", "d|e" };
	struct span name, value;
	char line[64];

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_true(settings_next(&at, &name, &value));
		snprintf(line, sizeof line, "%.*s|%.*s", (int)name.size, name.text, (int)value.size,
		    value.text);
		assert_string_equal(line, expected[i]);
	}
	assert_false(settings_next(&at, &name, &value));
}

/* What VALUE is, expanded; the last setting of a name counts. */
static void references(void **state)
{
	static const char settings[] = "a = 1\nab = 2\nlist = $a, ${ab}\nloop = x$loop\n"
				       "one = $two\ntwo = $one\na = 3\n";
	static const struct {
		const char *value, *expanded;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "$a", "3" },
		{ "$ab", "2" },
		{ "${a}b", "3b" },
		{ "$(a)b", "3b" },
		{ "$list.", "3, 2." },
		{ "$nothing.", "." },
		{ "${a", "${a" }, /* no reference */
		{ "$", "$" },
		{ "$$a", "$3" },
		{ "$-a", "$-a" },
		{ "$one", "" }, /* round and round */
		{ "$loop", "xxxxxxxxxx" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *expanded = settings_expand(settings, span_of(cases[i].value));

		assert_non_null(expanded);
		if (strcmp(expanded, cases[i].expanded) != 0)
			fail_msg("%s: %s", cases[i].value, expanded);
		free(expanded);
	}
}

static void words(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "" },
		{ " ,\t\n", "" },
		{ "a", "a|" },
		{ "a,b c,, d", "a|b|c|d|" },
		{ "check_client_access hash:/x, permit", "check_client_access|hash:/x|permit|" },
		{ "{ a, b } c", "{ a, b }|c|" },
		{ "{a {b, c} d} e", "{a {b, c} d}|e|" },
		{ "{a b", "{a b|" }, /* without an end */
		{ "inline:{ {a = b}, {c = d} } x", "inline:{ {a = b}, {c = d} }|x|" },
	};
	struct span inside;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span rest = span_of(cases[i].text), word;
		char found[128] = "";

		while (word_next(&rest, &word))
			snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s|",
			    (int)word.size, word.text);
		if (strcmp(found, cases[i].words) != 0)
			fail_msg("'%s': %s", cases[i].text, found);
	}
	assert_true(word_is(span_of("Permit"), "permit"));
	assert_false(word_is(span_of("permit_"), "permit"));
	assert_false(word_is(span_of("perm"), "permit"));
	assert_true(word_unwrap(span_of("{ a }"), &inside));
	assert_int_equal(inside.size, 3);
	assert_true(word_unwrap(span_of("{}"), &inside));
	assert_false(word_unwrap(span_of("{"), &inside));
	assert_false(word_unwrap(span_of("a}"), &inside));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folded),
		cmocka_unit_test(lines),
		cmocka_unit_test(references),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("settingtext", tests, NULL, NULL);
}
