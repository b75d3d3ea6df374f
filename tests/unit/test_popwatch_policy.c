/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_policy.c - does this login count (policy.h); what follows a cut line (doubt.h)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "doubt.h"
#include "policy.h"

#define NOW INT64_C(1795175258)

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
		enum verdict verdict = policy_judge(policy, cases[i].address, NOW - cases[i].ago, NOW);

		if (verdict != cases[i].verdict)
			fail_msg("%s, %lld s ago: %s", cases[i].address, (long long)cases[i].ago, verdict_name(verdict));
	}
	policy_free(policy);
}

static void test_refresh(void **state)
{
	struct policy *policy = policy_new(1800, 60);

	(void)state;
	policy_note(policy, "192.0.2.1", NOW);
	assert_int_equal(policy_judge(policy, "192.0.2.1", NOW, NOW), VERDICT_RECENT);
	assert_int_equal(policy_judge(policy, "192.0.2.1", NOW - 100, NOW), VERDICT_RECENT);
	assert_int_equal(policy_judge(policy, "192.0.2.1", NOW + 59, NOW + 59), VERDICT_RECENT);
	assert_int_equal(policy_judge(policy, "192.0.2.1", NOW + 60, NOW + 60), VERDICT_RECORD);
	assert_int_equal(policy_judge(policy, "192.0.2.2", NOW, NOW), VERDICT_RECORD);
	policy_free(policy);
}

/* More addresses than are remembered: the oldest is forgotten, nothing else happens. */
static void test_memory(void **state)
{
	struct policy *policy = policy_new(1800, 60);
	char address[32];

	(void)state;
	for (unsigned i = 0; i <= POLICY_MEMORY; i++) {
		snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		policy_note(policy, address, NOW);
	}
	assert_int_equal(policy_judge(policy, "10.0.0.0", NOW, NOW), VERDICT_RECORD);
	assert_int_equal(policy_judge(policy, "10.0.0.1", NOW, NOW), VERDICT_RECENT);
	assert_int_equal(policy_judge(policy, address, NOW, NOW), VERDICT_RECENT);
	policy_free(policy);
}

static struct header header_of(const char *line)
{
	struct header h;

	assert_true(header_parse(FORMAT_SYSLOG, line, strlen(line), &h));
	return h;
}

static void test_doubts(void **state)
{
	struct doubts *doubts = doubts_new(), *other = doubts_new();
	struct header cut = header_of("Nov 20 11:46:38 vm pop3d: x"), host = header_of("Nov 20 11:46:38 vn pop3d: x"),
		      tag = header_of("Nov 20 11:46:38 vm imapd: x"), pid = header_of("Nov 20 11:46:38 vm pop3d[1]: x");
	char *text, *end;
	size_t size;
	FILE *out;

	(void)state;
	doubts_raise(doubts, "/log", &cut);
	assert_false(doubts_settle(doubts, "/other", &cut));
	assert_false(doubts_settle(doubts, "/log", &host));
	assert_false(doubts_settle(doubts, "/log", &tag));
	assert_false(doubts_settle(doubts, "/log", &pid));
	assert_true(doubts_settle(doubts, "/log", &cut));
	assert_false(doubts_settle(doubts, "/log", &cut));
	/* through the state file */
	doubts_raise(doubts, "/log", &pid);
	out = open_memstream(&text, &size);
	doubts_save(doubts, out);
	fclose(out);
	assert_memory_equal(text, "doubt ", 6);
	end = strchr(text, '\n');
	*end = '\0';
	assert_true(doubts_restore(other, text + 6));
	assert_false(doubts_restore(other, "0g"));
	assert_false(doubts_restore(other, "012"));
	assert_false(doubts_restore(other, ""));
	assert_true(doubts_settle(other, "/log", &pid));
	free(text);
	doubts_free(doubts);
	doubts_free(other);
}

static void test_doubts_limit(void **state)
{
	struct doubts *doubts = doubts_new();
	char line[64];
	struct header h;

	(void)state;
	for (int i = 0; i <= DOUBTS; i++) {
		snprintf(line, sizeof line, "Nov 20 11:46:38 vm imap4d[%d]: x", i);
		h = header_of(line);
		doubts_raise(doubts, "/log", &h);
	}
	assert_true(doubts_settle(doubts, "/log", &h));
	h = header_of("Nov 20 11:46:38 vm imap4d[0]: x");
	assert_false(doubts_settle(doubts, "/log", &h));
	h = header_of("Nov 20 11:46:38 vm imap4d[1]: x");
	assert_true(doubts_settle(doubts, "/log", &h));
	doubts_free(doubts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_doubts_limit),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
