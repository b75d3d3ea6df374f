/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_stamp.c - which texts are a time (stamp.h)
 */
#include "relaydb_scratch.h"

static void stamps(void **state)
{
	static const struct {
		const char *text;
		int64_t stamp; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "906502527", 906502527 },
		{ "000906502527", 906502527 },
		{ "253402300799", RELAYDB_STAMP_MAX },
		{ "253402300800", -1 },
		{ "99999999999999999999", -1 },
		{ "9223372036854775808", -1 },
		{ "", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ "1e9", -1 },
		{ "0x10", -1 },
		{ " 1", -1 },
		{ "1 ", -1 },
		{ "1\n", -1 },
		{ "1.0", -1 },
		{ "x", -1 },
		{ "OK", -1 },
		{ "1,000", -1 },
		{ "\xd9\xa1", -1 },
	};
	char long_text[STAMP_SIZE + 1];
	int64_t stamp;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		stamp = 4711;
		assert_int_equal(relaydb_stamp(cases[i].text, &stamp),
		    cases[i].stamp < 0 ? RELAYDB_BADSTAMP : RELAYDB_OK);
		assert_int_equal(stamp, cases[i].stamp < 0 ? 4711 : cases[i].stamp);
	}
	assert_true(stamp_read("12 \t\r", 5, &stamp));
	assert_int_equal(stamp, 12);
	assert_true(stamp_read("123", 2, &stamp));
	assert_int_equal(stamp, 12);
	memset(long_text, ' ', sizeof long_text);
	long_text[0] = '1';
	assert_true(stamp_read(long_text, STAMP_SIZE, &stamp));
	assert_false(stamp_read(long_text, STAMP_SIZE + 1, &stamp));
	assert_false(stamp_read(" 12", 3, &stamp));
	assert_false(stamp_read("  ", 2, &stamp));
	assert_false(stamp_read("1 2", 3, &stamp));
	assert_false(stamp_read("12\0", 3, &stamp));
	assert_false(stamp_read("", 0, &stamp));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
