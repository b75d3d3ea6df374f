/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_vsmtprelay_human.c - ages, times, and what is left of a window, for
 * people (human.h)
 */
#include "human.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW INT64_C(1795175258)

/* A unit is used from twice itself on, so that the age shown is never off by
 * half. */
static void ages(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 119, "119s" },
		{ 120, "2m" },
		{ 179, "2m" },
		{ 7199, "119m" },
		{ 7200, "2h00m" },
		{ 11100, "3h05m" },
		{ 172799, "47h59m" },
		{ 172800, "2d00h" },
		{ 187200, "2d04h" },
		{ INT64_MAX, "106751991167300d15h" },
	};
	char text[HUMAN_AGE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(human_age(cases[i].seconds, text), cases[i].text);
}

static void times(void **state)
{
	char text[HUMAN_TIME];

	(void)state;
	setenv("TZ", "CET-1", 1);
	tzset();
	assert_string_equal(human_time(NOW, text), "2026-11-20 12:47:38");
	assert_string_equal(human_time(0, text), "1970-01-01 01:00:00");
	assert_string_equal(human_time(INT64_MAX, text), "beyond the calendar");
}

static void left(void **state)
{
	static const struct {
		struct expiry expiry;
		int64_t ago;
		const char *text;
	} cases[] = {
		{ { .by = EXPIRY_NONE }, 60, "for ever" },
		{ { .by = EXPIRY_NONE, .unsure = true }, 60, "unknown" },
		{ { .by = EXPIRY_CRON, .after = 3600 }, 0, "60m" },
		{ { .by = EXPIRY_CRON, .after = 3600 }, 3590, "10s" },
		{ { .by = EXPIRY_CRON, .after = 3600 }, 3600, "over" },
		{ { .by = EXPIRY_TIMER, .after = 3600 }, 99999, "over" },
		{ { .by = EXPIRY_CRON, .after = 3600 }, -3600, "2h00m" }, /* of the future */
		{ { .by = EXPIRY_CRON, .after = EXPIRY_ALL }, 60, "next run" },
		{ { .by = EXPIRY_CRON, .after = EXPIRY_ALL }, -60, "60s" },
	};
	char text[HUMAN_AGE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *found = human_left(&cases[i].expiry, NOW, NOW - cases[i].ago, text);

		if (strcmp(found, cases[i].text) != 0)
			fail_msg("case %zu: %s", i, found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages),
		cmocka_unit_test(times),
		cmocka_unit_test(left),
	};

	return cmocka_run_group_tests_name("human", tests, NULL, NULL);
}
