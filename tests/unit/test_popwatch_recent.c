/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_recent.c - when an address was recorded last: never a time that
 * was not noted for it (recent.h)
 */
#include "recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1795175258)
#define CROWD (2 * RECENT_MAX)

static void name_address(unsigned n, char address[40])
{
	snprintf(address, 40, "10.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
}

static void one(void **state)
{
	struct recent *recent = recent_new();
	int64_t when = 7;

	(void)state;
	assert_non_null(recent);
	assert_false(recent_find(recent, "192.0.2.1", &when));
	assert_int_equal(when, 7);
	recent_note(recent, "192.0.2.1", NOW);
	assert_true(recent_find(recent, "192.0.2.1", &when));
	assert_int_equal(when, NOW);
	recent_note(recent, "192.0.2.1", NOW + 60);
	assert_true(recent_find(recent, "192.0.2.1", &when));
	assert_int_equal(when, NOW + 60);
	/* the clock was set back */
	recent_note(recent, "192.0.2.1", NOW - 3600);
	assert_true(recent_find(recent, "192.0.2.1", &when));
	assert_int_equal(when, NOW - 3600);
	/* others are others, however alike they are */
	assert_false(recent_find(recent, "192.0.2.10", &when));
	assert_false(recent_find(recent, "192.0.2.", &when));
	assert_false(recent_find(recent, "::ffff:192.0.2.1", &when));
	assert_false(recent_find(recent, "", &when));
	recent_free(recent);
	recent_free(NULL);
}

/* Beyond what there is room for some are forgotten, and none gets another's
 * time; who was noted last is always there. */
static void crowd(void **state)
{
	struct recent *recent = recent_new();
	unsigned known = 0;
	char address[40];
	int64_t when;

	(void)state;
	assert_non_null(recent);
	for (unsigned i = 0; i < CROWD; i++) {
		name_address(i, address);
		recent_note(recent, address, NOW + i);
		if (!recent_find(recent, address, &when) || when != NOW + i)
			fail_msg("%s is not known", address);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		name_address(i, address);
		if (!recent_find(recent, address, &when))
			continue;
		known++;
		if (when != NOW + i)
			fail_msg("%s has the time of another", address);
	}
	assert_in_range(known, RECENT_MAX / 2, RECENT_MAX);
	recent_free(recent);
}

/* Where there is room for far more, hardly anybody is forgotten. */
static void few(void **state)
{
	struct recent *recent = recent_new();
	unsigned known = 0;
	char address[40];
	int64_t when;

	(void)state;
	assert_non_null(recent);
	for (unsigned i = 0; i < RECENT_MAX / 8; i++) {
		name_address(i, address);
		recent_note(recent, address, NOW);
	}
	for (unsigned i = 0; i < RECENT_MAX / 8; i++) {
		name_address(i, address);
		known += recent_find(recent, address, &when);
	}
	assert_in_range(known, RECENT_MAX / 8 * 99 / 100, RECENT_MAX / 8);
	recent_free(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(crowd),
		cmocka_unit_test(few),
	};

	return cmocka_run_group_tests_name("recent", tests, NULL, NULL);
}
