/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commands.c - the commands of vsmtprelay, see commands.h: each checks its
 * arguments, makes one call of the library, and reports the result
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "convert.h"
#include "host.h"
#include "load.h"
#include "log.h"
#include "mta.h"
#include "output.h"
#include "owner.h"
#include "postfix.h"

#define MINUTES_MAX (RELAYDB_STAMP_MAX / 60)

/* What each code of the library means to a shell. */
static const int status_of[] = {
	[RELAYDB_OK] = EX_OK,
	[RELAYDB_NOTFOUND] = EXIT_PARTLY,
	[RELAYDB_BADADDR] = EX_DATAERR, /* in a dump; arguments were checked before */
	[RELAYDB_BADSTAMP] = EX_DATAERR,
	[RELAYDB_NOFILE] = EX_NOINPUT,
	[RELAYDB_NOTDB] = EX_DATAERR,
	[RELAYDB_LOCKED] = EX_TEMPFAIL,
	[RELAYDB_PERM] = EX_NOPERM,
	[RELAYDB_IO] = EX_IOERR,
	[RELAYDB_NOMEM] = EX_OSERR,
	[RELAYDB_UNCERTAIN] = EX_IOERR,
	[RELAYDB_NOENTRY] = EX_OK,
};

int exit_status(int code)
{
	if (code < 0 || (size_t)code >= sizeof status_of / sizeof *status_of)
		return EX_SOFTWARE;
	return status_of[code];
}

int told(const struct relaydb *db, int code)
{
	if (code != RELAYDB_OK)
		log_say(LOG_ERR, "%s", relaydb_error(db));
	else if (relaydb_notice(db)[0] != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(db));
	return exit_status(code);
}

/* Brings argument TEXT of COMMAND into the store's form. */
static bool take_address(const char *command, const char *text, char address[RELAYDB_ADDRSTRLEN])
{
	if (relaydb_address(text, address) == RELAYDB_OK)
		return true;
	log_say(LOG_ERR,
	    "%s: \"%.64s\" is not the IP address of a client, such as 192.0.2.7 or 2001:db8::7",
	    command, text);
	return false;
}

/* What is old: entries with a stamp below *BEFORE.  Without an argument that is
 * up to and including now; with one, older than that many minutes. */
static bool take_minutes(const char *command, int n, char **arg, int64_t *before)
{
	int64_t now = (int64_t)time(NULL), minutes;

	*before = now + 1;
	if (n == 0)
		return true;
	if (relaydb_stamp(arg[0], &minutes) != RELAYDB_OK || minutes > MINUTES_MAX) {
		log_say(LOG_ERR, "%s: \"%.64s\" is not a number of whole minutes, 0 to %" PRId64,
		    command, arg[0], MINUTES_MAX);
		return false;
	}
	*before = now > 60 * minutes ? now - 60 * minutes : 0;
	return true;
}

static int cmd_add(struct relaydb *db, int n, char **arg)
{
	struct relaydb_batch *batch = NULL;
	struct relaydb_result result = { 0 };
	char address[RELAYDB_ADDRSTRLEN];
	int64_t now = (int64_t)time(NULL), stamp = now;
	int code, status;

	if (!take_address("add", arg[0], address))
		return EX_USAGE;
	if (n > 1 && relaydb_stamp(arg[1], &stamp) != RELAYDB_OK) {
		log_say(LOG_ERR,
		    "add: \"%.64s\" is not a time in whole seconds since 1970 (UTC), 0 to %" PRId64,
		    arg[1], RELAYDB_STAMP_MAX);
		return EX_USAGE;
	}
	if ((code = relaydb_batch_new(db, &batch)) == RELAYDB_OK &&
	    (code = relaydb_batch_put(batch, address, stamp)) == RELAYDB_OK)
		code = relaydb_commit(batch, now, &result);
	status = told(db, code);
	if (code == RELAYDB_OK && result.committed)
		told_change(db, "add %s %" PRId64, address, stamp);
	relaydb_batch_free(&batch);
	return status;
}

/* Reports which addresses were not there, and logs to syslog which are gone.
 * Both in the order of the arguments; repeated ones are NULL. */
static void tell_deleted(
    const struct relaydb *db, const struct relaydb_batch *batch, int n, char **arg)
{
	char address[RELAYDB_ADDRSTRLEN];
	const char *absent;
	size_t next = 0;

	for (int i = 0; i < n; i++) {
		if (arg[i] == NULL || relaydb_address(arg[i], address) != RELAYDB_OK)
			continue;
		if ((absent = relaydb_batch_absent(batch, next)) == NULL ||
		    strcmp(absent, address) != 0) {
			told_change(db, "delete %s", address);
			continue;
		}
		log_say(LOG_WARNING, "delete: %s is not in %s", address, relaydb_filename(db));
		next++;
	}
}

static int cmd_delete(struct relaydb *db, int n, char **arg)
{
	struct relaydb_batch *batch = NULL;
	struct relaydb_result result;
	char address[RELAYDB_ADDRSTRLEN];
	int code = RELAYDB_OK, status = EX_OK;

	for (int i = 0; i < n; i++)
		if (!take_address("delete", arg[i], address))
			status = EX_USAGE;
	if (status != EX_OK)
		return status;
	code = relaydb_batch_new(db, &batch);
	for (int i = 0; i < n && code == RELAYDB_OK; i++) {
		size_t count = relaydb_batch_count(batch);

		code = relaydb_batch_delete(batch, arg[i]);
		if (count == relaydb_batch_count(batch))
			arg[i] = NULL; /* named twice */
	}
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, (int64_t)time(NULL), &result);
	status = told(db, code);
	if (code == RELAYDB_OK) {
		tell_deleted(db, batch, n, arg);
		if (result.absent > 0)
			status = EXIT_PARTLY;
	}
	relaydb_batch_free(&batch);
	return status;
}

static int cmd_expire(struct relaydb *db, int n, char **arg)
{
	struct relaydb_batch *batch = NULL;
	struct relaydb_result result = { 0 };
	int64_t before;
	int code, status;

	if (!take_minutes("expire", n, arg, &before))
		return EX_USAGE;
	if ((code = relaydb_batch_new(db, &batch)) == RELAYDB_OK &&
	    (code = relaydb_batch_expire(batch, before)) == RELAYDB_OK)
		code = relaydb_commit(batch, (int64_t)time(NULL), &result);
	status = told(db, code);
	if (code == RELAYDB_OK && result.expired > 0)
		told_change(db, "expired %zu entr%s older than %" PRId64 ", %zu row%s left",
		    result.expired, result.expired == 1 ? "y" : "ies", before, result.rows,
		    result.rows == 1 ? "" : "s");
	relaydb_batch_free(&batch);
	return status;
}

/* Prints the entries with a stamp below BEFORE, and the rows that are not
 * entries. */
static int print(struct relaydb *db, int64_t before)
{
	struct output output = {
		.to = stdout, .terminal = isatty(STDOUT_FILENO) != 0, .before = before
	};
	int code = relaydb_each(db, output_row, &output), status;

	if (code < 0) { /* main() finds that the stream failed, and reports errno */
		errno = output.error;
		return EX_IOERR;
	}
	if (output.unwritten > 0)
		log_say(LOG_WARNING,
		    "%zu rows of %s cannot be written in a form that makemap or load can read "
		    "back: they are printed as "
		    "comments",
		    output.unwritten, relaydb_filename(db));
	status = told(db, code);
	return status == EX_OK && output.unwritten > 0 ? EXIT_PARTLY : status;
}

static int cmd_list(struct relaydb *db, int n, char **arg)
{
	int64_t before;

	if (!take_minutes("list", n, arg, &before))
		return EX_USAGE;
	return print(db, before);
}

static int cmd_dump(struct relaydb *db, int n, char **arg)
{
	(void)n, (void)arg;
	return print(db, RELAYDB_STAMP_MAX + 1);
}

static void print_text(const char *title, const char *text)
{
	char shown[LOG_ESCAPE_SIZE];

	printf("%s: ", title);
	for (; *text != '\0'; text++)
		fputs(log_escape((unsigned char)*text, shown), stdout);
	putchar('\n');
}

static void print_finding(const struct relaydb_finding *finding, void *arg)
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
	int status = told(db, relaydb_check(db, (int64_t)time(NULL), print_finding, &trouble));

	(void)arg;
	return status == EX_OK && trouble ? EXIT_PARTLY : status;
}

static int cmd_check(struct relaydb *db, int n, char **arg)
{
	bool trouble = false;
	int status = owner_run(db, check_file, NULL);

	(void)n, (void)arg;
	postfix_check(relaydb_filename(db), print_finding, &trouble);
	mta_check(relaydb_filename(db), print_finding, &trouble);
	host_check(relaydb_filename(db), print_finding, &trouble);
	return status == EX_OK && trouble ? EXIT_PARTLY : status;
}

const struct command commands[] = {
	{ "add", "ip [ticks]", "record address with current time (or ticks)", 1, 2, cmd_add, true },
	{ "delete", "ip [...]", "remove the addresses", 1, -1, cmd_delete, true },
	{ "expire", "[n]", "remove all old entries (or those older than n minutes)", 0, 1,
	    cmd_expire, true },
	{ "list", "[n]", "print all old entries (or those older than n minutes)", 0, 1, cmd_list,
	    true },
	{ "dump", "", "print all entries, even those with a future stamp", 0, 0, cmd_dump, true },
	{ "load", "[file]", "replace the database by a dump (file or standard input)", 0, 1,
	    cmd_load, false },
	{ "check", "", "check all that sendmail and Postfix demand of this file", 0, 0, cmd_check,
	    false },
	{ "convert", "from to", "copy a database into one of another form", 2, 2, cmd_convert,
	    false },
	{ NULL, NULL, NULL, 0, 0, NULL, false },
};
