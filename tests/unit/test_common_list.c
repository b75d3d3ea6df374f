/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_list.c - lists of words (list.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "list.h"

static void test_lists(void **state)
{
	char **list = list_split(" a,, bc ,d ", ", ");

	(void)state;
	assert_int_equal(list_size(list), 3);
	assert_string_equal(list[1], "bc");
	assert_true(list_has(list, "dx", 1));
	assert_false(list_has(list, "b", 1));
	assert_true(list_add(&list, "e"));
	assert_string_equal(list[3], "e");
	list_free(list);
	list = list_split("", " ");
	assert_non_null(list);
	assert_int_equal(list_size(list), 0);
	list_free(list);
	assert_int_equal(list_size(NULL), 0);
	list_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
