/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_address.c - which addresses are taken, which refused, and in
 * which form they are kept (address.h)
 */
#include "relaydb_scratch.h"

#include <arpa/inet.h>

static void addresses_taken(void **state)
{
	static const struct {
		const char *text, *form;
	} cases[] = {
		{ "10.11.12.13", "10.11.12.13" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::ffff:1.2.3.4", "1.2.3.4" },
		{ "::FFFF:1.2.3.4", "1.2.3.4" },
		{ "::ffff:102:304", "1.2.3.4" },
		{ "0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:DB8::A", "2001:db8::a" }, /* RFC 5952, 4.3: lower case */
		{ "2001:0db8::0001", "2001:db8::1" }, /* 4.1: no leading zeros */
		{ "2001:db8:0:0:0:0:2:1", "2001:db8::2:1" }, /* 4.2.1: as short as it can be */
		/* 4.2.2: not for a single field */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" }, /* 4.2.3: the longest run */
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" }, /* of equal ones the first */
		{ "0:0:0:0:0:0:0:0", "::" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "1:0:0:0:0:0:0:0", "1::" },
		{ "fe80:0:0:0:0:0:0:1", "fe80::1" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "2001:db8:0:0:0:0:192.0.2.1", "2001:db8::c000:201" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "::fffe:1.2.3.4", "::fffe:102:304" },
	};
	char out[RELAYDB_ADDRSTRLEN], again[RELAYDB_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (relaydb_address(cases[i].text, out) != RELAYDB_OK)
			fail_msg("%s is refused", cases[i].text);
		assert_string_equal(out, cases[i].form);
		/* the form is its own form */
		assert_int_equal(relaydb_address(out, again), RELAYDB_OK);
		assert_string_equal(again, cases[i].form);
	}
}

static void addresses_refused(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"10.1",
		"10",
		"10.0.1",
		"010.0.0.1",
		"10.0.0.01",
		"10.0.0.00",
		"1.2.3.4.5",
		"1.2.3.4.",
		".1.2.3.4",
		"1..2.3",
		"1.2.3.4/24",
		"1.2.3.256",
		"1.2.3.-4",
		"1.2.3.+4",
		"1.2.3.0x4",
		"0x7f000001",
		"2130706433",
		"99999999999.1.1.1",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4\n",
		"1.2.3.4\t",
		"1,2,3,4",
		"1.2.3.4:25",
		"[1.2.3.4]",
		"host.example",
		"localhost",
		"a.b.c.d",
		"::g",
		":",
		":::",
		"1:2:3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:",
		":1:2:3:4:5:6:7",
		"1::2::3",
		"12345::1",
		"::1/64",
		"fe80::1%eth0",
		"::ffff:1.2.3.4%1",
		"[::1]",
		"[::1]:25",
		"::1 ",
		" ::1",
		"IPv6:::1",
		"IPv6:2001:db8::1",
		"::ffff:1.2.3",
		"::ffff:1.2.3.256",
		"::ffff:01.2.3.4",
		"::1.2.3.4.5",
		"::1.2.3.4:1",
		"1.2.3.4::",
		"2001:db8::1\xc2\xa0",
		"\xd9\xa1.2.3.4",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255x",
		"0000:0000:0000:0000:0000:ffff:0192.0168.0100.0200",
		"00000000000000000000000000000000000000000000000000000000001.2.3.4",
	};
	char out[RELAYDB_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		strcpy(out, "left");
		if (relaydb_address(cases[i], out) != RELAYDB_BADADDR)
			fail_msg("\"%s\" is taken, as %s", cases[i], out);
		assert_string_equal(out, "");
	}
}

/* Every one of 10,000 addresses comes out as inet_ntop(3) prints it, however it
 * is spelled. */
static void addresses_as_inet_ntop(void **state)
{
	char printed[INET6_ADDRSTRLEN], spelled[80], out[RELAYDB_ADDRSTRLEN];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		unsigned char b[16];
		int family = i % 2 ? AF_INET : AF_INET6;

		for (int j = 0; j < 16; j++)
			b[j] = (unsigned char)random_below(256);
		for (int j = 0; j < 8; j++)
			if (random_below(3) != 0) /* runs of zeros are what it is about */
				b[2 * j] = b[2 * j + 1] = 0;
		b[0] |= 0x20; /* away from the mapped and the compatible ones */
		inet_ntop(family, b, printed, sizeof printed);
		if (family == AF_INET)
			snprintf(
			    spelled, sizeof spelled, "::ffff:%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		else
			snprintf(spelled, sizeof spelled,
			    "%02X%02X:%02X%02X:%02x%02x:%x:%02x%02x:%02x%02x:%02x%02X:%02x%02x",
			    b[0], b[1], b[2], b[3], b[4], b[5], b[6] << 8 | b[7], b[8], b[9], b[10],
			    b[11], b[12], b[13], b[14], b[15]);
		assert_int_equal(relaydb_address(printed, out), RELAYDB_OK);
		assert_string_equal(out, printed);
		assert_int_equal(relaydb_address(spelled, out), RELAYDB_OK);
		assert_string_equal(out, printed);
	}
}

/* A key out of a file has no end but its size, and may hold NULs. */
static void addresses_with_a_size(void **state)
{
	char out[RELAYDB_ADDRSTRLEN];
	struct address address;

	(void)state;
	assert_true(address_read("1.2.3.45", 7, &address, out));
	assert_string_equal(out, "1.2.3.4");
	assert_true(address_read("::1x", 3, &address, out));
	assert_string_equal(out, "::1");
	assert_false(address_read("::1\0::1", 7, &address, out));
	assert_false(address_read("1.2.3.4", 8, &address, out));
	assert_false(address_read("", 0, &address, out));
	assert_true(address_plain("::1", 3));
	assert_true(address_plain("192.168.7", 9));
	assert_true(address_plain("", 0));
	assert_false(address_plain("::1", 4));
	assert_false(address_plain("::FFFF:1.2.3.4", 14));
	assert_false(address_plain("2001:db8:0::1", 13));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_taken),
		cmocka_unit_test(addresses_refused),
		cmocka_unit_test(addresses_as_inet_ntop),
		cmocka_unit_test(addresses_with_a_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
