/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_bytes.c - queues of bytes, and what all of them may have
 * (bytes.h)
 */
#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define QUEUES 2000

static struct bytes queues[QUEUES];
static char data[65536];

static void a_queue(void **state)
{
	struct bytes bytes = { .size = 0 };

	(void)state;
	assert_true(bytes_add(&bytes, "abc", 3));
	assert_true(bytes_add(&bytes, "", 0));
	bytes_take(&bytes, 2);
	assert_true(bytes_add(&bytes, data, 300));
	assert_int_equal(bytes.size, 301);
	assert_int_equal(bytes.data[0], 'c');
	bytes_take(&bytes, 301);
	assert_null(bytes.block);
	assert_int_equal(bytes_large(), 0);
}

/* Many large queues end at the bound, small ones do not notice, and what one
 * gives back another may have. */
static void all_of_them(void **state)
{
	size_t full = 0;

	(void)state;
	while (full < QUEUES && bytes_add(&queues[full], data, sizeof data))
		full++;
	assert_in_range(full, BYTES_LARGE_MAX / sizeof data / 2, QUEUES - 1);
	assert_in_range(bytes_large(), BYTES_LARGE_MAX - 2 * sizeof data, BYTES_LARGE_MAX);
	for (size_t i = full; i < QUEUES; i++)
		assert_true(bytes_add(&queues[i], data, BYTES_SMALL / 2));
	/* one that is refused stays as it was */
	assert_false(bytes_add(&queues[full], data, sizeof data));
	assert_int_equal(queues[full].size, BYTES_SMALL / 2);
	bytes_take(&queues[0], sizeof data);
	assert_true(bytes_add(&queues[full], data, sizeof data - BYTES_SMALL / 2));
	for (size_t i = 0; i < QUEUES; i++)
		bytes_free(&queues[i]);
	assert_int_equal(bytes_large(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue),
		cmocka_unit_test(all_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
