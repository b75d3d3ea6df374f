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
#include "convert.h"
#include "everyhost.h"
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
		fprintf(to, "  %-8s %-13s %s\n", command->name, command->arguments, command->does);
	fprintf(to,
	    "\n"
	    "  -f, --file FILE  the database; else $RELAYERS_DB, else ~/etc/relayers.db if it\n"
	    "                   exists, else " RELAYERS_STATEDIR "/relayers.db\n"
	    "  -h, --help       print this\n"
	    "  -V, --version    print name and version\n\n"
	    "With -h list and get print for people: age, what is left, who recorded it; with\n"
	    "--json list, dump and get print for programs.\n"
	    "An address is IPv4 or IPv6.  Ticks are seconds since 1970, UTC; n is minutes, or a\n"
	    "time such as 90m or 1h.  See " PROGRAM "(8).\n");
}

/* The command NAME, by its own name or one that is taken for it. */
static const struct command *find_command(const char *name)
{
	for (const struct alias *alias = aliases; alias->name != NULL; alias++)
		if (alias->taken && strcmp(name, alias->name) == 0)
			name = alias->command;
	for (const struct command *command = commands; command->name != NULL; command++)
		if (strcmp(name, command->name) == 0)
			return command;
	return NULL;
}

/* The command that NAME may mean: by the table, or by its beginning if that is
 * of one alone.  NULL: none. */
static const char *guess_command(const char *name)
{
	const char *guess = NULL;

	for (const struct alias *alias = aliases; alias->name != NULL; alias++)
		if (strcmp(name, alias->name) == 0)
			return alias->command;
	for (const struct command *command = commands; *name != '\0' && command->name != NULL;
	     command++) {
		if (strncmp(name, command->name, strlen(name)) != 0)
			continue;
		if (guess != NULL)
			return NULL;
		guess = command->name;
	}
	return guess;
}

static int no_command(const char *name)
{
	const char *guess = guess_command(name);

	log_say(LOG_ERR, "\"%.64s\" is not a command%s%s%s", name,
	    guess != NULL ? "; did you mean " : "", guess != NULL ? guess : "",
	    guess != NULL ? "?" : "");
	return cli_misused(PROGRAM);
}

static int run_call(struct relaydb *db, void *arg)
{
	const struct call *call = arg;

	return call->command->run(db, call);
}

/* Not a number below 0, nor the - that means standard input. */
static bool is_option(const char *text)
{
	return text[0] == '-' && text[1] != '\0' && (text[1] < '0' || text[1] > '9');
}

/* Moves the options of the command from its arguments to CALL->options.
 * Returns false after logging that it has no such option. */
static bool take_options(struct call *call)
{
	int left = 0;

	for (int i = 0; i < call->n; i++) {
		const struct option_name *option = option_names;

		while (option->text != NULL && strcmp(option->text, call->arg[i]) != 0)
			option++;
		if (option->text != NULL && (call->command->options & option->option) != 0)
			call->options |= option->option;
		else if (call->command->options != 0 && is_option(call->arg[i])) {
			log_say(LOG_ERR, "%s: option %.64s is unknown%s", call->command->name,
			    call->arg[i],
			    strcmp(call->arg[i], "-f") == 0 ? " here, it comes before the command"
							    : "");
			return false;
		} else
			call->arg[left++] = call->arg[i];
	}
	call->n = left;
	return true;
}

/* Are the arguments as many as the command takes? */
static bool has_arguments(const struct call *call)
{
	const struct command *command = call->command;

	if (call->n < command->min) {
		log_say(LOG_ERR, "%s: an argument is missing, expected: %s", command->name,
		    command->arguments);
		return false;
	}
	if (command->max < 0 || call->n <= command->max)
		return true;
	log_say(LOG_ERR, "%s: one argument too many, \"%.64s\", expected: %s", command->name,
	    call->arg[command->max], command->max > 0 ? command->arguments : "none");
	return false;
}

/* Gives the order of CALL, which ended with STATUS, to other hosts, if it is
 * one; an address with a time of its own is this host's alone.  Returns false
 * after saying what they do not know. */
static bool tell_everywhere(struct relaydb *db, const struct call *call, int status)
{
	const struct command *command = call->command;

	return command->user != AS_OWNER_EVERYWHERE || status == EX_USAGE ||
	       (command->max == 2 && call->n == 2) ||
	       everyhost_order(relaydb_filename(db), command->name, call->n, call->arg);
}

/* Runs CALL on the database PATH, NULL for the usual one. */
static int run(struct call *call, const char *path)
{
	struct relaydb_options options = { .path = path, .in_force = true };
	struct relaydb *db;
	int code, status;

	if (!take_options(call) || !has_arguments(call))
		return cli_misused(PROGRAM);
	code = relaydb_open(&db, &options);
	if (code != RELAYDB_OK) {
		log_say(LOG_ERR, "cannot use the database \"%.256s\": %s",
		    path != NULL ? path : "(default)", relaydb_strcode(code));
		return exit_status(code);
	}
	status = call->command->user == AS_CALLER ? call->command->run(db, call)
						  : owner_run(db, run_call, call);
	if (!tell_everywhere(db, call, status) && status == EX_OK)
		status = EXIT_PARTLY;
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
	struct call call;
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
	call = (struct call){ find_command(argv[optind]), argc - optind - 1, argv + optind + 1, 0 };
	if (call.command == NULL)
		return no_command(argv[optind]);
	if (path != NULL && call.command->run == cmd_convert) {
		log_say(LOG_ERR, "convert: expected no -f: FROM and TO are the databases");
		return cli_misused(PROGRAM);
	}
	return cli_finish(run(&call, path));
}
