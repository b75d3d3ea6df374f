/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_continuity.c - what a position and the facts of an
 * engine mean together (continuity.h)
 */
#include "continuity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A position in the log, an engine; the stream of orders is still. */
static void positions(void **state)
{
	static const struct {
		const char *what;
		uint64_t at, first, last;
		const char *identity;
		enum continuity expected;
	} cases[] = {
		{ "nothing new", 50, 10, 50, "e", CONTINUITY_KEPT },
		{ "something new", 50, 10, 60, "e", CONTINUITY_KEPT },
		{ "the entry read last is the first", 50, 50, 60, "e", CONTINUITY_KEPT },
		{ "trimmed beyond it", 50, 51, 60, "e", CONTINUITY_GAP },
		{ "all trimmed, nothing new", 50, 0, 50, "e", CONTINUITY_KEPT },
		{ "all trimmed, something was new", 50, 0, 60, "e", CONTINUITY_GAP },
		{ "an old dump: the names are below", 50, 10, 40, "e", CONTINUITY_NEW_ENGINE },
		{ "FLUSHALL", 50, 0, 0, "e", CONTINUITY_NEW_ENGINE },
		{ "another engine", 50, 10, 50, "f", CONTINUITY_NEW_ENGINE },
		{ "no epoch", 50, 10, 50, "", CONTINUITY_NEW_ENGINE },
		{ "an empty engine", 0, 0, 0, "e", CONTINUITY_KEPT },
		{ "its first entry", 0, 10, 10, "e", CONTINUITY_GAP },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct position position = { .identity = "e", .log = { cases[i].at, 0 } };
		struct engine_facts facts = { .log = {
						  { cases[i].first, 0 }, { cases[i].last, 0 } } };
		struct position turned = { .identity = "e", .orders = position.log };
		struct engine_facts turned_facts = { .orders = facts.log };

		strcpy(facts.identity, cases[i].identity);
		strcpy(turned_facts.identity, cases[i].identity);
		if (continuity_check(&position, &facts) != cases[i].expected)
			fail_msg("%s", cases[i].what);
		if (continuity_check(&turned, &turned_facts) != cases[i].expected)
			fail_msg("%s, in the orders", cases[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions),
	};

	return cmocka_run_group_tests_name("continuity", tests, NULL, NULL);
}
