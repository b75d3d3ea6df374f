/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaydb_text.c - addresses, stamps and the path: what is taken, what is
 * refused, and in which form it is kept
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

/* ---- the path ---- */

static void path_rule(void **state)
{
	char etc[128], home_db[160], buf[256];

	(void)state;
	setenv("HOME", directory, 1);
	unsetenv("RELAYERS_DB");
	/* no file in HOME: the built-in one */
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, RELAYERS_STATEDIR "/relayers.db");

	snprintf(etc, sizeof etc, "%s/etc", directory);
	snprintf(home_db, sizeof home_db, "%s/relayers.db", etc);
	assert_int_equal(mkdir(etc, 0755), 0);
	close(open(home_db, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, home_db);
	assert_int_equal(relaydb_path(NULL, buf, strlen(home_db) + 1), RELAYDB_OK);
	assert_string_equal(buf, home_db);

	setenv("HOME", "", 1);
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, RELAYERS_STATEDIR "/relayers.db");
	unsetenv("HOME");
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, RELAYERS_STATEDIR "/relayers.db");
	setenv("HOME", directory, 1);

	setenv("RELAYERS_DB", "", 1);
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, home_db);
	setenv("RELAYERS_DB", "/some/where.db", 1);
	assert_int_equal(relaydb_path(NULL, buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, "/some/where.db");
	assert_int_equal(relaydb_path("given.db", buf, sizeof buf), RELAYDB_OK);
	assert_string_equal(buf, "given.db");

	assert_int_equal(relaydb_path("given.db", buf, 9), RELAYDB_OK);
	assert_int_equal(relaydb_path("given.db", buf, 8), RELAYDB_NOFILE);
	assert_int_equal(relaydb_path("given.db", buf, 0), RELAYDB_NOFILE);
	unlink(home_db);
	rmdir(etc);
	unsetenv("RELAYERS_DB");
}

/* What a handle is made of, and paths that can be no database. */
static void handles(void **state)
{
	struct relaydb_options options = { .path = NULL };
	char longest[5000];
	struct relaydb *db;
	int64_t stamp;

	(void)state;
	setenv("RELAYERS_DB", path, 1);
	assert_int_equal(relaydb_open(&db, NULL), RELAYDB_OK);
	assert_string_equal(relaydb_filename(db), path);
	assert_string_equal(relaydb_error(db), "");
	assert_string_equal(relaydb_notice(db), "");
	assert_code(db, relaydb_get(db, "1.2.3.4", &stamp), RELAYDB_NOFILE);
	assert_says(db, "does not exist");
	assert_code(db, relaydb_get(db, "1.2.3", &stamp), RELAYDB_BADADDR);
	relaydb_close(&db);
	assert_null(db);
	relaydb_close(&db);
	unsetenv("RELAYERS_DB");

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	options.path = longest;
	assert_int_equal(relaydb_open(&db, &options), RELAYDB_NOFILE);
	assert_null(db);
}

static void paths_that_are_no_database(void **state)
{
	static const struct {
		const char *name;
		int code;
		const char *words;
	} cases[] = {
		{ "", RELAYDB_NOTDB, "not the name of a file" },
		{ "/", RELAYDB_NOTDB, "not the name of a file" },
		{ ".", RELAYDB_NOTDB, "not the name of a file" },
		{ "/tmp/..", RELAYDB_NOTDB, "not the name of a file" },
		{ "/tmp/", RELAYDB_NOTDB, "not the name of a file" },
		{ "/usr", RELAYDB_NOTDB, "directory" },
		{ "/dev/null", RELAYDB_NOTDB, "not a regular file" },
		{ "/nonexistent/relayers.db", RELAYDB_NOFILE, "directory" },
		{ "/etc/passwd/relayers.db", RELAYDB_NOFILE, "directory" },
		{ "/etc/passwd", RELAYDB_NOTDB, "not a relay database" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct relaydb_options options = { .path = cases[i].name };
		struct relaydb *db;
		int64_t stamp;

		assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
		assert_code(db, relaydb_get(db, "1.2.3.4", &stamp), cases[i].code);
		assert_says(db, cases[i].words);
		relaydb_close(&db);
	}
}

static void every_code_has_words(void **state)
{
	(void)state;
	for (int code = RELAYDB_OK; code <= RELAYDB_NOENTRY; code++) {
		assert_string_not_equal(relaydb_strcode(code), "");
		assert_string_not_equal(relaydb_strcode(code), "unknown code");
	}
	assert_string_equal(relaydb_strcode(RELAYDB_NOENTRY + 1), "unknown code");
	assert_string_equal(relaydb_strcode(-1), "unknown code");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_taken),
		cmocka_unit_test(addresses_refused),
		cmocka_unit_test(addresses_as_inet_ntop),
		cmocka_unit_test(addresses_with_a_size),
		cmocka_unit_test(stamps),
		SCRATCH_TEST(path_rule),
		SCRATCH_TEST(handles),
		cmocka_unit_test(paths_that_are_no_database),
		cmocka_unit_test(every_code_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
