/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_blocklist.c - lists that are well, that die, that go wild
 */
#include "blocklist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BOTH (BLOCKLIST_MUST_BE_LISTED | BLOCKLIST_MUST_NOT)

static const uint32_t two[] = { 0x7f000002 }, one[] = { 0x7f000001 }, refusing[] = { 0x7ffffffe },
		      parking[] = { 0xc0000207 }, mixed[] = { 0xc0000207, 0x7f000009 };

static const struct blocklist_reply absent = { .outcome = BLOCKLIST_NXDOMAIN },
				    nodata = { .outcome = BLOCKLIST_NODATA },
				    failed = { .outcome = BLOCKLIST_FAILED },
				    hit = { BLOCKLIST_ADDRESSES, two, 1 },
				    loop = { BLOCKLIST_ADDRESSES, one, 1 },
				    refused = { BLOCKLIST_ADDRESSES, refusing, 1 },
				    parked = { BLOCKLIST_ADDRESSES, parking, 1 },
				    nine = { BLOCKLIST_ADDRESSES, mixed, 2 };

static const struct rules_zone all = { .name = "bl.test" };

/* Puts both questions of a self-test, and answers them. */
static void test_list(struct blocklist *list, const struct blocklist_reply *listed,
    const struct blocklist_reply *clean, int64_t now)
{
	assert_int_equal(blocklist_due(list, now), BOTH);
	assert_int_equal(blocklist_due(list, now), 0);
	blocklist_tested(list, BLOCKLIST_MUST_BE_LISTED, listed, now);
	blocklist_tested(list, BLOCKLIST_MUST_NOT, clean, now);
}

static void names(void **state)
{
	struct ipnet net;
	char name[BLOCKLIST_NAME_SIZE];

	(void)state;
	assert_true(ipnet_parse("192.0.2.99", &net));
	blocklist_name(&net, "bl.test", name);
	assert_string_equal(name, "99.2.0.192.bl.test");
	assert_true(ipnet_parse("2001:db8:1:2:3:4:567:89ab", &net));
	blocklist_name(&net, "bl.test", name); /* RFC 5782, 2.4 */
	assert_string_equal(
	    name, "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.test");
	blocklist_point_name(BLOCKLIST_MUST_BE_LISTED, "bl.test", name);
	assert_string_equal(name, "2.0.0.127.bl.test");
	blocklist_point_name(BLOCKLIST_MUST_NOT, "bl.test", name);
	assert_string_equal(name, "1.0.0.127.bl.test");
}

static void self_tests(void **state)
{
	static const struct {
		const struct blocklist_reply *listed, *clean;
		enum blocklist_state state;
		enum rules_answer answer; /* to a hit */
	} cases[] = {
		{ &hit, &absent, BLOCKLIST_GOOD, RULES_YES },
		{ &nine, &absent, BLOCKLIST_GOOD, RULES_YES },
		{ &hit, &hit, BLOCKLIST_OFF, RULES_OFF }, /* everything is listed */
		{ &parked, &parked, BLOCKLIST_OFF, RULES_OFF },
		{ &refused, &refused, BLOCKLIST_OFF, RULES_OFF },
		{ &absent, &absent, BLOCKLIST_OFF, RULES_OFF }, /* nothing is */
		{ &hit, &nodata, BLOCKLIST_OFF, RULES_OFF },
		{ &nodata, &absent, BLOCKLIST_OFF, RULES_OFF },
		{ &loop, &absent, BLOCKLIST_OFF, RULES_OFF },
		{ &failed, &absent, BLOCKLIST_UNTRIED, RULES_UNKNOWN },
		{ &hit, &failed, BLOCKLIST_UNTRIED, RULES_UNKNOWN },
		{ &failed, &failed, BLOCKLIST_UNTRIED, RULES_UNKNOWN },
		{ &failed, &hit, BLOCKLIST_OFF, RULES_OFF },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct blocklist list = { .notest = false };

		/* before the first test nothing is believed */
		assert_int_equal(blocklist_judge(&list, &all, &hit, 5), RULES_PENDING);
		test_list(&list, cases[i].listed, cases[i].clean, 5);
		if (list.state != cases[i].state ||
		    blocklist_judge(&list, &all, &hit, 6) != cases[i].answer)
			fail_msg("case %zu: state %d", i, list.state);
		assert_int_equal(list.why != NULL, list.state == BLOCKLIST_OFF);
	}
}

static void replies(void **state)
{
	static const struct rules_range high[] = { { 0x7f000004, 0x7f00000b } };
	static const struct rules_zone some = {
		.name = "bl.test", .ranges = high, .range_count = 1
	};
	static const struct {
		const struct blocklist_reply *reply;
		enum rules_answer all, some;
	} cases[] = {
		{ &absent, RULES_NO, RULES_NO },
		{ &nodata, RULES_NO, RULES_NO },
		{ &hit, RULES_YES, RULES_NO },
		{ &nine, RULES_YES, RULES_YES },
		{ &failed, RULES_UNKNOWN, RULES_UNKNOWN },
		{ &loop, RULES_UNKNOWN, RULES_UNKNOWN },
		{ &refused, RULES_UNKNOWN, RULES_UNKNOWN },
		{ &parked, RULES_UNKNOWN, RULES_UNKNOWN },
	};
	struct blocklist list = { .notest = false };

	(void)state;
	test_list(&list, &hit, &absent, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(blocklist_judge(&list, &all, cases[i].reply, 1), cases[i].all);
		assert_int_equal(blocklist_judge(&list, &some, cases[i].reply, 1), cases[i].some);
	}
}

/* A list that was well goes wild: the first hit that needs a new proof ends
 * it. */
static void goes_wild(void **state)
{
	struct blocklist list = { .notest = false };
	int64_t now = BLOCKLIST_PROOF_MS;

	(void)state;
	test_list(&list, &hit, &absent, 0);
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_YES);
	now++;
	assert_int_equal(blocklist_due(&list, now), 0);
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_PENDING);
	assert_int_equal(blocklist_due(&list, now), BLOCKLIST_MUST_NOT);
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_PENDING);
	assert_int_equal(blocklist_due(&list, now), 0); /* one question for all that wait */
	assert_true(blocklist_tested(&list, BLOCKLIST_MUST_NOT, &hit, now));
	assert_int_equal(list.state, BLOCKLIST_OFF);
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_OFF);
	/* and comes back */
	assert_int_equal(blocklist_due(&list, now + BLOCKLIST_RETRY_MS - 1), 0);
	now += BLOCKLIST_RETRY_MS;
	assert_int_equal(blocklist_due(&list, now), BOTH);
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_OFF);
	assert_false(blocklist_tested(&list, BLOCKLIST_MUST_NOT, &absent, now));
	assert_true(blocklist_tested(&list, BLOCKLIST_MUST_BE_LISTED, &hit, now));
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_YES);
	assert_int_equal(list.offs, 1);
}

static void proof_fails(void **state)
{
	struct blocklist list = { .notest = false };
	int64_t now = BLOCKLIST_PROOF_MS + 1;

	(void)state;
	test_list(&list, &hit, &absent, 0);
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_PENDING);
	assert_int_equal(blocklist_due(&list, now), BLOCKLIST_MUST_NOT);
	assert_false(blocklist_tested(&list, BLOCKLIST_MUST_NOT, &failed, now));
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_UNKNOWN);
	assert_int_equal(blocklist_due(&list, now), 0);
	now += BLOCKLIST_REST_MS;
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_PENDING);
	assert_int_equal(blocklist_due(&list, now), BLOCKLIST_MUST_NOT);
	assert_false(blocklist_tested(&list, BLOCKLIST_MUST_NOT, &absent, now));
	assert_int_equal(blocklist_judge(&list, &all, &hit, now), RULES_YES);
	/* a clock that goes back proves nothing */
	assert_int_equal(blocklist_judge(&list, &all, &hit, now - 1), RULES_PENDING);
}

static void every_hour(void **state)
{
	struct blocklist list = { .notest = false };
	int64_t now = BLOCKLIST_TEST_MS;

	(void)state;
	test_list(&list, &hit, &absent, 0);
	assert_int_equal(blocklist_due(&list, now - 1), 0);
	test_list(&list, &failed, &failed, now);
	assert_int_equal(list.state, BLOCKLIST_GOOD); /* it is not dead, it is late */
	now += BLOCKLIST_RETRY_MS;
	test_list(&list, &absent, &absent, now);
	assert_int_equal(list.state, BLOCKLIST_OFF);
}

/* A list of the site's own has no 127.0.0.2, and must not list 127.0.0.1
 * either. */
static void no_test(void **state)
{
	struct blocklist list = { .notest = true };

	(void)state;
	assert_int_equal(blocklist_due(&list, 0), BLOCKLIST_MUST_NOT);
	assert_true(blocklist_tested(&list, BLOCKLIST_MUST_NOT, &absent, 0));
	assert_int_equal(blocklist_judge(&list, &all, &hit, 1), RULES_YES);
	assert_int_equal(blocklist_due(&list, BLOCKLIST_TEST_MS), BLOCKLIST_MUST_NOT);
	assert_true(blocklist_tested(&list, BLOCKLIST_MUST_NOT, &hit, BLOCKLIST_TEST_MS));
	assert_int_equal(list.state, BLOCKLIST_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(self_tests),
		cmocka_unit_test(replies),
		cmocka_unit_test(goes_wild),
		cmocka_unit_test(proof_fails),
		cmocka_unit_test(every_hour),
		cmocka_unit_test(no_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
