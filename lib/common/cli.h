/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cli.h - what every command line of ours has: --help, --version, refused
 * options
 *
 * Owns: the words of these, and the exit status of sysexits(3) that goes with
 * them.  Leaves to the program: its options and its usage.  Messages go by way
 * of log.h, so log_open() comes first.
 */
#ifndef RELAYERS_CLI_H
#define RELAYERS_CLI_H

#include <getopt.h>

/* For the table of getopt_long(3), whose short options then have h and V. */
#define CLI_OPTIONS                                                                                \
	{ "help", no_argument, NULL, 'h' },                                                        \
	{                                                                                          \
		"version", no_argument, NULL, 'V'                                                  \
	}

/* Prints "NAME VERSION" to standard output, for --version. */
void cli_version(const char *name);

/* Says how to get help.  Returns EX_USAGE. */
int cli_misused(const char *name);

/* Logs what is wrong with the option that getopt_long(3), with opterr 0 and ':'
 * at the beginning of its short options, has just refused by returning C;
 * SHORTS are those short options.  Returns EX_USAGE, after cli_misused(). */
int cli_refused(const char *name, int c, char *const *argv, const char *shorts);

/* Closes standard output, since a full disk may show only there.
 * Returns STATUS, or EX_IOERR after logging that something could not be
 * written. */
int cli_finish(int status);

#endif
