/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relaymirror_engineurl.c - where an engine may be, and what is refused
 * (engineurl.h)
 */
#include "engineurl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The places, each with its port, or 0 for a Unix socket. */
static void forms(void **state)
{
	static const struct {
		const char *text, *places, *master;
		unsigned database;
		bool tls, sentinel;
	} cases[] = {
		{ "redis://192.0.2.1", "192.0.2.1:6379 ", "", 0, false, false },
		{ "redis://192.0.2.1/", "192.0.2.1:6379 ", "", 0, false, false },
		{ "redis://192.0.2.1:6380/7", "192.0.2.1:6380 ", "", 7, false, false },
		{ "redis://[2001:db8::1]", "[2001:db8::1]:6379 ", "", 0, false, false },
		{ "rediss://[2001:db8::1]:1/65535", "[2001:db8::1]:1 ", "", 65535, true, false },
		{ "unix:/run/redis/redis.sock", "/run/redis/redis.sock ", "", 0, false, false },
		{ "redis+sentinel://192.0.2.1/mymaster", "192.0.2.1:26379 ", "mymaster", 0, false,
		    true },
		{ "rediss+sentinel://192.0.2.1,[2001:db8::1]:5,192.0.2.3:65535/m",
		    "192.0.2.1:26379 [2001:db8::1]:5 192.0.2.3:65535 ", "m", 0, true, true },
	};
	struct engineurl url;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *wrong = engineurl_parse(cases[i].text, &url);
		char places[512] = "";

		if (wrong != NULL)
			fail_msg("%s: %s", cases[i].text, wrong);
		for (size_t k = 0; k < url.count; k++)
			snprintf(places + strlen(places), sizeof places - strlen(places), "%s ",
			    url.places[k].text);
		if (strcmp(places, cases[i].places) != 0 ||
		    strcmp(url.master, cases[i].master) != 0 || url.database != cases[i].database ||
		    url.tls != cases[i].tls || url.sentinel != cases[i].sentinel)
			fail_msg("%s: %s%s %u", cases[i].text, places, url.master, url.database);
	}
}

/* Nothing is looked up, guessed or cut. */
static void refused(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ "", "expected redis://" },
		{ "192.0.2.1", "expected redis://" },
		{ "REDIS://192.0.2.1", "expected redis://" },
		{ "redis://", "an address is missing" },
		{ "redis:///0", "an address is missing" },
		{ "redis://engine.example.org", "expected the number of an address" },
		{ "redis://192.0.2", "expected the number of an address" },
		{ "redis://192.0.2.1 ", "expected the number of an address" },
		{ "redis://2001:db8::1", "the port is not a number" },
		{ "redis://[2001:db8::1", "'[' without ']'" },
		{ "redis://[2001:db8::1]6379", "'[' without ']'" },
		{ "redis://[192.0.2.1:6379", "'[' without ']'" },
		{ "redis://192.0.2.1:", "the port is not a number" },
		{ "redis://192.0.2.1:0", "the port is not a number" },
		{ "redis://192.0.2.1:65536", "the port is not a number" },
		{ "redis://192.0.2.1:4294967297", "the port is not a number" },
		{ "redis://192.0.2.1:+1", "the port is not a number" },
		{ "redis://192.0.2.1/65536", "the database is not a number" },
		{ "redis://192.0.2.1/4294967296", "the database is not a number" },
		{ "redis://192.0.2.1/x", "the database is not a number" },
		{ "redis://192.0.2.1/0/0", "the database is not a number" },
		{ "redis://192.0.2.1,192.0.2.2", "several addresses without redis+sentinel" },
		{ "redis://user:word@192.0.2.1", "a user or password in it" },
		{ "redis+sentinel://192.0.2.1", "the name of the master is missing" },
		{ "redis+sentinel://192.0.2.1/", "the name of the master is missing" },
		{ "redis+sentinel://192.0.2.1/a/b", "the name of the master is too long, or has" },
		{ "redis+sentinel://192.0.2.1/a b", "the name of the master is too long, or has" },
		{ "redis+sentinel://192.0.2.1,,192.0.2.2/m", "an address is missing" },
		{ "redis+sentinel://192.0.2.1,/m", "an address is missing" },
		{ "redis+sentinel://192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,192.0.2.5,192.0.2.6,"
		  "192.0.2.7,192.0.2.8,192.0.2.9/m",
		    "more than eight addresses" },
		{ "unix:", "expected unix: and an absolute path" },
		{ "unix:run/redis.sock", "expected unix: and an absolute path" },
	};
	struct engineurl url;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *wrong = engineurl_parse(cases[i].text, &url);

		if (wrong == NULL || strncmp(wrong, cases[i].wrong, strlen(cases[i].wrong)) != 0)
			fail_msg("%s: %s", cases[i].text, wrong != NULL ? wrong : "taken");
	}
}

/* A path that a socket can just have, and one of a byte more. */
static void longest_path(void **state)
{
	char text[sizeof "unix:" + sizeof((struct sockaddr_un *)0)->sun_path];
	struct engineurl url;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "unix:/", 6);
	text[sizeof text - 1] = '\0';
	assert_string_equal(engineurl_parse(text, &url), "the path is too long for a socket");
	text[sizeof text - 2] = '\0';
	assert_null(engineurl_parse(text, &url));
}

/* What Sentinel says of a master. */
static void places(void **state)
{
	struct engineplace place;

	(void)state;
	assert_true(engineplace_make("2001:db8::1", 6379, &place));
	assert_string_equal(place.text, "[2001:db8::1]:6379");
	assert_int_equal(place.socket.ss_family, AF_INET6);
	assert_int_equal(place.port, 6379);
	assert_true(engineplace_make("192.0.2.1", 1, &place));
	assert_int_equal(place.socket.ss_family, AF_INET);
	assert_false(engineplace_make("engine.example.org", 6379, &place));
	assert_false(engineplace_make("", 6379, &place));
	assert_int_equal(engineurl_port("65535"), 65535);
	assert_int_equal(engineurl_port("065536"), 0);
	assert_int_equal(engineurl_port(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(refused),
		cmocka_unit_test(longest_path),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests_name("engineurl", tests, NULL, NULL);
}
