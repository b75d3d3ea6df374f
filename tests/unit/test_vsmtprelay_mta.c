/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_vsmtprelay_mta.c - which mail server can read which form of the database
 * (mta.h)
 *
 * What servers print, as text, among it an Exim whose hints are in SQLite,
 * which no stable release has; real servers are asked in tests/mta.
 */
#include "mta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEM "/var/lib/relayers/relayers"
#define EXIM                                                                                       \
	"Exim version 4.96 #2\nBerkeley DB: Berkeley DB 5.3.28: (September  9, 2013)\nSupport "    \
	"for: IPv6 PAM\n"
#define EXIM_NEW                                                                                   \
	"Exim version 4.98.2 #2\nHints DB:\n Berkeley DB: Berkeley DB 5.3.28: (September  9, "     \
	"2013)\nSupport for: IPv6\n"
#define EXIM_FORKY "Exim version 4.100.1 #2\nHints DB:\n Using sqlite3\nSupport for: IPv6 PAM\n"
#define LIGHT                                                                                      \
	"Lookups (built-in): lsearch iplsearch cdb dbm dbmjz dbmnz dnsdb passwd\nAuthenticators: " \
	"cram_md5 plaintext\n"
#define HEAVY                                                                                      \
	"Lookups (built-in): lsearch cdb dbm dbmjz dbmnz\n pgsql sqlite\nAuthenticators: "         \
	"cram_md5\n"
#define SENDMAIL                                                                                   \
	"Version 8.17.1.9\n Compiled with: DNSMAP LOG MILTER\n\t\tNAMED_BIND NETINET6 NEWDB=5.3 "  \
	"NIS SOCKETMAP\n"
#define TYPES "btree\ncidr\nhash\npipemap\nregexp\n"
#define MAP(type) "relayers = pipemap:{regexp:{{/^(.+)$/ $1}}," type ":" STEM "}\n"

static const struct {
	const char *file, *types, *settings, *exim, *acl, *sendmail, *cf;
	const char *fault; /* words of the one fault, NULL: there is none */
	const char *fix; /* words of its remedy */
} cases[] = {
	/* nobody is here */
	{ ".db", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
	/* Postfix */
	{ ".db", TYPES, MAP("hash"), NULL, NULL, NULL, NULL, NULL, NULL },
	{ ".db", TYPES, "", NULL, NULL, NULL, NULL, NULL, NULL },
	{ ".db", "btree\ntexthash\nlmdb\n", MAP("hash"), NULL, NULL, NULL, NULL,
	    "this Postfix has no hash:", "convert " STEM ".db " STEM ".lmdb" },
	{ ".lmdb", TYPES "lmdb\n", MAP("lmdb"), NULL, NULL, NULL, NULL, NULL, NULL },
	{ ".lmdb", TYPES, MAP("lmdb"), NULL, NULL, NULL, NULL,
	    "this Postfix has no lmdb:", "postfix-lmdb" },
	{ ".lmdb", TYPES "lmdb\n", MAP("hash"), NULL, NULL, NULL, NULL,
	    "names hash:" STEM ", which is another file", "write lmdb:" STEM },
	{ ".db", TYPES "lmdb\n", MAP("lmdb"), NULL, NULL, NULL, NULL, "names lmdb:" STEM,
	    "write hash:" STEM },
	{ ".db", TYPES "lmdb\n", MAP("lmdb") MAP("hash"), NULL, NULL, NULL, NULL, NULL, NULL },
	{ ".db", TYPES "lmdb\n", "x = lmdb:" STEM "2\n", NULL, NULL, NULL, NULL, NULL, NULL },
	{ ".sqlite", TYPES "lmdb\nsqlite\n", "", NULL, NULL, NULL, NULL, "keeps a SQLite file open",
	    STEM ".lmdb" },
	{ ".sqlite", TYPES "sqlite\n", "", NULL, NULL, NULL, NULL, "keeps a SQLite file open",
	    STEM ".db" },
	/* Exim */
	{ ".db", NULL, NULL, EXIM LIGHT, "${lookup{a}dbmnz{" STEM ".db}{y}{n}}", NULL, NULL, NULL,
	    NULL },
	{ ".db", NULL, NULL, EXIM_NEW LIGHT, "${lookup{a}dbmnz{" STEM ".db}{y}{n}}", NULL, NULL,
	    NULL, NULL },
	{ ".db", NULL, NULL, EXIM_FORKY LIGHT, "${lookup{a}dbmnz{" STEM ".db}{y}{n}}", NULL, NULL,
	    "no Berkeley DB", "convert " STEM ".db " STEM ".sqlite" },
	{ ".db", NULL, NULL, EXIM_FORKY LIGHT, NULL, NULL, NULL, "no Berkeley DB", STEM ".sqlite" },
	{ ".db", NULL, NULL, EXIM LIGHT, "hosts = net-dbm;" STEM ".db", NULL, NULL,
	    "by dbm or dbmjz", "dbmnz" },
	{ ".sqlite", NULL, NULL, EXIM_FORKY LIGHT, "${lookup{a}dbmnz{" STEM ".sqlite}{y}{n}}", NULL,
	    NULL, NULL, NULL },
	{ ".sqlite", NULL, NULL, EXIM HEAVY, "${lookup sqlite,file=" STEM ".sqlite {SELECT 1}}",
	    NULL, NULL, NULL, NULL },
	{ ".sqlite", NULL, NULL, EXIM HEAVY, "${lookup{a}dbmnz{" STEM ".sqlite}{y}{n}}", NULL, NULL,
	    "its dbmnz reads Berkeley DB", "lookup sqlite" },
	{ ".sqlite", NULL, NULL, EXIM_FORKY LIGHT, "sqlite_dbfile = " STEM ".sqlite", NULL, NULL,
	    "by lookup sqlite", "dbmnz" },
	{ ".sqlite", NULL, NULL, EXIM LIGHT, NULL, NULL, NULL, "this Exim has no SQLite",
	    STEM ".db" },
	{ ".sqlite", NULL, NULL, EXIM HEAVY, "${lookup{a}dbmnz{" STEM ".db}{y}{n}}", NULL, NULL,
	    "names " STEM ".db, not", "docs/exim.md" },
	{ ".lmdb", NULL, NULL, EXIM LIGHT, NULL, NULL, NULL, "does not take the locks",
	    STEM ".db" },
	{ ".lmdb", NULL, NULL, EXIM_FORKY LIGHT, NULL, NULL, NULL, "does not take the locks",
	    STEM ".sqlite" },
	/* sendmail */
	{ ".db", NULL, NULL, NULL, NULL, SENDMAIL, "Krelayers hash -o " STEM "\n", NULL, NULL },
	{ ".lmdb", NULL, NULL, NULL, NULL, SENDMAIL, "", "sendmail reads maps of type hash alone",
	    STEM ".db" },
	{ ".db", NULL, NULL, NULL, NULL, "Version 8.18\n Compiled with: LOG\n", "", "no NEWDB",
	    "Berkeley DB" },
	/* the one that names the database counts, where there are several */
	{ ".lmdb", TYPES "lmdb\n", MAP("lmdb"), EXIM LIGHT, "", SENDMAIL, "", NULL, NULL },
	{ ".sqlite", TYPES, "", EXIM HEAVY, "${lookup sqlite,file=" STEM ".sqlite {SELECT 1}}",
	    NULL, NULL, NULL, NULL },
};

struct seen {
	int faults;
	char what[4096], fix[4096];
};

static void take(const struct finding *finding, void *arg)
{
	struct seen *seen = arg;

	assert_int_equal(finding->severity, RELAYDB_FAULT);
	seen->faults++;
	snprintf(seen->what, sizeof seen->what, "%s", finding->what);
	snprintf(seen->fix, sizeof seen->fix, "%s", finding->fix);
}

static char *copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static void servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct mta_facts facts = { copy(cases[i].types), copy(cases[i].settings),
			copy(cases[i].exim), copy(cases[i].acl), NULL, copy(cases[i].sendmail),
			copy(cases[i].cf), NULL, NULL };
		struct seen seen = { 0 };
		char file[64];

		snprintf(file, sizeof file, "%s%s", STEM, cases[i].file);
		mta_judge(&facts, file, take, &seen);
		print_message("# %zu: %s: %s; %s\n", i, file, seen.what, seen.fix);
		assert_int_equal(seen.faults, cases[i].fault != NULL);
		if (cases[i].fault != NULL) {
			assert_non_null(strstr(seen.what, cases[i].fault));
			assert_non_null(strstr(seen.fix, cases[i].fix));
		}
		free(facts.postfix_types);
		free(facts.postfix_settings);
		free(facts.exim_version);
		free(facts.exim_settings);
		free(facts.sendmail_version);
		free(facts.sendmail_settings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
