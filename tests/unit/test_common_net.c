/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_net.c - addresses and networks (ipnet.h), durations (duration.h),
 * lists (list.h), the ini files (conf.h), what is ignored (ignore.h)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "duration.h"
#include "ignore.h"
#include "ipnet.h"
#include "list.h"

static void test_networks(void **state)
{
	static const struct {
		const char *net;
		const char *address;
		bool holds;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1/32", "192.0.2.0", false },
		{ "192.0.2.2/31", "192.0.2.3", true },
		{ "192.0.2.2/31", "192.0.2.4", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.1", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::/127", "2001:db8::1", true },
		{ "2001:db8::/127", "2001:db8::2", false },
		{ "127.0.0.0/8", "::ffff:127.0.0.1", true },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", true },
		{ "::ffff:10.0.0.0/104", "11.0.0.0", false },
		{ "::1", "127.0.0.1", false },
	};
	struct ipnet net, address;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(ipnet_parse(cases[i].net, &net));
		assert_true(ipnet_parse(cases[i].address, &address));
		if (ipnet_holds(&net, &address) != cases[i].holds)
			fail_msg(
			    "%s holds %s: not %d", cases[i].net, cases[i].address, cases[i].holds);
	}
}

static void test_no_networks(void **state)
{
	static const char *const refused[] = { "", "/", "/8", "10", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "010.0.0.1",
		"10.0.0.0.0", "10.0.0", "::/129", "2001:db8::1/64", "fe80::1%eth0", "[::1]",
		" 10.0.0.1", "10.0.0.1 ", "host", "1:2:3:4:5:6:7:8:9", "10.0.0.0/4294967304",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
	struct ipnet net;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		if (ipnet_parse(refused[i], &net))
			fail_msg("'%s' is taken for a network", refused[i]);
	}
}

static void test_sets(void **state)
{
	struct netset set = { NULL, 0 };
	struct ipnet address;

	(void)state;
	assert_true(ipnet_parse("192.0.2.9", &address));
	assert_false(netset_holds(&set, &address));
	assert_int_equal(netset_add_text(&set, "2001:db8::/32"), 0);
	assert_int_equal(netset_add_text(&set, "192.0.2.1/24"), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(set.count, 1);
	assert_false(netset_holds(&set, &address));
	assert_int_equal(netset_add_text(&set, "192.0.2.0/24"), 0);
	assert_true(netset_holds(&set, &address));
	netset_clear(&set);
	assert_int_equal(set.count, 0);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} cases[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "30m", 1800 }, { "1h30m", 5400 },
		{ "2d", 172800 }, { "1d1h1m1s", 90061 }, { "36500d", 3153600000 }, { "", -1 },
		{ "m", -1 }, { "1", 1 }, { "-1", -1 }, { "1.5h", -1 }, { "1h 30m", -1 },
		{ "30m1h", -1 }, { "1h1h", -1 }, { "1h30", -1 }, { "1x", -1 }, { "40000d", -1 },
		{ "99999999999999999999", -1 }, { "1s1", -1 } };
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		seconds = -1;
		if (duration_parse(cases[i].text, &seconds) != (cases[i].seconds >= 0) ||
		    seconds != cases[i].seconds)
			fail_msg("'%s' is %lld, expected %lld", cases[i].text, (long long)seconds,
			    (long long)cases[i].seconds);
	}
}

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

static char told[4096];

static void tell(const char *sentence, void *arg)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s\n", sentence);
}

static void take(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place)
{
	char *seen = arg;

	snprintf(seen + strlen(seen), 4096 - strlen(seen), "%d[%s]%s=%.40s\n", place->line, section,
	    name, value);
}

static void test_conf(void **state)
{
	static char text[CONF_LINE_MAX + 200], seen[4096];
	struct conf_errors errors = { .tell = tell };
	char *end;

	(void)state;
	strcpy(text, "a = b ; c # d\n# comment\n\n[s]\n  x=y z\nnothing\nlong = ");
	end = text + strlen(text);
	memset(end, 'l', CONF_LINE_MAX);
	strcpy(end + CONF_LINE_MAX, "\nlast = one\n[open\nz = 1");
	conf_read_text("F", text, &errors, take, seen);
	assert_string_equal(seen, "1[]a=b ; c # d\n5[s]x=y z\n8[s]last=one\n10[s]z=1\n");
	assert_string_equal(told, "F:6: 'nothing': expected NAME = VALUE\nF:7: line of 4007 bytes, "
				  "expected at most 4000\n"
				  "F:9: expected NAME = VALUE, [SECTION] or # comment\n");
	assert_int_equal(errors.count, 3);
}

/* Each program's `ignore' is this one. */
static void test_ignore(void **state)
{
	static const struct {
		const char *value; /* after the default */
		size_t errors, nets;
		const char *sentence;
	} cases[] = {
		{ "192.0.2.0/24, 2001:db8::/32", 0, 4, NULL },
		{ "none", 0, 0, NULL },
		{ "none 192.0.2.1", 0, 1, NULL },
		{ "", 0, 2, NULL },
		{ "192.0.2.1 none", 1, 3, "f:3: ignore = '192.0.2.1 none', expected none before" },
		{ "none, none", 1, 0, "expected none before the networks" },
		{ "None", 1, 2, "f:3: ignore = 'None', expected an address or a network" },
		{ "192.0.2.1/24 192.0.2.9", 1, 3, "f:3: ignore = '192.0.2.1/24'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conf_errors errors = { tell, NULL, 0 };
		struct conf_place place = { "f", 3, &errors };
		struct netset set = { NULL, 0 };

		told[0] = '\0';
		ignore_take(&set, IGNORE_DEFAULT, &place);
		ignore_take(&set, cases[i].value, &place);
		if (errors.count != cases[i].errors || set.count != cases[i].nets ||
		    (cases[i].sentence != NULL && strstr(told, cases[i].sentence) == NULL))
			fail_msg("'%s': %zu networks, %zu errors: %s", cases[i].value, set.count,
			    errors.count, told);
		netset_clear(&set);
	}
	told[0] = '\0';
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_no_networks),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_conf),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
