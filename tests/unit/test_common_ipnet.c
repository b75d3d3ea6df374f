/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_common_ipnet.c - addresses, networks and sets of them (ipnet.h)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipnet.h"

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

static void test_clients(void **state)
{
	static const struct {
		const char *address;
		bool client;
	} cases[] = {
		{ "0.0.0.0", false },
		{ "0.255.255.255", false },
		{ "1.0.0.0", true },
		{ "127.0.0.1", true },
		{ "223.255.255.255", true },
		{ "224.0.0.0", false },
		{ "255.255.255.255", false },
		{ "::", false },
		{ "::1", true },
		{ "::ffff:0.0.0.0", false },
		{ "2001:db8::1", true },
		{ "fe7f::1", true },
		{ "fe80::1", false },
		{ "febf:ffff::1", false },
		{ "fec0::1", true },
		{ "fdff::1", true },
		{ "ff00::", false },
	};
	struct ipnet address;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(ipnet_parse(cases[i].address, &address));
		if (ipnet_is_client(&address) != cases[i].client)
			fail_msg("%s: not %d", cases[i].address, cases[i].client);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_no_networks),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
