/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_once.c - words that stand twice in a line (once.h): as a
 * count of each word finds them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "once.h"

static bool twice(const char *message, const char *word)
{
	const char *first = strstr(message, word);

	return first != NULL && strstr(first + 1, word) != NULL;
}

static void as_counted(void **unused)
{
	static char rip[] = "rip=", p[] = "p=", equals[] = "=", user[] = "u=<", less[] = "<",
		    long_one[] = "=rip=u=<rip=u=<", aa[] = "aa";
	char *lists[][6] = { { rip, NULL }, { rip, p, user, NULL }, { equals, rip, NULL },
		{ user, less, long_one, aa, p, NULL }, { aa, NULL }, { NULL } };
	static const char bytes[] = "rip=u<a";
	uint64_t state = UINT64_C(88172645463325252);
	char message[24];

	(void)unused;
	for (int n = 0; n < 100000; n++) {
		size_t size = (size_t)n % (sizeof message - 1);

		for (size_t i = 0; i < size; i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			message[i] = bytes[(state >> 32) % (sizeof bytes - 1)];
		}
		message[size] = '\0';
		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
			bool expected = false;

			for (char **word = lists[i]; *word != NULL; word++)
				expected |= twice(message, *word);
			if (once_broken(span_of(message), lists[i]) != expected)
				fail_msg("list %zu: %s", i, message);
		}
	}
}

static void without_words(void **unused)
{
	(void)unused;
	assert_false(once_broken(span_of("rip=rip="), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_counted),
		cmocka_unit_test(without_words),
	};

	return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
