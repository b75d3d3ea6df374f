/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_relayguard_smtpsession.c - what a session is answered (smtpsession.h),
 * and how that is logged (attempts.h)
 */
#include "attempts.h"
#include "rules_world.h"
#include "smtpsession.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW INT64_C(1795175258)

static struct world world;
static struct smtpsession_policy policy;
static struct rules_asker asker;

static void tell(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg)
{
	(void)arg;
	if (severity == RULES_ERROR)
		fail_msg("%zu:%zu %s", line, column, sentence);
}

/* A session of 192.0.2.1 under the rules TEXT. */
static struct smtpsession *begin(const char *text)
{
	static struct rules *rules;
	struct smtpsession *session;

	rules_free(rules);
	rules = text != NULL ? rules_parse(text, strlen(text), tell, NULL) : NULL;
	policy = (struct smtpsession_policy){ .rules = rules, .delay_ms = 5000, .within_ms = 8000 };
	asker = world_asker(&world, "192.0.2.1");
	session = smtpsession_new(&policy);
	smtpsession_connect(session, "192.0.2.1", "mx.test", RULES_NAME_CONFIRMED);
	assert_true(smtpsession_mail(session, "<a@example.com>", NULL));
	return session;
}

static struct smtpsession_verdict rcpt(struct smtpsession *session, const char *recipient)
{
	struct smtpsession_verdict verdict;

	smtpsession_rcpt(session, recipient, &asker, NOW, &verdict);
	return verdict;
}

static void noto_goes_on(void **state)
{
	struct smtpsession *session = begin("noto_delay:ALL:ALL:x@*:553 %T\nallow:ALL:ALL:y@*");
	struct smtpsession_verdict v = rcpt(session, "<x@example.net> NOTIFY=NEVER");

	(void)state;
	assert_int_equal(v.kind, SMTPSESSION_REFUSE);
	assert_string_equal(v.reply, "553 <x@example.net>");
	assert_string_equal(v.what, "rcpt noto");
	assert_int_equal(v.pause_ms, 5000);
	assert_false(v.close);
	v = rcpt(session, "y@example.net");
	assert_int_equal(v.kind, SMTPSESSION_ACCEPT);
	assert_int_equal(v.pause_ms, 0);
	assert_true(smtpsession_goes_on(session));
	smtpsession_free(session);
}

static void deny_ends(void **state)
{
	struct smtpsession *session = begin("deny:ALL:ALL:x@*:550 no");
	struct smtpsession_verdict v;

	(void)state;
	assert_int_equal(rcpt(session, "<y@z>").kind, SMTPSESSION_ACCEPT);
	v = rcpt(session, "<x@z>");
	assert_string_equal(v.reply, "550 no");
	assert_true(v.close);
	assert_false(smtpsession_goes_on(session));
	v = rcpt(session, "<y@z>");
	assert_int_equal(v.kind, SMTPSESSION_REFUSE);
	assert_int_equal(strncmp(v.reply, "421 4.7.0 ", 10), 0);
	/* a new message does not help, a new session does */
	smtpsession_reset(session);
	assert_false(smtpsession_mail(session, "<>", NULL));
	smtpsession_connect(session, "192.0.2.1", NULL, RULES_NAME_NONE);
	assert_true(smtpsession_mail(session, "<>", NULL));
	smtpsession_free(session);
}

static void one_tag(void **state)
{
	struct smtpsession *session = begin("tag:ALL:ALL:x@*:first\ntag:ALL:ALL:y@*:second");

	(void)state;
	assert_int_equal(rcpt(session, "<z@z>").kind, SMTPSESSION_ACCEPT);
	assert_null(smtpsession_tag(session));
	assert_string_equal(rcpt(session, "<x@z>").what, "rcpt tag");
	rcpt(session, "<y@z>");
	assert_string_equal(smtpsession_tag(session), "first");
	assert_string_equal(smtpsession_take_tag(session), "first");
	rcpt(session, "<y@z>");
	assert_null(smtpsession_take_tag(session));
	smtpsession_mail(session, "<a@b>", NULL);
	assert_null(smtpsession_tag(session));
	rcpt(session, "<y@z>");
	assert_string_equal(smtpsession_tag(session), "second");
	smtpsession_reset(session);
	assert_null(smtpsession_tag(session));
	smtpsession_free(session);
}

static void waits(void **state)
{
	struct smtpsession *session;

	(void)state;
	world.facts = 0;
	world_add(&world, "wait later.test x");
	session = begin("noto:RBL.later.test:ALL:ALL:550 listed");
	policy.tarpit = (struct tarpit){ 1, 1000 };
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_WAIT);
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_WAIT);
	world.facts = 0;
	world_add(&world, "listed later.test 192.0.2.1 127.0.0.2");
	assert_string_equal(rcpt(session, "<x@z>").reply, "550 listed");
	/* asked again or not, it is one recipient */
	assert_int_equal(rcpt(session, "<x@z>").pause_ms, 1000);
	world.facts = 0;
	world_add(&world, "fail later.test x");
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	policy.options.defer = true;
	assert_string_equal(rcpt(session, "<x@z>").what, "rcpt defer");
	world.facts = 0;
	smtpsession_free(session);
}

/* AUTH ends with its message; the envelope of one never serves the next. */
static void auth_per_message(void **state)
{
	struct smtpsession *session = begin("allow:AUTH:ALL:ALL\nnoto:ALL:ALL:ALL:550 %F %U");

	(void)state;
	smtpsession_mail(session, "<a@b>", "alice");
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	smtpsession_mail(session, "<>", "");
	assert_string_equal(rcpt(session, "<x@z>").reply, "550 <> UNKNOWN");
	smtpsession_free(session);
}

static void paths(void **state)
{
	static const struct {
		const char *path, *address;
	} cases[] = {
		{ "<a@b>", "a@b" },
		{ "<a@b> SIZE=9 BODY=8BITMIME", "a@b" },
		{ " <a@b>", "a@b" },
		{ "\t<a@b>", "a@b" },
		{ ">< a@b> SIZE=9", ">< a@b>" },
		{ "a@b", "a@b" },
		{ "a@b SIZE=9", "a@b" },
		{ "<>", "" },
		{ "", "" },
		{ "<", "" },
		{ "<\"a>b\"@c> X=<d@e>", "\"a>b\"@c" },
		{ "<a\\>b@c>", "a\\>b@c" },
		{ "<a\"b@c>", "a\"b@c" },
		{ "<a@b", "a@b" },
		{ "\"a b\"@c d", "\"a b\"@c" },
		{ "<a@b>c>", "a@b>c" },
		{ "<a@b>c SIZE=9", "a@b>c" },
		{ "<a@b><c@d> SIZE=9", "a@b><c@d" },
		{ "<a@b>,c@d", "a@b>,c@d" },
		{ "<<a@b>> SIZE=9", "<a@b>" },
		{ "<a(>)@b> SIZE=9", "a(>)@b" },
		{ "(c d)<a@b> SIZE=9", "(c d)<a@b>" },
		{ "x<a @ b> SIZE=9", "x<a @ b>" },
		{ "<a(@b> SIZE=9", "a(@b> SIZE=9" },
		{ "<\"a@b> SIZE=9", "\"a@b> SIZE=9" },
	};
	struct smtpsession *session = begin(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		smtpsession_mail(session, cases[i].path, NULL);
		rcpt(session, cases[i].path);
		assert_string_equal(smtpsession_envelope(session)->sender, cases[i].address);
		assert_string_equal(smtpsession_envelope(session)->recipient, cases[i].address);
	}
	smtpsession_free(session);
}

/* An address that is longer than any is refused, be it the sender's or the
 * recipient's, and no more of it is kept. */
static void too_long(void **state)
{
	struct smtpsession *session = begin("allow:ALL:ALL:ALL");
	char path[SMTPSESSION_PATH_MAX + 4], *p;

	(void)state;
	memset(path, 'x', sizeof path);
	p = stpcpy(path + SMTPSESSION_PATH_MAX - 1, "@y");
	strcpy(p, ">");
	path[0] = '<';
	assert_int_equal(rcpt(session, path).kind, SMTPSESSION_ACCEPT);
	strcpy(p, "y>");
	assert_string_equal(rcpt(session, path).reply, "553 5.1.0 the address is too long");
	assert_int_equal(strlen(smtpsession_envelope(session)->recipient), SMTPSESSION_PATH_MAX);
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	smtpsession_mail(session, path, NULL);
	assert_string_equal(rcpt(session, "<x@z>").what, "rcpt noto");
	smtpsession_mail(session, "<>", NULL);
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	smtpsession_free(session);
}

static void throttled(void **state)
{
	static const struct throttle_limit limits[THROTTLE_CLASSES][THROTTLE_WHATS] = {
		{ { 2, 3600 }, { 5, 3600 } }, { { 1, 3600 }, { 0, 0 } }, { { 0, 0 }, { 0, 0 } }
	};
	static const char *const here[] = { NULL, "127.0.0.1", "127.0.1.9", "::1",
		"::ffff:127.0.0.1" };
	struct throttle *throttle = throttle_new(limits, 100);
	struct smtpsession *session = begin("noto:ALL:ALL:bad@*");
	struct smtpsession_verdict v;

	(void)state;
	policy.throttle = throttle;
	/* refused recipients count nothing; a message counts once */
	for (int i = 0; i < 9; i++)
		assert_string_equal(rcpt(session, "<bad@z>").what, "rcpt noto");
	for (int i = 0; i < 4; i++)
		assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	smtpsession_mail(session, "<a@b>", NULL);
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	v = rcpt(session, "<x@z>");
	assert_string_equal(v.what, "rcpt throttle");
	assert_int_equal(strncmp(v.reply, "450 4.7.1 ", 10), 0);
	assert_int_equal(v.pause_ms, 5000);
	/* with a login: limits of its own */
	smtpsession_mail(session, "<a@b>", "alice");
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	world_add(&world, "pop 192.0.2.1 yes");
	smtpsession_mail(session, "<a@b>", NULL);
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	smtpsession_mail(session, "<a@b>", NULL);
	assert_string_equal(rcpt(session, "<x@z>").what, "rcpt throttle");
	/* this host itself has none, and never waits */
	policy.tarpit = (struct tarpit){ .after = 1, .step_ms = 100 };
	for (size_t c = 0; c < COUNT(here); c++) {
		smtpsession_connect(session, here[c], NULL, RULES_NAME_NONE);
		for (int i = 0; i < 9; i++) {
			smtpsession_mail(session, "<a@b>", NULL);
			v = rcpt(session, "<x@z>");
			assert_int_equal(v.kind, SMTPSESSION_ACCEPT);
			assert_int_equal(v.pause_ms, 0);
		}
	}
	/* a peer that never says who the client is */
	smtpsession_free(session);
	session = smtpsession_new(&policy);
	smtpsession_mail(session, "<a@b>", NULL);
	assert_int_equal(rcpt(session, "<x@z>").kind, SMTPSESSION_ACCEPT);
	world.facts = 0;
	smtpsession_free(session);
	throttle_free(throttle);
}

static void lines(void **state)
{
	char longest[3000], line[ATTEMPTS_LINE_SIZE];
	struct rules_envelope e = { .address = "192.0.2.7",
		.name = "mx.example.org",
		.name_state = RULES_NAME_CONFIRMED,
		.sender = "a@example.org",
		.recipient = "b@example.net" };
	struct attempt attempt = { "rcpt deny", 12, &e, "550 5.7.1 no <b>" };

	(void)state;
	attempts_line(line, &attempt);
	assert_string_equal(line,
	    "rcpt deny rule=12 client=[192.0.2.7] reply=\"550 5.7.1 no \\x3cb\\x3e\" "
	    "name=mx.example.org from=<a@example.org> to=<b@example.net>");
	e.name_state = RULES_NAME_FORGED;
	e.sender = "x> to=<y\"\\[1]\n\x80";
	e.recipient = NULL;
	attempt.reply = "";
	attempts_line(line, &attempt);
	assert_string_equal(line,
	    "rcpt deny rule=12 client=[192.0.2.7] reply=\"\" name=UNKNOWN from=<x\\x3e "
	    "to\\x3d\\x3cy\\x22\\x5c\\x5b1\\x5d\\x0a\\x80> to=<>");
	/* the longest of all, each byte of it four */
	memset(longest, '\xff', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	e = (struct rules_envelope){ .address = longest,
		.name = longest,
		.name_state = RULES_NAME_CONFIRMED,
		.sender = longest,
		.recipient = longest };
	attempt = (struct attempt){ longest, SIZE_MAX, &e, longest };
	attempts_line(line, &attempt);
	assert_true(strlen(line) < sizeof line);
	assert_string_equal(line + strlen(line) - 5, "f...>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noto_goes_on),
		cmocka_unit_test(deny_ends),
		cmocka_unit_test(one_tag),
		cmocka_unit_test(waits),
		cmocka_unit_test(auth_per_message),
		cmocka_unit_test(paths),
		cmocka_unit_test(too_long),
		cmocka_unit_test(throttled),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
