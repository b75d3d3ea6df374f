/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_duration.c - times with units (duration.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "duration.h"

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} cases[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "30m", 1800 }, { "1h30m", 5400 },
		{ "2d", 172800 }, { "1d1h1m1s", 90061 }, { "36500d", 3153600000 }, { "", -1 },
		{ "m", -1 }, { "1", 1 }, { "-1", -1 }, { "1.5h", -1 }, { "1h 30m", -1 },
		{ "30m1h", -1 }, { "1h1h", -1 }, { "1h30", -1 }, { "1x", -1 }, { "40000d", -1 },
		{ "99999999999999999999", -1 }, { "1s1", -1 } };
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		seconds = -1;
		if (duration_parse(cases[i].text, &seconds) != (cases[i].seconds >= 0) ||
		    seconds != cases[i].seconds)
			fail_msg("'%s' is %lld, expected %lld", cases[i].text, (long long)seconds,
			    (long long)cases[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
