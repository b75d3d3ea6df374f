/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cli.c - what every command line of ours has, see cli.h
 */
#include "cli.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"

void cli_version(const char *name)
{
	printf("%s %s\n", name, RELAYERS_VERSION);
}

int cli_misused(const char *name)
{
	fprintf(stderr, "Try \"%s --help\".\n", name);
	return EX_USAGE;
}

/* A long option that is wrong leaves 0 in optopt, or the letter of the short
 * one that it stands for, which alone would have been right. */
static bool is_long(const char *shorts)
{
	return optopt == 0 || strchr(shorts, optopt) != NULL;
}

int cli_refused(const char *name, int c, char *const *argv, const char *shorts)
{
	const char *word = argv[optind - 1];
	const char *wrong = c == ':' ? "needs an argument" : "is unknown or takes no argument";

	if (c != ':' && is_long(shorts))
		log_say(LOG_ERR, "option %.64s %s", word, wrong);
	else
		log_say(LOG_ERR, "option -%c %s", optopt, wrong);
	return cli_misused(name);
}

int cli_finish(int status)
{
	bool failed = ferror(stdout) != 0;

	/* if it showed before, errno still has the reason */
	if (!failed)
		errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return status;
	log_say(LOG_ERR, "cannot write to standard output%s%s", errno != 0 ? ": " : "",
	    errno != 0 ? strerror(errno) : "");
	return EX_IOERR;
}
