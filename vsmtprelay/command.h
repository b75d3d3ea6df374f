/* SPDX-License-Identifier: BSD-2-Clause
 *
 * command.h - what the commands of vsmtprelay share: what one is, how arguments
 * are read, and the exit status for each result of the library
 */
#ifndef VSMTPRELAY_COMMAND_H
#define VSMTPRELAY_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "owner.h"
#include "relaydb.h"

#define EXIT_PARTLY 1 /* done, but not for all, or something was found */

enum command_option {
	OPTION_HUMAN = 1, /* -h: for people */
	OPTION_JSON = 2, /* --json: for programs */
	OPTION_WRITE = 4 /* --write: do what is ours */
};

/* A command as it was called. */
struct call {
	const struct command *command;
	int n; /* arguments, without options */
	char **arg;
	unsigned options; /* of enum command_option */
};

/* The user whom root becomes for all of it: the owner, if the form of the
 * database demands it (owner_run()), or nobody.  EVERYWHERE: then, as the
 * caller, other hosts are told (everyhost.h). */
enum command_user { AS_CALLER, AS_OWNER, AS_OWNER_EVERYWHERE };

struct command {
	const char *name;
	const char *arguments; /* as the usage page writes them */
	const char *does;
	int min, max; /* how many arguments; max below 0: any number */
	/* Runs it: min <= CALL->n <= max.  Failures have been reported.
	 * Returns the exit status, of sysexits(3). */
	int (*run)(struct relaydb *db, const struct call *call);
	enum command_user user;
	unsigned options; /* those that it takes */
};

/* The exit status for CODE of relaydb.h. */
int exit_status(int code);

/* Logs what DB has to say about its last call, which returned CODE.  Returns
 * the exit status. */
int report_result(const struct relaydb *db, int code);

/* Brings argument TEXT of COMMAND into the store's form, or logs what is wrong
 * with it. */
bool take_address(const char *command, const char *text, char address[RELAYDB_ADDRSTRLEN]);

/* What is old: entries with a stamp below *BEFORE.  Without an argument that is
 * up to and including now; with one, older than that many minutes, or than a
 * time with units (duration.h).  Returns false after logging what is wrong with
 * the argument. */
bool take_minutes(const char *command, int n, char **arg, int64_t *before);

/* Logs a change to syslog. */
#define told_change(db, format, ...)                                                               \
	log_say(LOG_INFO, format " (%s, by uid %ld)", __VA_ARGS__, relaydb_filename(db),           \
	    (long)owner_caller())

#endif
