/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_table.c - a table that cannot grow says so and stays whole
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static long left; /* how many allocations of the table still succeed */

static void *scarce(size_t size)
{
	return left-- > 0 ? malloc(size) : NULL;
}

#define uthash_malloc(size) scarce(size)

#include "table.h"

#define ENTRIES 200 /* enough for the table to want more buckets */

struct entry {
	int key;
	UT_hash_handle hh;
};

/* Whichever allocation fails: what was added is found, what was not is not. */
static void without_memory(void **state)
{
	(void)state;
	for (long allowed = 0; allowed < 8; allowed++) {
		struct entry *table = NULL, *entry, *next;
		bool has[ENTRIES];
		unsigned count = 0;

		left = allowed;
		for (int i = 0; i < ENTRIES; i++) {
			entry = calloc(1, sizeof *entry);
			assert_non_null(entry);
			entry->key = i;
			HASH_ADD_INT(table, key, entry);
			has[i] = TABLE_HAS(entry);
			count += has[i];
			if (!has[i])
				free(entry);
		}
		assert_int_equal(HASH_COUNT(table), count);
		assert_true(allowed > 0 || count == 0);
		for (int i = 0; i < ENTRIES; i++) {
			HASH_FIND_INT(table, &i, entry);
			assert_true((entry != NULL) == has[i]);
		}
		HASH_ITER(hh, table, entry, next)
		{
			HASH_DEL(table, entry);
			free(entry);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
