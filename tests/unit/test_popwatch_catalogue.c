/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_catalogue.c - the servers of a tag (catalogue.h), asked
 * again and after a change
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue.h"

static void complain(const char *sentence, void *arg)
{
	(void)arg;
	print_error("%s\n", sentence);
}

static struct catalogue *load(struct conf_errors *errors)
{
	struct catalogue *catalogue = catalogue_load_text(
	    "F", "[server]\ntags = pop, */pop, in-*\n[lines]\nlogin = ^login {ip}$\n", errors);

	assert_non_null(catalogue);
	return catalogue;
}

static bool has(const struct catalogue *catalogue, const char *tag)
{
	struct definition *const *definitions = catalogue_find(catalogue, span_of(tag));

	assert_true(definitions == NULL || (definitions[0] != NULL && definitions[1] == NULL));
	return definitions != NULL;
}

static void tags_and_families(void **unused)
{
	static const struct {
		const char *tag;
		bool found;
	} cases[] = { { "pop", true }, { "pop3", false }, { "po", false }, { "", false },
		{ "a/pop", true }, { "a/b/pop", true }, { "a/pop3", false }, { "in-one", true },
		{ "in", false }, { "of-a-very-long-name/that-no-memory-has-room-for/pop", true },
		{ "in-a-very-long-name-that-no-memory-has-room-for", true },
		{ "a-very-long-name-that-no-memory-has-room-for", false } };
	struct conf_errors errors = { .tell = complain };
	struct catalogue *catalogue = load(&errors);

	(void)unused;
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			if (has(catalogue, cases[i].tag) != cases[i].found)
				fail_msg("%s, time %d", cases[i].tag, again + 1);
		}
	}
	catalogue_free(catalogue);
}

/* More than are remembered, of the same few bytes: each pushes out another. */
static void many_tags(void **unused)
{
	struct conf_errors errors = { .tell = complain };
	struct catalogue *catalogue = load(&errors);
	char tag[16];

	(void)unused;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(tag, sizeof tag, "%s%c%c%c", i % 3 == 0 ? "in-" : "ni-", 'a' + i % 5,
		    'a' + i / 5 % 7, 'a' + i / 35 % 3);
		if (has(catalogue, tag) != (i % 3 == 0))
			fail_msg("%s", tag);
	}
	catalogue_free(catalogue);
}

/* What was found before does not outlive a change. */
static void changes(void **unused)
{
	struct conf_errors errors = { .tell = complain };
	const struct conf_place place = { "F", 1, &errors };
	struct catalogue *catalogue = load(&errors);

	(void)unused;
	assert_false(has(catalogue, "other"));
	assert_false(has(catalogue, "x/sub"));
	assert_true(catalogue_add_tag(catalogue, "F", "other", &place));
	assert_true(catalogue_add_tag(catalogue, "F", "*/sub", &place));
	assert_true(has(catalogue, "other"));
	assert_true(has(catalogue, "x/sub"));
	assert_true(has(catalogue, "pop"));
	catalogue_remove(catalogue, "F");
	assert_false(has(catalogue, "other"));
	assert_false(has(catalogue, "x/sub"));
	assert_false(has(catalogue, "pop"));
	assert_int_equal(errors.count, 0);
	catalogue_free(catalogue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_and_families),
		cmocka_unit_test(many_tags),
		cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
