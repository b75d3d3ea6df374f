/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_ignore.c - the setting `ignore' of each program (ignore.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "ignore.h"
#include "ipnet.h"

static char told[4096];

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", sentence);
}

/* Each program's `ignore' is this one. */
static void test_ignore(void **state)
{
	static const struct {
		const char *value; /* after the default */
		size_t errors, nets;
		const char *sentence;
	} cases[] = {
		{ "192.0.2.0/24, 2001:db8::/32", 0, 4, NULL },
		{ "none", 0, 0, NULL },
		{ "none 192.0.2.1", 0, 1, NULL },
		{ "", 0, 2, NULL },
		{ "192.0.2.1 none", 1, 3, "f:3: ignore = '192.0.2.1 none', expected none before" },
		{ "none, none", 1, 0, "expected none before the networks" },
		{ "None", 1, 2, "f:3: ignore = 'None', expected an address or a network" },
		{ "192.0.2.1/24 192.0.2.9", 1, 3, "f:3: ignore = '192.0.2.1/24'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { tell, NULL, 0 };
		struct conf_place place = { "f", 3, &errors };
		struct netset set = { NULL, 0 };

		told[0] = '\0';
		ignore_take(&set, IGNORE_DEFAULT, &place);
		ignore_take(&set, cases[i].value, &place);
		if (errors.count != cases[i].errors || set.count != cases[i].nets ||
		    (cases[i].sentence != NULL && strstr(told, cases[i].sentence) == NULL))
			fail_msg("'%s': %zu networks, %zu errors: %s", cases[i].value, set.count,
			    errors.count, told);
		netset_clear(&set);
	}
	told[0] = '\0';
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ignore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
