/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_rules_parse.c - a rule file becomes rules, or errors with their places
 */
#include "rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char told[8192]; /* "error 1:7 sentence\n" for each finding */

static void tell(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg)
{
	size_t used = strlen(told);

	(void)arg;
	assert_null(strchr(sentence, '\n'));
	snprintf(told + used, sizeof told - used, "%s %zu:%zu %s\n",
	    severity == RULES_ERROR ? "error" : "warning", line, column, sentence);
}

static struct rules *parse(const char *text)
{
	told[0] = '\0';
	return rules_parse(text, strlen(text), tell, NULL);
}

/* Files that are refused; EXPECT is how what is told begins. */
static const struct {
	const char *text, *expect;
} refused[] = {
	{ "permit:ALL:ALL:ALL\n", "error 1:1 unknown action \"permit\"; expected allow" },
	{ "ALLOW:ALL:ALL:ALL\n", "error 1:1 unknown action" },
	{ ":ALL:ALL:ALL\n", "error 1:1 unknown action \"\"" },
	{ "allow\n", "error 1:6 no list of clients" },
	{ "allow:ALL:ALL\n", "error 1:14 no list of recipients" },
	{ "allow:ALL::ALL\n", "error 1:11 no senders here" },
	{ "allow: , :ALL:ALL\n", "error 1:7 no clients here" },
	{ "allow:ALL:ALL:\n", "error 1:15 no recipients here" },
	{ "noto:ALL:ALL:ALL:\n", "error 1:17 empty message" },
	{ "allow:EXCEPT ALL:ALL:ALL\n", "error 1:7 EXCEPT at the head" },
	{ "allow:ALL Except:ALL:ALL\n", "error 1:17 no clients here" },
	{ "allow:ALL EXCEPT except a:ALL:ALL\n", "error 1:18 EXCEPT at the head" },
	{ "allow:10.0.0.1/8:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:10.0.0.0/33:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:10.0.0/24:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:256.0.0.1:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:10.0.0.0/:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:host/24:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:[2001:db8::1/32]:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:[2001:db8::/129]:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:[fe80::1%eth0]:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:[]:ALL:ALL\n", "error 1:7 not a network" },
	{ "allow:[2001:db8:: :ALL:ALL\n", "error 1:7 [ without ]" },
	{ "allow:2001:db8::1:ALL:ALL\n", "error 1:16 no recipients here" },
	{ "allow:/a(/:ALL:ALL\n", "error 1:10 not a regular expression" },
	{ "allow:/a b/:ALL:ALL\n", "error 1:7 expression without its end" },
	{ "allow:/a:ALL:ALL\n", "error 1:7 expression without its end" },
	{ "allow:/a\\\n", "error 1:9 backslash on the last line" },
	{ "allow:/a/b/:ALL:ALL\n", "error 1:10 text behind the /" },
	{ "allow:/(*UTF)a/:ALL:ALL\n", "error 1:" },
	{ "allow:/(?C1)a\\C/:ALL:ALL\n", "error 1:" },
	{ "allow:USER:ALL:ALL\n", "error 1:7 USER is out of place here" },
	{ "allow:ALL:POP:ALL\n", "error 1:11 POP is out of place here" },
	{ "allow:ALL:KNOWN:ALL\n", "error 1:11 KNOWN is out of place here" },
	{ "allow:ALL:ALL:a@KNOWN\n", "error 1:17 KNOWN is out of place here" },
	{ "allow:ALL:USER:ALL\n", "error 1:11 USER is out of place here" },
	{ "allow:POP@ALL:ALL:ALL\n", "error 1:7 POP is out of place here" },
	{ "allow:/a/@ALL:ALL:ALL\n", "error 1:7 expression before the @ of a client" },
	{ "allow:ALL:RBL.bl.example:ALL\n", "error 1:11 RBL. is out of place here" },
	{ "allow:ALL:NS=POP:ALL\n", "error 1:14 POP is out of place here" },
	{ "allow:ALL:NS=NS=a:ALL\n", "error 1:14 NS= is out of place here" },
	{ "allow:ALL:NS=:ALL\n", "error 1:14 nothing behind NS=" },
	{ "allow:ALL:@example.com:ALL\n", "error 1:11 nothing on one side of @" },
	{ "allow:ALL:a@:ALL\n", "error 1:13 nothing on one side of @" },
	{ "allow:ALL:10.0.0.0/8:ALL\n", "error 1:11 network in a list of addresses" },
	{ "allow:RBL.:ALL:ALL\n", "error 1:11 not a blocklist" },
	{ "allow:RBL.a..b:ALL:ALL\n", "error 1:11 not a blocklist" },
	{ "allow:RBL.127.0.0.1:ALL:ALL\n", "error 1:11 not a blocklist" },
	{ "allow:RBL.bl=:ALL:ALL\n", "error 1:14 not an answer" },
	{ "allow:RBL.bl=10.0.0.1:ALL:ALL\n", "error 1:14 not an answer" },
	{ "allow:RBL.bl=127.0.0.2,127.0.0.300:ALL:ALL\n", "error 1:24 not an answer" },
	{ "allow:RBL.bl=127.0.0.9-2:ALL:ALL\n", "error 1:14 not an answer" },
	{ "allow:RBL.bl=127.0.0.1:ALL:ALL\n", "error 1:14 127.0.0.1 and" },
	{ "allow:RBL.bl=127.255.255.254:ALL:ALL\n", "error 1:14 127.0.0.1 and" },
	{ "allow:RBL.bl;test:ALL:ALL\n", "error 1:11 not a blocklist" },
	{ "noto:ALL:ALL:ALL:go away\n", "error 1:18 not a reply" },
	{ "noto:ALL:ALL:ALL:250 fine\n", "error 1:18 not a reply" },
	{ "noto:ALL:ALL:ALL:5500 text\n", "error 1:18 not a reply" },
	{ "noto:ALL:ALL:ALL:550\n", "error 1:18 a code without text" },
	{ "noto:ALL:ALL:ALL:550 5.7.1\n", "error 1:18 a code without text" },
	{ "noto:ALL:ALL:ALL:550 4.7.1 no\n", "error 1:22 not a status that agrees" },
	{ "noto:ALL:ALL:ALL:550 5.7 no\n", "error 1:22 not a status that agrees" },
	{ "noto:ALL:ALL:ALL:550 no %X\n", "error 1:25 unknown code behind %" },
	{ "noto:ALL:ALL:ALL:550 100%\n", "error 1:25 unknown code behind %" },
	{ "noto:ALL:ALL:ALL:550 sch\xc3\xb6n\n", "error 1:25 byte \\xc3" },
	{ "noto:ALL\x01:ALL:ALL\n", "error 1:9 control character \\x01" },
	{ " # comment\n", "error 1:2 comment behind blanks" },
	{ "allow:ALL:ALL:ALL # comment\n", "error 1:19 # in a list" },
	{ "allow:ALL:ALL:ALL \\ \n", "error 1:20 blank behind the backslash" },
	/* the old file's own faults, told instead of being passed by */
	{ "allow:ALL:ALL\n#allow:ALL:ALL\n", "error 1:14 no list of recipients" },
};

static void refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct rules *rules = parse(refused[i].text);

		if (rules != NULL ||
		    strncmp(told, refused[i].expect, strlen(refused[i].expect)) != 0)
			fail_msg("%s: %s, expected %s", refused[i].text, told, refused[i].expect);
		rules_free(rules);
	}
}

/* Every error of a file, with the line and column it has there. */
static void all_at_once(void **state)
{
	static const char text[] = "# a comment \\\n"
				   "permit:ALL:ALL:ALL\n"
				   "\n"
				   "noto:POPP@POP 10.0.0.1/8,\\\n"
				   "    USER:ALL:ALL:\\\n"
				   "\t999 x\r\n"
				   "allow:ALL:ALL:ALL\n"
				   "deny:ALL:a@b@,NS=POP:";

	(void)state;
	assert_null(parse(text));
	assert_non_null(strstr(told, "error 2:1 unknown action"));
	assert_non_null(strstr(told, "error 4:15 not a network"));
	assert_non_null(strstr(told, "error 5:5 USER is out of place"));
	assert_non_null(strstr(told, "error 6:2 not a reply"));
	assert_non_null(strstr(told, "error 8:14 nothing on one side of @"));
	assert_non_null(strstr(told, "error 8:18 POP is out of place"));
	assert_non_null(strstr(told, "error 8:22 no recipients here"));
}

static void fields(void **state)
{
	static const char good[] =
	    "#c\n"
	    "noto_delay : ALL , [2001:db8::/32] : /a:b@c/@/d:e/ :\\\n"
	    "   *@[IPv6:2001:db8::1] : 550 5.7.1 a: b # c\n"
	    "allow:RBL.bl.example=127.0.0.2,127.0.0.4-11;notest,rbl.net.:ALL:ALL:# why\n"
	    "allow:127.0.0.1,127.0.0.2 RBL.BL.example:ALL:ALL";
	struct rules *rules = parse(good);

	(void)state;
	if (rules == NULL)
		fail_msg("%s", told);
	assert_int_equal(rules_count(rules), 3);
	assert_int_equal(rules_rule(rules, 1)->action, RULES_NOTO);
	assert_true(rules_rule(rules, 1)->delayed);
	assert_int_equal(rules_rule(rules, 1)->line, 2);
	assert_string_equal(rules_rule(rules, 1)->list[0], "ALL , [2001:db8::/32]");
	assert_string_equal(rules_rule(rules, 1)->list[1], "/a:b@c/@/d:e/");
	assert_string_equal(rules_rule(rules, 1)->list[2], "*@[IPv6:2001:db8::1]");
	assert_int_equal(rules_zone_count(rules), 1);
	assert_string_equal(rules_zone(rules, 0)->name, "bl.example");
	assert_true(rules_zone(rules, 0)->notest);
	assert_true(rules_uses(rules, RULES_ALLOW));
	assert_false(rules_uses(rules, RULES_TAG));
	rules_free(rules);
}

static void warnings(void **state)
{
	static const struct {
		const char *text, *expect; /* "": none */
	} cases[] = {
		{ "allow:*example.com:ALL:ALL\n",
		    "warning 1:7 *example.com matches evilexample.com too" },
		{ "allow:ALL:ALL:*@*example.com\n", "warning 1:17 *example.com matches" },
		{ "allow:*.example.com example.com:ALL:*spam*\n", "" },
		{ "allow:all:ALL:ALL\n", "warning 1:7 all is no word" },
		{ "allow:KNWON:ALL:ALL\n", "warning 1:7 KNWON is no word" },
		{ "allow:rbl.example.net:ALL:ALL\n",
		    "warning 1:7 rbl.example.net is matched as a name" },
		{ "allow:ALL:ALL:ALL:250 fine\n", "warning 1:19 the message of an allow" },
		{ "noto:ALL:ALL:ALL\nallow:POP:ALL:ALL\n",
		    "warning 2:1 this rule can never be reached: the rule of line 1" },
		{ "noto:10.0.0.0/8:*:ALL\nallow:10.1.0.0/16,10.2.3.4:a@b:ALL\n", "warning 2:1 " },
		{ "noto:10.0.0.0/8:ALL:ALL\nallow:10.1.0.0/16,11.2.3.4:ALL:ALL\n", "" },
		{ "noto:*:ALL:ALL\nallow:ALL:ALL:ALL\n", "" },
		{ "noto:ALL EXCEPT POP:ALL:ALL\nallow:POP:ALL:ALL\n", "" },
		{ "debug:ALL:ALL:ALL\nallow:POP:ALL:ALL\n", "" },
		{ "noto:a:ALL:x@ALL\nallow:a EXCEPT b:q@c:x@d\n", "warning 2:1 " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rules *rules = parse(cases[i].text);
		const char *expect = cases[i].expect;

		if (rules == NULL || strncmp(told, expect, strlen(expect)) != 0 ||
		    (*expect == '\0' && told[0] != '\0'))
			fail_msg("%s: %s, expected %s", cases[i].text, told, expect);
		rules_free(rules);
	}
}

static void sizes(void **state)
{
	char *text = malloc(RULES_FILE_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', RULES_FILE_MAX + 1);
	told[0] = '\0';
	assert_null(rules_parse(text, RULES_FILE_MAX + 1, tell, NULL));
	assert_non_null(strstr(told, "error 0:0 file too large"));
	/* one rule that is too long, with an error behind it that is still
	 * found */
	strcpy(text, "allow:");
	memset(text + 6, 'a', RULES_LINE_MAX);
	strcpy(text + 6 + RULES_LINE_MAX, "\nbad\n");
	assert_null(parse(text));
	assert_non_null(strstr(told, "error 1:1 rule too long"));
	assert_non_null(strstr(told, "error 2:1 unknown action"));
	told[0] = '\0';
	rules_free(rules_parse("", 0, tell, NULL));
	assert_string_equal(told, "");
	assert_null(rules_parse("allow:ALL\0:ALL:ALL", 18, tell, NULL));
	assert_non_null(strstr(told, "control character \\x00"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(fields),
		cmocka_unit_test(warnings),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
