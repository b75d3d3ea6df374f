/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - vsmtprelay(8): look at and change the relay database by hand and
 * from cron
 *
 * Owns the command line (options, usage, which command) and the end of standard
 * output.  The commands are in commands.c.  Sets no locale: day and month names
 * are those of asctime(3) everywhere.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli.h"
#include "commands.h"
#include "log.h"
#include "owner.h"

#define PROGRAM "vsmtprelay"
#define SHORTS "+:f:hV"

static void usage(FILE *to)
{
	fprintf(to,
	    PROGRAM " " RELAYERS_VERSION " - show and change the addresses that may relay mail\n\n"
		    "usage: " PROGRAM " [-f file] command [argument ...]\n\n");
	for (const struct command *command = commands; command->name != NULL; command++)
		fprintf(to, "  %-7s %-11s %s\n", command->name, command->arguments, command->does);
	fprintf(to,
	    "\n"
	    "  -f, --file FILE  the database; else $RELAYERS_DB, else ~/etc/relayers.db if it\n"
	    "                   exists, else " RELAYERS_STATEDIR "/relayers.db\n"
	    "  -h, --help       print this\n"
	    "  -V, --version    print name and version\n\n"
	    "An address is IPv4 or IPv6.  Ticks are seconds since 1970, UTC.  See " PROGRAM
	    "(8).\n");
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; command->name != NULL; command++)
		if (strcmp(name, command->name) == 0)
			return command;
	return NULL;
}

struct call {
	const struct command *command;
	int n;
	char **arg;
};

static int run_call(struct relaydb *db, void *arg)
{
	const struct call *call = arg;

	return call->command->run(db, call->n, call->arg);
}

/* Checks how many arguments COMMAND got, N, and runs it on the database PATH,
 * NULL for the usual one. */
static int run(const struct command *command, const char *path, int n, char **arg)
{
	struct relaydb_options options = { .path = path, .in_force = true };
	struct relaydb *db;
	int code, status;

	if (n < command->min) {
		log_say(LOG_ERR, "%s: an argument is missing, expected: %s", command->name,
		    command->arguments);
		return cli_misused(PROGRAM);
	}
	if (command->max >= 0 && n > command->max) {
		log_say(LOG_ERR, "%s: one argument too many, \"%.64s\", expected: %s",
		    command->name, arg[command->max],
		    command->max > 0 ? command->arguments : "none");
		return cli_misused(PROGRAM);
	}
	if ((code = relaydb_open(&db, &options)) != RELAYDB_OK) {
		log_say(LOG_ERR, "cannot use the database \"%.256s\": %s",
		    path != NULL ? path : "(default)", relaydb_strcode(code));
		return exit_status(code);
	}
	status = command->as_owner ? owner_run(db, run_call, &(struct call){ command, n, arg })
				   : command->run(db, n, arg);
	relaydb_close(&db);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		CLI_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	const struct command *command;
	const char *path = NULL;
	int option;

	if (!log_keep_descriptors())
		return EX_OSERR;
	log_open(PROGRAM, LOG_MAIL, LOG_NOTICE, LOG_INFO);
	opterr = 0;
	while ((option = getopt_long(argc, argv, SHORTS, options, NULL)) != -1) {
		switch (option) {
		case 'f':
			path = optarg;
			break;
		case 'h':
			usage(stdout);
			return cli_finish(EX_OK);
		case 'V':
			cli_version(PROGRAM);
			return cli_finish(EX_OK);
		default:
			return cli_refused(PROGRAM, option, argv, SHORTS);
		}
	}
	if (path != NULL && path[0] == '\0') {
		log_say(LOG_ERR, "-f: expected the path of the database, got an empty one");
		return cli_misused(PROGRAM);
	}
	if (optind == argc) {
		usage(stderr);
		return EX_USAGE;
	}
	if ((command = find_command(argv[optind])) == NULL) {
		log_say(LOG_ERR, "\"%.64s\" is not a command", argv[optind]);
		return cli_misused(PROGRAM);
	}
	return cli_finish(run(command, path, argc - optind - 1, argv + optind + 1));
}
