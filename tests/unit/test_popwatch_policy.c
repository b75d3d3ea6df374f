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

static const char *nth_address(unsigned n)
{
	static char address[32];

	snprintf(address, sizeof address, "10.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
	return address;
}

/* As many addresses as a busy host has in a minute are all remembered; of more than there are places, the latest. */
static void test_memory(void **state)
{
	struct policy *policy = policy_new(1800, 60);
	unsigned forgotten = 0;

	(void)state;
	for (unsigned i = 0; i < POLICY_MEMORY / 4; i++)
		policy_note(policy, nth_address(i), NOW);
	for (unsigned i = 0; i < POLICY_MEMORY / 4; i++)
		forgotten += policy_judge(policy, nth_address(i), NOW, NOW) != VERDICT_RECENT;
	assert_in_range(forgotten, 0, POLICY_MEMORY / 1000);
	for (unsigned i = 0; i < 4 * POLICY_MEMORY; i++) {
		policy_note(policy, nth_address(i), NOW + i);
		assert_int_equal(policy_judge(policy, nth_address(i), NOW + i, NOW + i), VERDICT_RECENT);
	}
	for (unsigned i = 0; i < POLICY_MEMORY; i++)
		assert_int_equal(policy_judge(policy, nth_address(i), NOW + 3, NOW + 3), VERDICT_RECORD);
	policy_free(policy);
}

static struct header header_of(const char *line)
{
	struct header h;

	assert_true(header_parse(FORMAT_SYSLOG, line, strlen(line), &h));
	return h;
}

/* Lines that are doubted after CUTS lines that are cut one after the other. */
static unsigned doubted_after(unsigned cuts)
{
	struct doubts *doubts = doubts_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d: x");
	unsigned n = 0;

	for (unsigned i = 0; i < cuts; i++)
		assert_int_equal(doubts_take(doubts, "/log", &h, NOW, true), i > 0);
	while (doubts_take(doubts, "/log", &h, NOW, false))
		n++;
	doubts_free(doubts);
	return n;
}

static void test_doubts(void **state)
{
	struct doubts *doubts = doubts_new();
	struct header cut = header_of("Nov 20 11:46:38 vm pop3d: x"), host = header_of("Nov 20 11:46:38 vn pop3d: x"),
		      tag = header_of("Nov 20 11:46:38 vm imapd: x"), pid = header_of("Nov 20 11:46:38 vm pop3d[1]: x");

	(void)state;
	assert_false(doubts_take(doubts, "/log", &cut, NOW, true));
	assert_false(doubts_take(doubts, "/other", &cut, NOW, false));
	assert_false(doubts_take(doubts, "/log", &host, NOW, false));
	assert_false(doubts_take(doubts, "/log", &tag, NOW, false));
	assert_false(doubts_take(doubts, "/log", &pid, NOW, false));
	for (int i = 0; i < DOUBT_LINES; i++)
		assert_true(doubts_take(doubts, "/log", &cut, NOW, false));
	assert_false(doubts_take(doubts, "/log", &cut, NOW, false));
	/* a time, which each cut line begins anew */
	assert_false(doubts_take(doubts, "/log", &cut, NOW, true));
	assert_true(doubts_take(doubts, "/log", &cut, NOW + DOUBT_SECONDS, true));
	assert_true(doubts_take(doubts, "/log", &cut, NOW + 2 * DOUBT_SECONDS, false));
	assert_true(doubts_take(doubts, "/log", &cut, NOW - 99, false)); /* a clock that was set back */
	assert_false(doubts_take(doubts, "/log", &cut, NOW + 2 * DOUBT_SECONDS + 1, false));
	assert_false(doubts_take(doubts, "/log", &cut, NOW, false));
	doubts_free(doubts);
}

/* Pieces of one message do not add up, messages do. */
static void test_doubts_many(void **state)
{
	struct doubts *doubts = doubts_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d: x");
	unsigned n = 0;

	(void)state;
	assert_int_equal(doubted_after(1), DOUBT_LINES);
	assert_int_equal(doubted_after(3), DOUBT_LINES);
	for (int i = 0; i < 60; i++) {
		doubts_take(doubts, "/log", &h, NOW, true);
		doubts_take(doubts, "/log", &h, NOW, false);
	}
	while (doubts_take(doubts, "/log", &h, NOW, false))
		n++;
	assert_in_range(n, 64, DOUBT_LINES_MAX);
	for (int i = 0; i < 1000; i++) {
		doubts_take(doubts, "/log", &h, NOW, true);
		doubts_take(doubts, "/log", &h, NOW, false);
	}
	for (n = 0; doubts_take(doubts, "/log", &h, NOW, false);)
		n++;
	assert_int_equal(n, DOUBT_LINES_MAX - 1);
	doubts_free(doubts);
}

static void test_doubts_text(void **state)
{
	static const char *const refused[] = { "", "0g", "012", "5 5 ", "5 5 0g", "5 5 012", "0 5 00", "129 5 00", "-1 5 00",
		"5 -5 00", "5 00" };
	struct doubts *doubts = doubts_new(), *other = doubts_new();
	struct header h = header_of("Nov 20 11:46:38 vm pop3d[1]: x");
	char *text, *end;
	size_t size;
	FILE *out;

	(void)state;
	doubts_take(doubts, "/log", &h, NOW, true);
	doubts_take(doubts, "/log", &h, NOW, false);
	out = open_memstream(&text, &size);
	doubts_save(doubts, out);
	fclose(out);
	assert_memory_equal(text, "doubt 5 ", 8);
	end = strchr(text, '\n');
	*end = '\0';
	assert_true(doubts_restore(NULL, text + 6));
	assert_true(doubts_restore(other, text + 6));
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_false(doubts_restore(other, refused[i]));
	for (int i = 1; i < DOUBT_LINES; i++)
		assert_true(doubts_take(other, "/log", &h, NOW, false));
	assert_false(doubts_take(other, "/log", &h, NOW, false));
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
		doubts_take(doubts, "/log", &h, NOW, true);
	}
	assert_true(doubts_take(doubts, "/log", &h, NOW, false));
	h = header_of("Nov 20 11:46:38 vm imap4d[0]: x");
	assert_false(doubts_take(doubts, "/log", &h, NOW, false));
	h = header_of("Nov 20 11:46:38 vm imap4d[1]: x");
	assert_true(doubts_take(doubts, "/log", &h, NOW, false));
	doubts_free(doubts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_doubts_many),
		cmocka_unit_test(test_doubts_text),
		cmocka_unit_test(test_doubts_limit),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
