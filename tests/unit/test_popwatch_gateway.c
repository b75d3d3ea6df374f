/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_gateway.c - the kernel's tables, as they are in /proc/net, and
 * which addresses in them stand for everybody
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway.h"

static const char route[] =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "br-1a2b\t000016AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth0\t006433C6\t026433C6\t0007\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "short\n";
static const char fib_trie[] =
    "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n"
    "     |-- 172.22.0.0\n        /16 link UNICAST\n"
    "     |-- 172.22.1.1\n        /32 host LOCAL\n"
    "     |-- 172.22.255.255\n        /32 link BROADCAST\n"
    "Local:\n     |-- 127.0.0.1\n        /32 host LOCAL\n"
    "     |-- 192.0.2.9\n        /32 host LOCAL\n"
    "     |-- 172.22.1.1\n        /32 host LOCAL\n";
static const char ipv6_route[] =
    "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 1 0 00000001     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "20010db8000000000000000000000001 00000400 2 0 00000003     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fe800000000000000000000000000001 00000400 2 0 00000003     eth0\n";
static const char if_inet6[] = "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
			       "00000000000000000000000000000001 01 80 10 80       lo\n"
			       "20010db8000000000000000000000002 04 40 00 82     eth0\n"
			       "2001 x\n";

static void read_text(struct gateways *gateways, const char *text,
    void (*reader)(struct gateways *gateways, FILE *in))
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(in);
	reader(gateways, in);
	fclose(in);
}

static void expect(
    struct gateways *gateways, const char *address, enum gateway_kind kind, const char *interface)
{
	const struct gateway *gateway = gateways_find(gateways, address);

	assert_non_null(gateway);
	assert_int_equal(gateway->kind, kind);
	assert_string_equal(gateway->interface, interface);
}

static void test_tables(void **state)
{
	static const char *const none[] = { "127.0.0.1", "::1", "0.0.0.0", "172.22.0.0",
		"172.22.255.255", "172.22.1.2", "192.0.2.2", "fe80::1",
		"2001:db8::", "198.51.100.0" };
	struct gateways gateways = { .count = 0 };

	(void)state;
	read_text(&gateways, route, gateways_read_route);
	read_text(&gateways, fib_trie, gateways_read_fib_trie);
	read_text(&gateways, ipv6_route, gateways_read_ipv6_route);
	read_text(&gateways, if_inet6, gateways_read_if_inet6);
	expect(&gateways, "192.0.2.1", GATEWAY_HOP, "eth0");
	expect(&gateways, "198.51.100.2", GATEWAY_HOP, "eth0");
	expect(&gateways, "172.22.1.1", GATEWAY_OWN, "");
	expect(&gateways, "192.0.2.9", GATEWAY_OWN, "");
	expect(&gateways, "2001:db8::1", GATEWAY_HOP, "eth0");
	expect(&gateways, "2001:db8::2", GATEWAY_OWN, "eth0");
	assert_int_equal(gateways.count, 6);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_null(gateways_find(&gateways, none[i]));
}

static void test_limit(void **state)
{
	struct gateways gateways = { .count = 0 };
	char text[100];

	(void)state;
	for (unsigned i = 0; i < 2 * GATEWAYS; i++) {
		snprintf(text, sizeof text, "|-- 198.51.%u.%u\n/32 host LOCAL\n", i / 200, i % 200);
		read_text(&gateways, text, gateways_read_fib_trie);
	}
	assert_int_equal(gateways.count, GATEWAYS);
}

static void test_warning(void **state)
{
	struct gateways gateways = { .count = 0 };
	char text[400];

	(void)state;
	read_text(&gateways, route, gateways_read_route);
	gateway_warning(gateways_find(&gateways, "192.0.2.1"), text, sizeof text);
	assert_non_null(
	    strstr(text, "a login from 192.0.2.1, which is a gateway of this host on eth0:"));
	assert_non_null(strstr(text, "'ignore = 192.0.2.1'"));
}

/* What was said stays said; what the host does not have any more is gone. */
static void test_refresh(void **state)
{
	struct gateways gateways = { .count = 0 };

	(void)state;
	read_text(&gateways, route, gateways_read_route);
	gateways.list[0].said = true;
	gateways.tables[0] = fmemopen((void *)(uintptr_t)route, strlen(route), "r");
	gateways_refresh(&gateways);
	assert_int_equal(gateways.count, 2);
	assert_true(gateways.list[0].said);
	assert_false(gateways.list[1].said);
	gateways_close(&gateways);
	gateways_refresh(&gateways);
	assert_int_equal(gateways.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_refresh),
	};

	return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
