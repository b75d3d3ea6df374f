/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_json.c - json.h: what is written is JSON, whatever the bytes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static void texts(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *json;
		bool utf8;
	} cases[] = {
		{ "", 0, "\"\"", true },
		{ "192.0.2.7", 9, "\"192.0.2.7\"", true },
		{ "say \"\\\"", 7, "\"say \\\"\\\\\\\"\"", true },
		{ "a\0b\n\x1b\x7f", 6, "\"a\\u0000b\\u000a\\u001b\\u007f\"", true },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"", true },
		{ "\xc2\x9b", 2, "\"\\u009b\"", true }, /* CSI of a terminal */
		{ "\xff", 1, "\"\\ufffd\"", false },
		{ "a\xc3", 2, "\"a\\ufffd\"", false }, /* cut off */
		{ "\xc0\xaf", 2, "\"\\ufffd\\ufffd\"", false }, /* a longer form */
		{ "\xe0\x80\xaf", 3, "\"\\ufffd\\ufffd\\ufffd\"", false },
		{ "\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"", false }, /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"", false },
		{ "\xf0\x9f\x98"
		  "a",
		    4, "\"\\ufffd\\ufffd\\ufffda\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json json = { 0 };
		char *text;
		size_t size;

		json.to = open_memstream(&text, &size);
		assert_non_null(json.to);
		json_text(&json, cases[i].text, cases[i].size);
		fclose(json.to);
		assert_string_equal(text, cases[i].json);
		assert_int_equal(json_is_utf8(cases[i].text, cases[i].size), cases[i].utf8);
		free(text);
	}
}

static void nested(void **state)
{
	struct json json = { 0 };
	char *text;
	size_t size;

	(void)state;
	json.to = open_memstream(&text, &size);
	assert_non_null(json.to);
	json_list(&json);
	json_object(&json);
	json_member(&json, "a", "b");
	json_member(&json, "none", NULL);
	json_name(&json, "list");
	json_list(&json);
	json_number(&json, -1);
	json_bool(&json, true);
	json_null(&json);
	json_end_list(&json);
	json_end_object(&json);
	json_number(&json, INT64_MAX);
	json_end_list(&json);
	json_list(&json);
	json_end_list(&json);
	fclose(json.to);
	assert_string_equal(text, "[\n{\"a\": \"b\", \"none\": null, \"list\": [-1, true, "
				  "null]},\n9223372036854775807\n]\n[]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts), cmocka_unit_test(nested) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
