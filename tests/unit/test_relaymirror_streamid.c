/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_streamid.c - the names of entries: which are taken,
 * and their order (streamid.h)
 */
#include "streamid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void names(void **state)
{
	static const char *const bad[] = { "", "-", "1", "1-", "-1", "1-1 ", " 1-1", "1--1",
		"1-1-1", "+1-1", "18446744073709551616-0", "0-18446744073709551616", "x-1", "1-x",
		"*", "$" };
	struct streamid id = { 7, 7 }, other;
	char text[STREAMID_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (streamid_parse(bad[i], strlen(bad[i]), &id))
			fail_msg("%s", bad[i]);
		assert_int_equal(id.ms, 7);
	}
	assert_true(streamid_parse("18446744073709551615-18446744073709551615", 41, &id));
	assert_string_equal(
	    streamid_format(&id, text), "18446744073709551615-18446744073709551615");
	assert_true(streamid_parse("1526919030474-55x", 16, &other));
	assert_int_equal(other.sequence, 55);
	assert_true(streamid_compare(&other, &id) < 0);
	assert_true(streamid_compare(&id, &other) > 0);
	assert_true(streamid_compare(&id, &id) == 0);
	assert_true(streamid_compare(&(struct streamid){ 5, 1 }, &(struct streamid){ 5, 2 }) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("streamid", tests, NULL, NULL);
}
