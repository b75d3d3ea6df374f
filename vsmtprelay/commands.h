/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commands.h - what vsmtprelay can do
 *
 * Owns the commands, what they accept, and the exit status for each result of
 * the library. main.c owns the command line around them and the end of standard
 * output.
 */
#ifndef VSMTPRELAY_COMMANDS_H
#define VSMTPRELAY_COMMANDS_H

#include "log.h"
#include "owner.h"
#include "relaydb.h"

#define EXIT_PARTLY 1 /* done, but not for all, or something was found */

struct command {
	const char *name;
	const char *arguments; /* as the usage page writes them */
	const char *does;
	int min, max; /* how many arguments; max below 0: any number */
	/* Runs it: ARG has N strings, min <= N <= max.  Failures have been
	 * reported.  Returns the exit status, of sysexits(3). */
	int (*run)(struct relaydb *db, int n, char **arg);
	bool as_owner; /* all of it, see owner_run() */
};

/* In the order of the usage page; the last has no name. */
extern const struct command commands[];

/* The exit status for CODE of relaydb.h. */
int exit_status(int code);

/* Logs what DB has to say about its last call, which returned CODE.  Returns
 * the exit status. */
int told(const struct relaydb *db, int code);

/* Logs a change to syslog. */
#define told_change(db, format, ...)                                                               \
	log_say(LOG_INFO, format " (%s, by uid %ld)", __VA_ARGS__, relaydb_filename(db),           \
	    (long)owner_caller())

#endif
