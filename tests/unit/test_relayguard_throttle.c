/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_throttle.c - limits per client (throttle.h), pauses
 * (tarpit.h)
 */
#include "tarpit.h"
#include "throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW INT64_C(1795175258)
#define ANY THROTTLE_STRANGER, THROTTLE_MESSAGES

static const struct throttle_limit limits[THROTTLE_CLASSES][THROTTLE_WHATS] = {
	{ { 5, 3600 }, { 10, 60 } },
	{ { 3, 3600 }, { 0, 0 } },
	{ { 0, 0 }, { 2, 7 } },
};

static void parse(void **state)
{
	static const struct {
		const char *text;
		uint32_t count; /* 0 with seconds 0: refused, -1: no limit */
		int64_t seconds;
	} cases[] = {
		{ "100/1h", 100, 3600 },
		{ "1/1", 1, 1 },
		{ "999999999/1d", 999999999, 86400 },
		{ "no", 0, -1 },
		{ "", 0, 0 },
		{ "0/1h", 0, 0 },
		{ "1/0", 0, 0 },
		{ "1/", 0, 0 },
		{ "/1h", 0, 0 },
		{ "1", 0, 0 },
		{ "-1/1h", 0, 0 },
		{ "1/1h ", 0, 0 },
		{ "1000000000/1h", 0, 0 },
		{ "1/1y", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct throttle_limit limit = { 7, 7 };
		bool good = throttle_parse(cases[i].text, &limit);

		if (good != (cases[i].seconds != 0))
			fail_msg("%s", cases[i].text);
		if (good && cases[i].seconds > 0) {
			assert_int_equal(limit.count, cases[i].count);
			assert_int_equal(limit.seconds, cases[i].seconds);
		} else if (good) {
			assert_int_equal(limit.count, 0);
		} else {
			assert_int_equal(limit.count, 7);
		}
	}
}

/* As many as come in SECONDS from START on, one every STEP. */
static unsigned let_through(
    struct throttle *throttle, const char *address, int64_t start, int64_t seconds, int64_t step)
{
	unsigned through = 0;

	for (int64_t t = start; t < start + seconds; t += step) {
		if (!throttle_allows(throttle, address, ANY, t))
			continue;
		throttle_count(throttle, address, ANY, t);
		through++;
	}
	return through;
}

/* Never more than the limit in any window, and not much less over a long
 * time. */
static void window(void **state)
{
	(void)state;
	for (int64_t offset = 0; offset < 3600; offset += 97) {
		struct throttle *throttle = throttle_new(limits, 100);
		int64_t passed[64];
		unsigned n = 0;

		for (int64_t t = NOW + offset; t < NOW + offset + 24000; t += 13) {
			if (!throttle_allows(throttle, "192.0.2.7", ANY, t))
				continue;
			throttle_count(throttle, "192.0.2.7", ANY, t);
			passed[n++] = t;
			if (n > 5)
				assert_true(passed[n - 1] - passed[n - 6] >= 3600);
		}
		assert_in_range(n, 30, 35);
		throttle_free(throttle);
	}
}

static void keys(void **state)
{
	struct throttle *throttle = throttle_new(limits, 100);

	(void)state;
	assert_int_equal(let_through(throttle, "192.0.2.7", NOW, 100, 1), 5);
	assert_int_equal(let_through(throttle, "::ffff:192.0.2.7", NOW + 100, 10, 1), 0);
	assert_int_equal(let_through(throttle, "192.0.2.8", NOW, 100, 1), 5);
	assert_int_equal(let_through(throttle, "2001:db8::1", NOW, 100, 1), 5);
	assert_int_equal(let_through(throttle, "2001:db8::ffff:2", NOW, 100, 1), 0);
	assert_int_equal(let_through(throttle, "2001:db8:0:1::1", NOW, 100, 1), 5);
	/* limits of their own, and none */
	for (int i = 0; i < 3; i++) {
		assert_true(
		    throttle_allows(throttle, "192.0.2.7", THROTTLE_POP, THROTTLE_MESSAGES, NOW));
		throttle_count(throttle, "192.0.2.7", THROTTLE_POP, THROTTLE_MESSAGES, NOW);
	}
	assert_false(throttle_allows(throttle, "192.0.2.7", THROTTLE_POP, THROTTLE_MESSAGES, NOW));
	for (int i = 0; i < 100; i++)
		throttle_count(throttle, "192.0.2.7", THROTTLE_AUTH, THROTTLE_MESSAGES, NOW);
	assert_true(throttle_allows(throttle, "192.0.2.7", THROTTLE_AUTH, THROTTLE_MESSAGES, NOW));
	assert_true(throttle_allows(throttle, "no address", ANY, NOW));
	throttle_count(throttle, "192.0.2.0/24", ANY, NOW);
	/* a clock that was set back locks nobody out for long */
	assert_false(throttle_allows(throttle, "192.0.2.7", ANY, NOW - 60));
	assert_true(throttle_allows(throttle, "192.0.2.7", ANY, NOW - 7200));
	throttle_free(throttle);
}

static void places(void **state)
{
	struct throttle *throttle = throttle_new(limits, 10);
	char address[32];

	(void)state;
	assert_int_equal(let_through(throttle, "192.0.2.7", NOW, 100, 1), 5);
	for (int i = 0; i < 1000; i++) {
		snprintf(address, sizeof address, "10.0.%d.%d", i / 256, i % 256);
		throttle_count(throttle, address, ANY, NOW);
		throttle_count(throttle, "192.0.2.7", ANY, NOW);
	}
	assert_int_equal(throttle_clients(throttle), 10);
	assert_false(throttle_allows(throttle, "192.0.2.7", ANY, NOW));
	throttle_free(throttle);
}

static struct throttle *reload(
    const struct throttle *old, const struct throttle_limit with[THROTTLE_CLASSES][THROTTLE_WHATS])
{
	struct throttle *throttle = throttle_new(with, 100);
	char *text, *rest;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct throttle_copy *copy = throttle_copy(old);

	assert_non_null(copy);
	throttle_save(copy, out);
	fclose(out);
	free(copy);
	rest = text;
	for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
		assert_true(strlen(line) < THROTTLE_LINE_MAX);
		assert_true(throttle_load(throttle, line));
	}
	free(text);
	return throttle;
}

static void restart(void **state)
{
	static const char *const bad[] = { "", "throttle", "throttle 192.0.2.7",
		"throttle x pop messages 3600 1", "throttle 192.0.2.7 pop messages 3600 1",
		"throttle 192.0.2.0/24 pop messages 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
		"throttle 192.0.2.7 pop messages 3600 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
		"throttle 192.0.2.7 pop messages 1 99999999999999999999 0 0 0 0 0 0 0 0 0 0 0 0 0",
		"throttle 192.0.2.7 pop messages 3600 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0" };
	struct throttle_limit other[THROTTLE_CLASSES][THROTTLE_WHATS] = { { { 5, 60 }, { 0, 0 } } };
	struct throttle *throttle = throttle_new(limits, 100), *again;

	(void)state;
	let_through(throttle, "192.0.2.7", NOW, 100, 1);
	let_through(throttle, "2001:db8::1", NOW, 3, 1);
	again = reload(throttle, limits);
	assert_int_equal(throttle_clients(again), 2);
	assert_int_equal(let_through(again, "192.0.2.7", NOW + 100, 100, 1), 0);
	assert_int_equal(let_through(again, "2001:db8::2", NOW + 100, 100, 1), 2);
	throttle_free(again);
	again = reload(throttle, other);
	assert_int_equal(throttle_clients(again), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(throttle_load(again, bad[i]));
	throttle_free(again);
	throttle_configure(throttle, other);
	assert_int_equal(let_through(throttle, "192.0.2.7", NOW + 100, 30, 1), 5);
	throttle_free(throttle);
}

static void tarpits(void **state)
{
	static const struct {
		uint32_t after, number;
		int64_t step, base, most, pause;
	} cases[] = {
		{ 0, 100, 2000, 0, 8000, 0 },
		{ 5, 5, 2000, 0, 8000, 0 },
		{ 5, 6, 2000, 0, 8000, 2000 },
		{ 5, 8, 2000, 0, 8000, 6000 },
		{ 5, 9, 2000, 0, 8000, 8000 },
		{ 5, UINT32_MAX, 2000, 0, 8000, 8000 },
		{ 5, UINT32_MAX, INT64_MAX, 5000, 8000, 8000 },
		{ 5, 6, 2000, 5000, 8000, 7000 },
		{ 5, 1, 2000, 9000, 8000, 8000 },
		{ 5, 9, 0, 100, 8000, 100 },
	};
	struct pauses pauses = { .most = 2 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tarpit tarpit = { cases[i].after, cases[i].step };

		assert_int_equal(tarpit_ms(&tarpit, cases[i].number, cases[i].base, cases[i].most),
		    cases[i].pause);
	}
	assert_true(pauses_begin(&pauses));
	assert_true(pauses_begin(&pauses));
	assert_false(pauses_begin(&pauses));
	pauses_end(&pauses);
	assert_true(pauses_begin(&pauses));
	assert_int_equal(pauses.skipped, 1);
	assert_int_equal(pauses.begun, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(window),
		cmocka_unit_test(keys),
		cmocka_unit_test(places),
		cmocka_unit_test(restart),
		cmocka_unit_test(tarpits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
