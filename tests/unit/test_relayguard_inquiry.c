/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_inquiry.c - what a session asks, and how long an answer holds
 * (inquiry.h)
 *
 * The DNS, the blocklists and the database are ours: what they answer, and how
 * often they were asked, is what is looked at.
 */
#include "database.h"
#include "dns.h"
#include "dnsbl.h"
#include "inquiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static size_t asked, judged, looked;
static enum rules_answer judgement, entry;

/* The question that waits for its answer; NULL: each is answered at once. */
static dns_done *waits_for;
static void *waiter;
static bool slow;

static const struct dnsanswer listed = {
	.outcome = DNSANSWER_RECORDS,
	.count = 1,
	.address = { { .family = 2, .bits = 32, .address = { 127, 0, 0, 2 } } },
};

bool dns_ask(struct dns *dns, const char *name, enum rules_type type, int64_t timeout_ms,
    dns_done *done, void *arg, struct dns_question **question)
{
	(void)dns, (void)name, (void)type, (void)timeout_ms;
	asked++;
	*question = NULL;
	if (!slow) {
		done(&listed, arg);
		return true;
	}
	waits_for = done;
	waiter = arg;
	*question = arg;
	return true;
}

void dns_cancel(struct dns_question *question)
{
	(void)question;
}

enum rules_answer dnsbl_judge(
    struct dnsbl *dnsbl, const struct rules_zone *zone, const struct blocklist_reply *reply)
{
	(void)dnsbl, (void)zone;
	assert_int_equal(reply->count, 1);
	judged++;
	return judgement;
}

enum rules_answer database_entry(
    struct database *database, const char *address, int64_t now, int64_t since_ms, int64_t clock_ms)
{
	(void)database, (void)address, (void)now, (void)since_ms, (void)clock_ms;
	looked++;
	return entry;
}

static struct sources sources;
static struct inquiry *inquiry;
static struct rules_asker asker;
static size_t news;
static const struct rules_zone zone = { .name = "bl.example" };
static struct ipnet client;

static void on_news(void *arg)
{
	(void)arg;
	news++;
}

static int start(void **state)
{
	(void)state;
	asked = judged = looked = news = 0;
	slow = false;
	judgement = entry = RULES_YES;
	sources = (struct sources){ .dns = (struct dns *)&sources,
		.database = (struct database *)&sources,
		.lists = (struct dnsbl *)&sources };
	assert_true(ipnet_parse("192.0.2.1", &client));
	inquiry = inquiry_new(&sources, on_news, NULL);
	assert_non_null(inquiry);
	inquiry_client(inquiry, "192.0.2.1");
	asker = inquiry_asker(inquiry);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	inquiry_free(inquiry);
	return 0;
}

static enum rules_answer ask_list(void)
{
	return asker.listed(&zone, &client, asker.arg);
}

/* A decision that is repeated, because something else is pending, gets the same
 * answers; the next one asks the list again, and the DNS no more. */
static void answers_hold_for_a_decision(void **state)
{
	(void)state;
	assert_int_equal(ask_list(), RULES_YES);
	judgement = RULES_NO;
	assert_int_equal(ask_list(), RULES_YES);
	assert_int_equal(judged, 1);
	inquiry_begin(inquiry);
	assert_int_equal(ask_list(), RULES_NO);
	assert_int_equal(judged, 2);
	assert_int_equal(asked, 1);
}

/* New rules may have the same zone at the same place in memory, with other
 * answers that count: what the old ones made of an answer is void. */
static void new_rules_judge_again(void **state)
{
	(void)state;
	assert_int_equal(ask_list(), RULES_YES);
	judgement = RULES_NO;
	sources.rules++;
	assert_int_equal(ask_list(), RULES_NO);
	assert_int_equal(asked, 1);
}

static void late_is_unknown(void **state)
{
	(void)state;
	slow = true;
	assert_int_equal(ask_list(), RULES_PENDING);
	assert_int_equal(ask_list(), RULES_PENDING);
	assert_int_equal(asked, 1);
	inquiry_late(inquiry);
	assert_int_equal(ask_list(), RULES_UNKNOWN);
	waits_for(&listed, waiter);
	assert_int_equal(news, 1);
	assert_int_equal(ask_list(), RULES_YES);
}

static void a_message_keeps_what_is_about_the_client(void **state)
{
	struct rules_records records;

	(void)state;
	assert_int_equal(ask_list(), RULES_YES);
	inquiry_message(inquiry);
	assert_int_equal(asker.records("a.example", RULES_TYPE_A, &records, asker.arg), RULES_YES);
	assert_int_equal(records.count, 1);
	inquiry_message(inquiry);
	assert_int_equal(ask_list(), RULES_YES);
	assert_int_equal(asked, 2);
	assert_int_equal(asker.records("a.example", RULES_TYPE_A, &records, asker.arg), RULES_YES);
	assert_int_equal(asked, 3);
}

static void questions_are_counted(void **state)
{
	struct rules_records records;
	char name[32];

	(void)state;
	inquiry_message(inquiry);
	for (size_t i = 0; i < INQUIRY_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof name, "n%zu.example", i);
		assert_int_equal(asker.records(name, RULES_TYPE_A, &records, asker.arg), RULES_YES);
	}
	assert_int_equal(
	    asker.records("more.example", RULES_TYPE_A, &records, asker.arg), RULES_UNKNOWN);
	assert_int_equal(asked, INQUIRY_QUESTIONS_MAX);
}

/* All sessions together keep so much and no more; what is freed may be kept
 * again. */
static void what_all_keep(void **state)
{
	struct rules_records records;
	size_t one;

	(void)state;
	assert_int_equal(
	    asker.records("one.example", RULES_TYPE_A, &records, asker.arg), RULES_YES);
	one = sources.kept;
	assert_true(one > 0);
	sources.kept = INQUIRY_KEPT_MAX;
	assert_int_equal(
	    asker.records("two.example", RULES_TYPE_A, &records, asker.arg), RULES_UNKNOWN);
	assert_int_equal(asked, 1);
	/* there is room for the question, but not for the answer */
	sources.kept = INQUIRY_KEPT_MAX - one + 1;
	assert_int_equal(
	    asker.records("six.example", RULES_TYPE_A, &records, asker.arg), RULES_UNKNOWN);
	assert_int_equal(asked, 2);
	sources.kept = 0;
	inquiry_free(inquiry);
	inquiry = inquiry_new(&sources, on_news, NULL);
	asker = inquiry_asker(inquiry);
	sources.kept = 0;
	asker.records("four.example", RULES_TYPE_A, &records, asker.arg);
	assert_true(sources.kept > 0);
	inquiry_message(inquiry);
	inquiry_client(inquiry, NULL);
	assert_int_equal(sources.kept, 0);
}

/* Once looked up, an entry counts for the whole decision: it neither comes nor
 * goes between two rules. */
static void pop_is_one_look(void **state)
{
	(void)state;
	entry = RULES_PENDING;
	assert_int_equal(asker.pop(asker.arg), RULES_PENDING);
	assert_true(inquiry_waits_for_copy(inquiry));
	entry = RULES_YES;
	assert_int_equal(asker.pop(asker.arg), RULES_YES);
	entry = RULES_NO;
	assert_int_equal(asker.pop(asker.arg), RULES_YES);
	assert_int_equal(looked, 2);
	inquiry_begin(inquiry);
	assert_int_equal(asker.pop(asker.arg), RULES_NO);
	inquiry_client(inquiry, NULL);
	entry = RULES_YES;
	assert_int_equal(asker.pop(asker.arg), RULES_NO);
	sources.database = NULL;
	sources.pop = RULES_UNKNOWN;
	inquiry_client(inquiry, "192.0.2.1");
	assert_int_equal(asker.pop(asker.arg), RULES_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_hold_for_a_decision, start, stop),
		cmocka_unit_test_setup_teardown(new_rules_judge_again, start, stop),
		cmocka_unit_test_setup_teardown(late_is_unknown, start, stop),
		cmocka_unit_test_setup_teardown(
		    a_message_keeps_what_is_about_the_client, start, stop),
		cmocka_unit_test_setup_teardown(questions_are_counted, start, stop),
		cmocka_unit_test_setup_teardown(what_all_keep, start, stop),
		cmocka_unit_test_setup_teardown(pop_is_one_look, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
