/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_pattern.c - one expression against one message (pattern.h):
 * anchors, prefixes, groups, the limit
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pattern.h"

static enum pattern_result match(
    const char *expression, const char *message, struct captures *captures)
{
	char error[200];
	struct pattern *pattern = pattern_new(expression, error, sizeof error);
	enum pattern_result result;

	if (pattern == NULL)
		fail_msg("%s: %s", expression, error);
	result = pattern_match(pattern, (struct span){ message, strlen(message) }, captures);
	pattern_free(pattern);
	return result;
}

static void test_matches(void **state)
{
	static const struct {
		const char *expression;
		const char *message;
		bool matches;
	} cases[] = {
		{ "^abc$", "abc", true },
		{ "^abc$", "ab", false },
		{ "^abc$", "abcd", false },
		{ "^abc$", "abc\n", false },
		{ "^abc?$", "ab", true },
		{ "^abc*$", "abccc", true },
		{ "^abc{0,1}$", "ab", true },
		{ "^abc+$", "ab", false },
		{ "^ab|cd$", "cd", true },
		{ "^ab|cd$", "xcd", false },
		{ "^ab|cd$", "abx", false },
		{ "^ab(x|cd)$", "abcd", true },
		{ "^ab(x|cd)$", "cd", false },
		{ "^a[(]b|c[)]$", "c)", true },
		{ "^a[(]b|c[)]$", "a(b", true },
		{ "^a[]|]b$", "a|b", true },
		{ "^a[^]|]b$", "a|b", false },
		{ "^a\\|b$", "a|b", true },
		{ "^a\\(b|c$", "c", true },
		{ "^a[\\]|]b$", "a|b", true },
		{ "^a.c$", "a\nc", true },
		{ "^(?i)abc$", "ABC", true },
		{ "^a(?i)bc$", "aBC", true },
		{ "^$", "", true },
		{ "^a\\\\$", "a\\", true },
	};
	struct captures captures;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (match(cases[i].expression, cases[i].message, &captures) !=
		    (cases[i].matches ? PATTERN_YES : PATTERN_NO))
			fail_msg("%s against %s", cases[i].expression, cases[i].message);
	}
}

static void test_refused(void **state)
{
	static const char *const refused[] = { "", "^", "$", "abc$", "^abc", "^abc\\$",
		"^abc\\\\\\$", "^(abc$", "^[abc$", "^*a$", "^a{2,1}$" };
	char error[200];

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		*error = '\0';
		if (pattern_new(refused[i], error, sizeof error) != NULL || *error == '\0')
			fail_msg("'%s' is taken", refused[i]);
	}
}

static void test_groups(void **state)
{
	struct captures captures;

	(void)state;
	assert_int_equal(match("^from (?:[a-z]+ \\({ip}\\)|{ip})(?: (?<user>.*))?$",
			     "from host (192.0.2.1)", &captures),
	    PATTERN_YES);
	assert_int_equal(captures.ip.size, 9);
	assert_memory_equal(captures.ip.text, "192.0.2.1", 9);
	assert_null(captures.user.text);
	assert_null(captures.session.text);
	assert_int_equal(
	    match("^from (?:[a-z]+ \\({ip}\\)|{ip})(?: (?<user>.*))?$", "from ::1 x", &captures),
	    PATTERN_YES);
	assert_memory_equal(captures.ip.text, "::1", captures.ip.size);
	assert_memory_equal(captures.user.text, "x", captures.user.size);
	assert_int_equal(match("^from {ip}$", "from host.example", &captures), PATTERN_NO);
}

static void test_limit(void **state)
{
	static const char message[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! 192.0.2.1";
	struct captures captures;

	(void)state;
	assert_int_equal(match("^(?:(?:a+)+b?)+ {ip}$", message, &captures), PATTERN_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
