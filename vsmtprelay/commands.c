/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commands.c - the tables of vsmtprelay's commands, and check, which asks every
 * part of it.  See commands.h
 */
#include "commands.h"

#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "change.h"
#include "convert.h"
#include "everyhost.h"
#include "findings.h"
#include "host.h"
#include "load.h"
#include "log.h"
#include "mta.h"
#include "owner.h"
#include "postfix.h"
#include "print.h"
#include "setup.h"
#include "status.h"
#include "tcpserver.h"
#include "watch.h"
#include "why.h"

static void print_text(const char *title, const char *text)
{
	char shown[LOG_ESCAPE_SIZE];

	printf("%s: ", title);
	for (; *text != '\0'; text++)
		fputs(log_escape((unsigned char)*text, shown), stdout);
	putchar('\n');
}

static void print_finding(const struct finding *finding, void *arg)
{
	static const char *const severity[] = {
		[RELAYDB_FINE] = "fine",
		[RELAYDB_WARNING] = "warning",
		[RELAYDB_FAULT] = "fault",
	};
	bool *trouble = arg;

	if (finding->severity != RELAYDB_FINE)
		*trouble = true;
	if (finding->severity == RELAYDB_FINE && finding->fix[0] != '\0')
		print_text("note", finding->what);
	else
		print_text(severity[finding->severity], finding->what);
	if (finding->fix[0] != '\0')
		print_text("\tfix", finding->fix);
}

static int check_file(struct relaydb *db, void *arg)
{
	bool trouble = false;
	int status =
	    report_result(db, findings_check(db, (int64_t)time(NULL), print_finding, &trouble));

	(void)arg;
	return status == EX_OK && trouble ? EXIT_PARTLY : status;
}

static int cmd_check(struct relaydb *db, const struct call *call)
{
	bool trouble = false;
	int status = owner_run(db, check_file, NULL);

	(void)call;
	postfix_check(relaydb_filename(db), print_finding, &trouble);
	mta_check(relaydb_filename(db), print_finding, &trouble);
	host_check(relaydb_filename(db), print_finding, &trouble);
	everyhost_check(relaydb_filename(db), print_finding, &trouble);
	return status == EX_OK && trouble ? EXIT_PARTLY : status;
}

const struct command commands[] = {
	{ "add", "ip [ticks]", "record address with current time (or ticks)", 1, 2, cmd_add,
	    AS_OWNER_EVERYWHERE, 0 },
	{ "delete", "ip [...]", "remove the addresses", 1, -1, cmd_delete, AS_OWNER_EVERYWHERE, 0 },
	{ "expire", "[n]", "remove ALL entries up to now (or those older than n minutes)", 0, 1,
	    cmd_expire, AS_OWNER, 0 },
	{ "get", "ip [...]", "print the rows of these addresses", 1, -1, cmd_get, AS_OWNER,
	    OPTION_HUMAN | OPTION_JSON },
	{ "list", "[n]", "print all entries up to now (or those older than n minutes)", 0, 1,
	    cmd_list, AS_OWNER, OPTION_HUMAN | OPTION_JSON },
	{ "dump", "", "print all entries, even those with a future stamp", 0, 0, cmd_dump, AS_OWNER,
	    OPTION_JSON },
	{ "why", "ip", "may this client relay now, and why (not)?", 1, 1, cmd_why, AS_CALLER, 0 },
	{ "status", "", "the state of everything on one screen", 0, 0, cmd_status, AS_CALLER,
	    OPTION_JSON },
	{ "watch", "", "print logins as they are recorded", 0, 0, cmd_watch, AS_OWNER,
	    OPTION_JSON },
	{ "setup", "", "what this host still needs, in order, with the lines for each file", 0, 0,
	    cmd_setup, AS_CALLER, OPTION_WRITE },
	{ "load", "[file]", "replace the database by a dump (file or standard input)", 0, 1,
	    cmd_load, AS_CALLER, 0 },
	{ "check", "", "check all that the mail servers demand of this file", 0, 0, cmd_check,
	    AS_CALLER, 0 },
	{ "convert", "from to", "copy a database into one of another form", 2, 2, cmd_convert,
	    AS_CALLER, 0 },
	{ "tcprules", "rules cdb [n]", "write tcpserver's cdb: rules, and entries of n minutes", 2,
	    3, cmd_tcprules, AS_CALLER, 0 },
	{ NULL, NULL, NULL, 0, 0, NULL, AS_CALLER, 0 },
};

const struct option_name option_names[] = {
	{ "-h", OPTION_HUMAN },
	{ "--human", OPTION_HUMAN },
	{ "--json", OPTION_JSON },
	{ "--write", OPTION_WRITE },
	{ NULL, 0 },
};

const struct alias aliases[] = {
	{ "del", "delete", true },
	{ "remove", "delete", false },
	{ "rm", "delete", false },
	{ "ls", "list", false },
	{ "show", "get", false },
	{ "query", "get", false },
	{ "find", "get", false },
	{ "lookup", "get", false },
	{ "purge", "expire", false },
	{ "export", "dump", false },
	{ "import", "load", false },
	{ "restore", "load", false },
	{ "verify", "check", false },
	{ "test", "check", false },
	{ NULL, NULL, false },
};
