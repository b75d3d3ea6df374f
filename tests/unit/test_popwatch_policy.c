/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_policy.c - does this login count (policy.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy.h"

#define NOW INT64_C(1795175258)

static int64_t last; /* what the last VERDICT_RECENT came with */

static enum verdict judge(struct policy *policy, const char *address, int64_t when, int64_t now)
{
	return policy_judge(policy, address, when, now, &last);
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *address;
		int64_t ago;
		enum verdict verdict;
	} cases[] = {
		{ "192.0.2.1", 0, VERDICT_RECORD },
		{ "192.0.2.1", 1800, VERDICT_RECORD },
		{ "192.0.2.1", 1801, VERDICT_OLD },
		{ "2001:db8::1", 0, VERDICT_RECORD },
		{ "10.1.2.3", 0, VERDICT_IGNORED },
		{ "11.0.0.0", 0, VERDICT_RECORD },
		{ "2001:db8:1::1", 0, VERDICT_IGNORED },
		{ "0.0.0.0", 0, VERDICT_UNUSABLE },
		{ "0.1.2.3", 0, VERDICT_UNUSABLE },
		{ "224.0.0.1", 0, VERDICT_UNUSABLE },
		{ "255.255.255.255", 0, VERDICT_UNUSABLE },
		{ "240.0.0.1", 0, VERDICT_UNUSABLE },
		{ "223.255.255.255", 0, VERDICT_RECORD },
		{ "::", 0, VERDICT_UNUSABLE },
		{ "fe80::1", 0, VERDICT_UNUSABLE },
		{ "febf::1", 0, VERDICT_UNUSABLE },
		{ "fec0::1", 0, VERDICT_RECORD },
		{ "ff02::1", 0, VERDICT_UNUSABLE },
		{ "", 0, VERDICT_UNUSABLE },
		{ "host.example", 0, VERDICT_UNUSABLE },
	};
	struct policy *policy = policy_new(1800, 60);
	struct ipnet net;

	(void)state;
	assert_true(ipnet_parse("10.0.0.0/8", &net) && policy_ignore(policy, &net));
	assert_true(ipnet_parse("2001:db8:1::/48", &net) && policy_ignore(policy, &net));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum verdict verdict = judge(policy, cases[i].address, NOW - cases[i].ago, NOW);

		if (verdict != cases[i].verdict)
			fail_msg("%s, %lld s ago: %s", cases[i].address, (long long)cases[i].ago,
			    verdict_name(verdict));
	}
	policy_free(policy);
}

static void test_refresh(void **state)
{
	struct policy *policy = policy_new(1800, 60);

	(void)state;
	policy_note(policy, "192.0.2.1", NOW);
	assert_int_equal(judge(policy, "192.0.2.1", NOW, NOW), VERDICT_RECENT);
	assert_int_equal(last, NOW);
	assert_int_equal(judge(policy, "192.0.2.1", NOW - 100, NOW), VERDICT_RECENT);
	assert_int_equal(judge(policy, "192.0.2.1", NOW + 59, NOW + 59), VERDICT_RECENT);
	assert_int_equal(judge(policy, "192.0.2.1", NOW + 60, NOW + 60), VERDICT_RECORD);
	assert_int_equal(judge(policy, "192.0.2.2", NOW, NOW), VERDICT_RECORD);
	policy_free(policy);
}

/* What was recorded while the clock was ahead keeps no login out. */
static void test_clock_set_back(void **state)
{
	struct policy *policy = policy_new(1800, 60);

	(void)state;
	policy_note(policy, "192.0.2.1", NOW + 86400);
	assert_int_equal(judge(policy, "192.0.2.1", NOW, NOW), VERDICT_RECORD);
	policy_note(policy, "192.0.2.1", NOW);
	assert_int_equal(judge(policy, "192.0.2.1", NOW + 59, NOW + 59), VERDICT_RECENT);
	policy_free(policy);
}

static const char *nth_address(unsigned n)
{
	static char address[32];

	snprintf(address, sizeof address, "10.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
	return address;
}

/* As many addresses as a busy host has in a minute are all remembered; of more
 * than there are places, the latest. */
static void test_memory(void **state)
{
	struct policy *policy = policy_new(1800, 60);
	unsigned forgotten = 0;

	(void)state;
	for (unsigned i = 0; i < POLICY_MEMORY / 4; i++)
		policy_note(policy, nth_address(i), NOW);
	for (unsigned i = 0; i < POLICY_MEMORY / 4; i++)
		forgotten += judge(policy, nth_address(i), NOW, NOW) != VERDICT_RECENT;
	assert_in_range(forgotten, 0, POLICY_MEMORY / 1000);
	for (unsigned i = 0; i < 4 * POLICY_MEMORY; i++) {
		policy_note(policy, nth_address(i), NOW + i);
		assert_int_equal(judge(policy, nth_address(i), NOW + i, NOW + i), VERDICT_RECENT);
	}
	for (unsigned i = 0; i < POLICY_MEMORY; i++)
		assert_int_equal(judge(policy, nth_address(i), NOW + 3, NOW + 3), VERDICT_RECORD);
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
