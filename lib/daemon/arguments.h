/* SPDX-License-Identifier: BSD-2-Clause
 *
 * arguments.h - the command line that every daemon has
 *
 * Owns: the first steps of main(), the options -c, -d, -n, -p, -v, --help and
 * --version, and the refusal of others.  Leaves to the program: its usage,
 * options and operands of its own, and which of them make no sense together.
 */
#ifndef DAEMON_ARGUMENTS_H
#define DAEMON_ARGUMENTS_H

#include <stdbool.h>
#include <stdio.h>

/* The short options of all daemons; those of a program go behind. */
#define DAEMON_SHORTS ":c:dhnp:vV"

struct daemon_arguments {
	const char *config_file; /* NULL: not given */
	const char *pid_file; /* instead of the configured one; NULL: that */
	bool detach, check, verbose, help, version;
};

struct daemon_command {
	const char *name;
	const char *shorts; /* DAEMON_SHORTS and its own */
	void (*usage)(FILE *to);
	/* Takes one of its own options, with optarg(3).  Returns false after
	 * saying why not.  NULL: it has none. */
	bool (*option)(int c, void *arg);
};

/* Keeps the standard descriptors, opens the log for what is said before the
 * program opens it as it wants, and takes the options; optind(3) is the first
 * operand then.  Returns EX_OK; or, after saying why, EX_USAGE or EX_OSERR. */
int daemon_arguments_parse(const struct daemon_command *command, int argc, char **argv,
    struct daemon_arguments *arguments, void *arg);

/* Prints what --help or --version asks for.  Returns true if one of them was
 * given: the program then leaves with cli_finish(). */
bool daemon_arguments_inform(
    const struct daemon_command *command, const struct daemon_arguments *arguments);

#endif
