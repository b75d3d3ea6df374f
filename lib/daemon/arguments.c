/* SPDX-License-Identifier: BSD-2-Clause
 *
 * arguments.c - the command line that every daemon has, see arguments.h
 */
#include "arguments.h"

#include <sysexits.h>
#include <unistd.h>

#include "cli.h"
#include "log.h"

/* Returns false if C is none of the options that all daemons have. */
static bool take(int c, struct daemon_arguments *arguments)
{
	switch (c) {
	case 'c':
		arguments->config_file = optarg;
		return true;
	case 'd':
		arguments->detach = true;
		return true;
	case 'h':
		arguments->help = true;
		return true;
	case 'n':
		arguments->check = true;
		return true;
	case 'p':
		arguments->pid_file = optarg;
		return true;
	case 'v':
		arguments->verbose = true;
		return true;
	case 'V':
		arguments->version = true;
		return true;
	default:
		return false;
	}
}

int daemon_arguments_parse(const struct daemon_command *command, int argc, char **argv,
    struct daemon_arguments *arguments, void *arg)
{
	static const struct option options[] = {
		CLI_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	int c;

	if (!log_keep_descriptors())
		return EX_OSERR;
	log_open(command->name, LOG_MAIL, LOG_NOTICE, LOG_NOWHERE);
	opterr = 0;
	for (;;) {
		c = getopt_long(argc, argv, command->shorts, options, NULL);
		if (c == -1)
			return EX_OK;
		if (take(c, arguments))
			continue;
		if (c == '?' || c == ':')
			return cli_refused(command->name, c, argv, command->shorts);
		if (!command->option(c, arg))
			return cli_misused(command->name);
	}
}

bool daemon_arguments_inform(
    const struct daemon_command *command, const struct daemon_arguments *arguments)
{
	if (arguments->help)
		command->usage(stdout);
	else if (arguments->version)
		cli_version(command->name);
	return arguments->help || arguments->version;
}
