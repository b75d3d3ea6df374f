/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_vsmtprelay_postfix.c - which settings of Postfix ask the map for parts
 * of addresses, or too late (postfix.h, settingtext.h)
 *
 * Settings as text; the real postconf(1) is asked in tests/mta.
 */
#include "postconf.h"
#include "postfix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DB "/var/lib/relayers/relayers.db"
#define OURS "hash:/var/lib/relayers/relayers"
#define EXPRESSION "regexp:{{/^([0-9a-f.:]+)$/ $1}}"
#define KEY "smtpd_relay_restrictions = "

static const struct {
	const char *settings;
	int found;
} cases[] = {
	/* the old line, in every way to write it */
	{ KEY "permit_mynetworks, check_client_access " OURS ", reject_unauth_destination\n", 1 },
	{ KEY "permit_mynetworks check_client_access " OURS " reject_unauth_destination\n", 1 },
	{ KEY "check_client_access " OURS, 1 },
	{ KEY "Check_Client_Access\t" OURS "\n", 1 },
	{ KEY "check_client_access btree:/var/lib/relayers/relayers\n", 1 },
	{ KEY "check_client_access lmdb:/var/lib/relayers/relayers.db\n", 1 },
	{ KEY "check_client_access proxy:" OURS "\n", 1 },
	{ KEY "check_client_access /var/lib/relayers/relayers\n", 1 },
	{ KEY "check_client_access unionmap:{" OURS ",hash:/etc/postfix/other}\n", 1 },
	{ KEY "check_client_access pipemap:{" OURS ", inline:{1=OK}}\n", 1 },
	{ "smtpd_client_restrictions = check_client_access " OURS "\n", 1 },
	{ "smtpd_restriction_classes = pop\npop = check_client_access " OURS "\n", 1 },
	{ "submission/inet/smtpd_relay_restrictions = permit_sasl_authenticated, "
	  "check_client_access " OURS ", reject\n",
	    1 },
	{ "smtp/inet/x = { check_client_access " OURS " }\n", 1 },
	{ KEY "check_client_access " OURS "\nsmtpd_client_restrictions = check_client_access " OURS
	      "\n",
	    2 },
	/* by way of other settings, as main.cf itself has them */
	{ "pop = " OURS "\n" KEY "check_client_access $pop\n", 1 },
	{ "pop = " OURS "\n" KEY "check_client_access ${pop}\n", 1 },
	{ "pop = " OURS "\n" KEY "check_client_access $(pop), reject\n", 1 },
	{ "dir = /var/lib\ntype = hash\n" KEY "check_client_access $type:$dir/relayers/relayers\n",
	    1 },
	{ "a = $b\nb = $c\nc = " OURS "\n" KEY "check_client_access $a\n", 1 },
	{ "pop = hash:/etc/pop\npop = " OURS "\n" KEY "check_client_access $pop\n", 1 },
	{ "pop = " OURS "\npop = hash:/etc/pop\n" KEY "check_client_access $pop\n", 0 },
	/* what the page says */
	{ KEY "check_client_access pipemap:{" EXPRESSION "," OURS "}, reject\n", 0 },
	{ "relayers = pipemap:{regexp:{{/^([0-9a-f.:]+)$$/ $$1}}," OURS "}\n" KEY
	  "check_client_access $relayers\n",
	    0 },
	{ KEY "check_client_access pipemap:{regexp:/etc/postfix/relayers.regexp," OURS "}\n", 0 },
	{ KEY "check_client_access pipemap:{pcre:/x, " OURS "}\n", 0 },
	{ KEY "check_client_access unionmap:{" OURS ", cidr:/x}\n", 0 },
	/* another table, and ours asked for other things */
	{ KEY "check_client_access hash:/etc/postfix/access\n", 0 },
	{ KEY "check_client_access hash:/var/lib/relayers/relayers2\n", 0 },
	{ KEY "check_client_access pcre:/var/lib/relayers/relayers\n", 0 },
	{ KEY "check_client_access hash:/etc/a, check_sender_access " OURS "\n", 0 },
	{ "mynetworks = 127.0.0.0/8, " OURS "\n", 0 },
	/* odd ones */
	{ "", 0 },
	{ "\n\n", 0 },
	{ KEY, 0 },
	{ KEY "check_client_access", 0 },
	{ "check_client_access " OURS "\n", 0 },
	{ KEY "check_client_access $none\n", 0 },
	{ KEY "check_client_access $, $$, ${, ${none, $(\n", 0 },
	{ "a = $b $b\nb = $a $a\n" KEY "$a check_client_access " OURS "\n", 1 },
	{ KEY "check_client_access {{{{{{{{{{{{{{{{{{{{{{{{\n", 0 },
	{ KEY "check_client_access }}}} check_client_access " OURS "\n", 1 },
};

#define ASKS "check_client_access $relayers"
#define MAP "relayers = pipemap:{" EXPRESSION "," OURS "}\n"
#define RCPT "smtpd_recipient_restrictions = "

/* Settings behind MAP, and the lists in which the map is asked too late: the
 * first words of each finding, with a blank between. */
static const struct {
	const char *settings, *found;
} orders[] = {
	/* the page's */
	{ KEY "permit_mynetworks, permit_auth_destination, " ASKS ", reject_unauth_destination\n",
	    "" },
	{ KEY ASKS ", reject\n", "" },
	/* another restriction is first */
	{ KEY "permit_mynetworks, reject_unauth_destination, " ASKS "\n", KEY },
	{ KEY "permit_mynetworks, defer_unauth_destination " ASKS "\n", KEY },
	{ KEY "Reject " ASKS "\n", KEY },
	{ KEY "defer, " ASKS "\n", KEY },
	{ KEY "warn_if_reject reject_unauth_destination, " ASKS ", reject\n", "" },
	{ KEY "reject_unauth_pipelining, reject_unknown_sender_domain, " ASKS ", reject\n", "" },
	{ KEY "permit, " ASKS ", reject\n", "" },
	{ KEY "{ reject_unauth_destination }, " ASKS "\n", KEY },
	/* both lists count */
	{ KEY ASKS ", reject\n" RCPT "permit_mynetworks, reject_unauth_destination\n", RCPT },
	{ KEY ASKS ", reject\n" RCPT ASKS ", reject_unauth_destination\n", "" },
	{ KEY ASKS ", reject\n" RCPT "reject_unauth_destination, " ASKS "\n", RCPT },
	{ KEY ASKS ", reject\n" RCPT "reject_rbl_client bl.example.org\n", "" },
	{ KEY "permit_mynetworks, reject_unauth_destination\n" RCPT ASKS ", reject\n", KEY },
	{ KEY "reject, " ASKS "\n" RCPT "reject, " ASKS "\n", KEY RCPT },
	/* what Postfix has where smtpd_relay_restrictions is not set */
	{ "compatibility_level = 3.6\n" RCPT ASKS ", reject_unauth_destination\n", KEY },
	{ "compatibility_level = 0\n" RCPT ASKS ", reject_unauth_destination\n", "" },
	{ RCPT ASKS ", reject_unauth_destination\n", "" },
	{ "compatibility_level = 3.6\n" KEY "\n" RCPT ASKS ", reject_unauth_destination\n", "" },
	/* classes */
	{ "smtpd_restriction_classes = pop, no\npop = " ASKS "\nno = reject\n" KEY "pop, no\n",
	    "" },
	{ "smtpd_restriction_classes = pop, no\npop = " ASKS "\nno = reject\n" KEY "no, pop\n",
	    KEY },
	{ "smtpd_restriction_classes = a\na = a, " ASKS "\n" KEY "a, reject\n", "" },
	/* a service of its own: what it does not set is that of main.cf, and
	 * one that does not name the map is not meant for these clients */
	{ KEY ASKS ", reject\nsubmission/inet/" KEY "permit_sasl_authenticated, reject\n", "" },
	{ KEY "reject_unauth_destination\nsubmission/inet/" KEY ASKS ", reject\n", "" },
	{ "submission/inet/" KEY "reject, " ASKS "\n", "submission/inet/" KEY },
	{ RCPT "reject\nsubmission/inet/" KEY ASKS ", reject\n", "submission/inet/" RCPT },
	{ RCPT "reject\nsmtp/inet/" RCPT ASKS "\nsmtp/inet/" KEY "reject\n", "smtp/inet/" KEY },
	/* nobody asks it, and odd ones */
	{ KEY "reject_unauth_destination\n", "" },
	{ KEY "reject_unauth_destination, check_client_access\n", "" },
	{ KEY "warn_if_reject\n", "" },
	{ KEY "reject, {{{{{{{{{{{{{{{{{" ASKS "\n", "" },
};

static void join(const struct finding *finding, void *arg)
{
	char *found = arg;

	assert_int_equal(finding->severity, RELAYDB_FAULT);
	assert_non_null(strstr(finding->what, " in Postfix's "));
	assert_non_null(strstr(finding->fix, "check_client_access $relayers before "));
	strncat(found, finding->what, strcspn(finding->what, " "));
	strcat(found, " = ");
}

static void order(void **state)
{
	char text[2000], found[300], of_main[300];

	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		print_message("# %s\n", orders[i].settings);
		snprintf(text, sizeof text, "%s%s", MAP, orders[i].settings);
		*found = *of_main = '\0';
		postfix_judge(text, DB, join, found);
		assert_string_equal(found, orders[i].found);
		/* of main.cf alone */
		postfix_order(text, DB, join, of_main);
		assert_string_equal(of_main, strchr(found, '/') == NULL ? found : "");
	}
}

static void count(const struct finding *finding, void *arg)
{
	int *found = arg;

	assert_int_equal(finding->severity, RELAYDB_FAULT);
	assert_non_null(strstr(finding->what, "check_client_access"));
	assert_non_null(strstr(finding->fix, "pipemap:{regexp:"));
	(*found)++;
}

static void settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int found = 0;

		print_message("# %s\n", cases[i].settings);
		postfix_judge(cases[i].settings, DB, count, &found);
		assert_int_equal(found, cases[i].found);
	}
}

static void names_the_place(const struct finding *finding, void *arg)
{
	assert_non_null(strstr(finding->what, (const char *)arg));
}

static void places(void **state)
{
	(void)state;
	postfix_judge(KEY "check_client_access " OURS "\n", DB, names_the_place,
	    "smtpd_relay_restrictions in Postfix's main.cf");
	postfix_judge("submission/inet/a = check_client_access " OURS "\n", DB, names_the_place,
	    "submission/inet/a in Postfix's master.cf");
}

/* A file is the same by whatever name. */
static void another_name(void **state)
{
	char path[] = "/tmp/postfix.XXXXXX", link[64], text[160];
	int fd = mkstemp(path), found = 0;

	(void)state;
	assert_true(fd >= 0);
	snprintf(link, sizeof link, "%s.db", path);
	assert_int_equal(symlink(path, link), 0);
	snprintf(text, sizeof text, KEY "check_client_access hash:%s\n", path);
	postfix_judge(text, path, count, &found);
	assert_int_equal(found, 1);
	postfix_judge(text, DB, count, &found);
	assert_int_equal(found, 1);
	unlink(link);
	unlink(path);
	close(fd);
}

static void folding(void **state)
{
	static const char *const texts[][2] = {
		{ "", "" },
		{ "\n", "" },
		{ "a = 1", "a = 1" },
		{ "a = 1\n", "a = 1\n" },
		{ "# x\na = 1\n", "a = 1\n" },
		{ "a = 1\n  2\n\t3\nb = 4\n", "a = 1   2 \t3\nb = 4\n" },
		{ "a = 1\n# between\n\n  # and this\n  2", "a = 1   2" },
		{ "  a = 1\n", "  a = 1\n" },
		{ "a = 1\n \n", "a = 1\n" },
		{ "a = 1\n ", "a = 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = strdup(texts[i][0]);

		postconf_fold(text);
		assert_string_equal(text, texts[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings),
		cmocka_unit_test(order),
		cmocka_unit_test(places),
		cmocka_unit_test(another_name),
		cmocka_unit_test(folding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
