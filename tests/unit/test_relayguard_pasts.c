/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_pasts.c - sessions from one connection to the next (pasts.h)
 */
#include "pasts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW 1000000

static void kept(void **state)
{
	struct pasts *pasts = pasts_new();
	const struct past was = { .recipients = 7, .counted = true, .tagged = true };
	struct past past;

	(void)state;
	assert_false(pasts_find(pasts, "192.0.2.7 4711", "m1", NOW, &past));
	pasts_keep(pasts, "192.0.2.7 4711", "m1", &was, NOW);
	assert_true(pasts_find(pasts, "192.0.2.7 4711", "m1", NOW + PASTS_KEPT_MS, &past));
	assert_int_equal(past.recipients, 7);
	assert_true(past.counted && past.tagged);
	/* another message of the session, and one without a name */
	assert_true(pasts_find(pasts, "192.0.2.7 4711", "m2", NOW, &past));
	assert_int_equal(past.recipients, 7);
	assert_false(past.counted || past.tagged);
	assert_true(pasts_find(pasts, "192.0.2.7 4711", "", NOW, &past));
	assert_false(past.counted || past.tagged);
	/* another session, nobody, and much later */
	assert_false(pasts_find(pasts, "192.0.2.7 4712", "m1", NOW, &past));
	assert_false(pasts_find(pasts, "", "m1", NOW, &past));
	assert_false(pasts_find(pasts, "192.0.2.7 4711", "m1", NOW + PASTS_KEPT_MS + 1, &past));
	pasts_keep(pasts, "", "m1", &was, NOW);
	assert_false(pasts_find(pasts, "", "m1", NOW, &past));
	pasts_free(pasts);
}

/* Many more than there are places: the latest are found, and nobody is taken
 * for another. */
static void crowd(void **state)
{
	struct pasts *pasts = pasts_new();
	size_t found = 0;
	char client[32];
	struct past past = { .recipients = 0 };

	(void)state;
	for (uint32_t i = 1; i <= 4 * PASTS_PLACES; i++) {
		snprintf(client, sizeof client, "192.0.2.7 %u", i);
		past.recipients = i;
		pasts_keep(pasts, client, "m", &past, NOW);
		assert_true(pasts_find(pasts, client, "m", NOW, &past));
	}
	for (uint32_t i = 1; i <= 4 * PASTS_PLACES; i++) {
		snprintf(client, sizeof client, "192.0.2.7 %u", i);
		if (!pasts_find(pasts, client, "m", NOW, &past))
			continue;
		assert_int_equal(past.recipients, i);
		found++;
	}
	assert_in_range(found, PASTS_PLACES / 2, PASTS_PLACES);
	pasts_free(pasts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept),
		cmocka_unit_test(crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
