/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_tcprule.c - the administrator's rules: what each line means, and
 * which one tcpserver finds for an address (tcprule.h)
 */
#include "tcprule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define RELAY ":allow,RELAYCLIENT=\"\""

static const char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static enum tcprules_code read_bytes(
    struct tcprule_table *table, const char *text, size_t size, char *why)
{
	const char *path = in_directory("rules");
	FILE *out = fopen(path, "we");
	enum tcprules_code code;

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
	code = tcprule_read(table, path, why);
	unlink(path);
	return code;
}

/* What RULE does, with '|' for each NUL; "none". */
static const char *in_words(const struct tcprule *rule)
{
	static char text[256];

	if (rule == NULL)
		return "none";
	memcpy(text, rule->data, rule->data_size);
	text[rule->data_size] = '\0';
	for (size_t i = 0; i < rule->data_size; i++) {
		if (text[i] == '\0')
			text[i] = '|';
	}
	return text;
}

static void found(void **state)
{
	static const struct {
		const char *text, *address, *does;
		bool decides;
	} cases[] = {
		{ "", "192.0.2.1", "none", false },
		{ "# nothing but a comment\n\n  \n", "192.0.2.1", "none", false },
		{ ":allow\n", "192.0.2.1", "", false },
		{ ":allow", "192.0.2.1", "", false },
		{ ":deny \t\n", "192.0.2.1", "D|", true },
		{ "192.0.2.1" RELAY "\n", "192.0.2.1", "+RELAYCLIENT=|", true },
		{ "192.0.2.1" RELAY "\n", "192.0.2.10", "none", false },
		{ "192.0.2.1" RELAY "\n", "192.0.2.11", "none", false },
		{ "192.0.2." RELAY "\n:deny\n", "192.0.2.255", "+RELAYCLIENT=|", true },
		{ "192.0.2." RELAY "\n:deny\n", "192.0.20.1", "D|", true },
		{ "192.0.2" RELAY "\n", "192.0.2.1", "none", false }, /* no dot behind it */
		/* the most special one, wherever it is */
		{ "192.:deny\n192.0.2.1:allow\n192.0.:allow,A=/b/\n", "192.0.2.1", "", false },
		{ "192.:deny\n192.0.2.1:allow\n192.0.:allow,A=/b/\n", "192.0.2.2", "+A=b|", false },
		{ "192.:deny\n192.0.2.1:allow\n192.0.:allow,A=/b/\n", "192.1.2.2", "D|", true },
		/* of two for one address the first */
		{ "192.0.2.1:allow\n192.0.2.1:deny\n", "192.0.2.1", "", false },
		{ "192.0.2.1:deny\n192.0.2.1:allow\n", "192.0.2.1", "D|", true },
		/* ranges */
		{ "192.0.2.9-11:deny\n", "192.0.2.9", "D|", true },
		{ "192.0.2.9-11:deny\n", "192.0.2.10", "D|", true },
		{ "192.0.2.9-11:deny\n", "192.0.2.11", "D|", true },
		{ "192.0.2.9-11:deny\n", "192.0.2.12", "none", false },
		{ "192.0.2-3.:deny\n", "192.0.3.7", "D|", true },
		{ "10-12.:deny\n", "11.2.3.4", "D|", true },
		{ "192.0.2.11-9:deny\n", "192.0.2.10", "none", false },
		/* keys of other kinds are no ranges */
		{ "=mail-out.example.org:deny\n", "192.0.2.1", "none", false },
		{ "a-b@192.0.2.1:deny\n", "192.0.2.1", "none", false },
		/* variables */
		{ ":allow,A=\"1\",B=x2 3x\n", "192.0.2.1", "+A=1|+B=2 3|", false },
		{ ":deny,A=\"\"\n", "192.0.2.1", "D|+A=|", true },
		{ ":allow,A=\",RELAYCLIENT=\"\n", "192.0.2.1", "+A=,RELAYCLIENT=|", false },
		{ ":allow,RELAYCLIENTX=\"\"\n", "192.0.2.1", "+RELAYCLIENTX=|", false },
		{ ":allow,RELAYCLIENT=\"@other\"\n", "192.0.2.1", "+RELAYCLIENT=@other|", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tcprule_table table = { NULL, 0, 0 };
		const struct tcprule *rule;
		char why[TCPRULES_WHY] = "";

		if (read_bytes(&table, cases[i].text, strlen(cases[i].text), why) != TCPRULES_OK)
			fail_msg("%s: %s", cases[i].text, why);
		rule = tcprule_of(&table, cases[i].address);
		if (strcmp(in_words(rule), cases[i].does) != 0 ||
		    (rule != NULL && tcprule_decides(rule) != cases[i].decides))
			fail_msg("%s%s: %s", cases[i].text, cases[i].address, in_words(rule));
		tcprule_free(&table);
	}
}

/* A file with one bad line is refused as a whole, by the line's number. */
static void refused(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "192.0.2.1", "expected address:allow or address:deny" },
		{ "192.0.2.1:", "expected allow or deny behind the colon" },
		{ "192.0.2.1:Allow", "expected allow or deny behind the colon" },
		{ "192.0.2.1: allow", "expected allow or deny behind the colon" },
		{ " :allo", "expected allow or deny behind the colon" },
		{ ":allowed", "expected ,NAME=\"value\" behind allow or deny" },
		{ ":denied", "expected allow or deny behind the colon" },
		{ ":allow,", "expected ,NAME=\"value\" behind allow or deny" },
		{ ":allow,A", "expected ,NAME=\"value\" behind allow or deny" },
		{ ":allow,A=", "expected ,NAME=\"value\" behind allow or deny" },
		{ ":allow,A=\"", "expected ,NAME=\"value\" behind allow or deny" },
		{ ":allow,A=\"x", "expected ,NAME=\"value\" behind allow or deny" },
		{ ":allow,A=\"x\"y", "expected ,NAME=\"value\" behind allow or deny" },
		{ "192.0.2.x-5:allow", "it has a range of no numbers" },
		{ "192.0.2.1-:allow", "it has a range of no numbers" },
		{ "-:allow", "it has a range of no numbers" },
		{ "192.0.2.1-9999:allow", "it has a range of no numbers" },
		{ "2001:db8::1:allow", "expected allow or deny behind the colon" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tcprule_table table = { NULL, 0, 0 };
		char text[128], why[TCPRULES_WHY] = "", expected[128];

		snprintf(text, sizeof text, "# first\n:deny\n%s\n:allow\n", cases[i].line);
		snprintf(expected, sizeof expected, "rules, line 3 is no rule of tcprules: %s",
		    cases[i].why);
		if (read_bytes(&table, text, strlen(text), why) != TCPRULES_BADRULES ||
		    strstr(why, expected) == NULL)
			fail_msg("%s: %s", cases[i].line, why);
		tcprule_free(&table);
	}
}

static void not_text(void **state)
{
	struct tcprule_table table = { NULL, 0, 0 };
	char why[TCPRULES_WHY] = "";

	(void)state;
	assert_int_equal(read_bytes(&table, ":allow\0\n", 8, why), TCPRULES_BADRULES);
	assert_non_null(strstr(why, "line 1 is no rule of tcprules: it has a NUL byte"));
	tcprule_free(&table);
	assert_int_equal(tcprule_read(&table, in_directory("none"), why), TCPRULES_NORULES);
	assert_non_null(strstr(why, "cannot read the rules"));
	tcprule_free(&table);
}

/* A key in any case, found by what tcpserver asks for. */
static void keys(void **state)
{
	static const char text[] = "=MaiLZ.Example.ORG:deny\nUser@192.0.2.1:deny\n";
	struct tcprule_table table = { NULL, 0, 0 };
	char why[TCPRULES_WHY] = "";

	(void)state;
	assert_int_equal(read_bytes(&table, text, sizeof text - 1, why), TCPRULES_OK);
	assert_int_equal(table.count, 2);
	assert_non_null(tcprule_first(&table, "=mailz.example.org", 18));
	assert_non_null(tcprule_first(&table, "user@192.0.2.1", 14));
	assert_null(tcprule_first(&table, "=mailz.example.org", 17));
	assert_null(tcprule_first(&table, "", 0));
	tcprule_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(refused),
		cmocka_unit_test(not_text),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests_name("tcprule", tests, scratch_setup, scratch_teardown);
}
