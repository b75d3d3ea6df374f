/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_errand.c - work beside the loop (errand.h)
 */
#include "errand.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static int gate[2]; /* the work waits for a byte */

/* Ends with the number of that byte. */
static int wait_for_byte(void *arg)
{
	unsigned char byte = 0;

	if (read(gate[0], &byte, 1) != 1)
		return EIO;
	++*(int *)arg;
	return byte;
}

static void let_go(unsigned char byte)
{
	assert_int_equal(write(gate[1], &byte, 1), 1);
}

static void result_is_fetched_once(void **state)
{
	struct errand *errand = errand_new();
	int done = 0, error = -1;

	(void)state;
	assert_int_equal(pipe(gate), 0);
	assert_false(errand_busy(errand));
	assert_false(errand_ended(errand, true, &error));
	errand_begin(errand, wait_for_byte, &done);
	/* it has not ended, and nobody waits for it */
	assert_true(errand_busy(errand));
	assert_false(errand_ended(errand, false, &error));
	let_go(0);
	assert_true(errand_ended(errand, true, &error));
	assert_int_equal(error, 0);
	assert_int_equal(done, 1);
	assert_false(errand_busy(errand));
	assert_false(errand_ended(errand, true, &error));
	/* another one, which fails */
	errand_begin(errand, wait_for_byte, &done);
	let_go(ENOSPC);
	assert_true(errand_ended(errand, true, &error));
	assert_int_equal(error, ENOSPC);
	assert_int_equal(done, 2);
	/* what is on its way is waited for */
	errand_begin(errand, wait_for_byte, &done);
	let_go(0);
	errand_free(errand);
	assert_int_equal(done, 3);
	errand_free(NULL);
	close(gate[0]);
	close(gate[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(result_is_fetched_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
