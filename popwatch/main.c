/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - popwatch(8): options, and which of its modes to run
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "watcher.h"

struct arguments {
	struct watcher_options watcher;
	bool verbose;
};

static void
usage(void)
{
	fprintf(stderr,
	    "popwatch " RELAYERS_VERSION " - records POP and IMAP logins, so that their addresses may relay\n"
	    "usage: popwatch [-v] [-c FILE] [-o] [-]\n"
	    "  -c FILE  configuration (" CONFIG_FILE ")\n"
	    "  -o       once: read to the end, commit, leave\n"
	    "  -v       say more\n"
	    "  -        read lines from standard input instead of the configured logs\n");
}

static bool
parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	int c;

	arguments->watcher.config_file = CONFIG_FILE;
	while ((c = getopt(argc, argv, "c:ov")) != -1) {
		switch (c) {
		case 'c':
			arguments->watcher.config_file = optarg;
			break;
		case 'o':
			arguments->watcher.once = true;
			break;
		case 'v':
			arguments->verbose = true;
			break;
		default:
			return false;
		}
	}
	if (optind < argc && strcmp(argv[optind], "-") == 0) {
		arguments->watcher.from_stdin = true;
		optind++;
	}
	return optind == argc;
}

static void
say_mistake(const char *sentence, void *arg)
{
	(void)arg;
	log_say(LOG_ERR, "%s", sentence);
}

int
main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct conf_errors errors = { .tell = say_mistake };
	struct config *config;

	if (!log_keep_descriptors())
		return EX_OSERR;
	if (!parse_arguments(argc, argv, &arguments)) {
		usage();
		return EX_USAGE;
	}
	log_open("popwatch", LOG_MAIL, arguments.verbose ? LOG_DEBUG : LOG_INFO, LOG_NOWHERE);
	if ((config = config_load(arguments.watcher.config_file, &errors)) == NULL)
		return EX_CONFIG;
	return watcher_run(config, &arguments.watcher);
}
