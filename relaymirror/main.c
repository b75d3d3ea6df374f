/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - relaymirror(8): options, and which of its modes to run
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "arguments.h"
#include "cli.h"
#include "log.h"
#include "mirrorconf.h"
#include "mirrordaemon.h"
#include "mirrortry.h"
#include "user.h"

#define PROGRAM "relaymirror"

static void usage(FILE *to)
{
	fprintf(to,
	    PROGRAM " " RELAYERS_VERSION " - carries logins between the databases of many hosts\n"
		    "usage: " PROGRAM " [-dv] [-c FILE] [-p FILE]\n"
		    "       " PROGRAM " -n [-v] [-c FILE]\n"
		    "  -c FILE    configuration (" MIRRORCONF_FILE ")\n"
		    "  -d         go into the background\n"
		    "  -n         check the configuration and the engine, and leave\n"
		    "  -p FILE    write the process id there\n"
		    "  -v         say more\n"
		    "  -h, --help     print this\n"
		    "  -V, --version  print name and version\n");
}

/* Returns EX_OK, or EX_USAGE after saying why. */
static int check_arguments(int argc, char **argv, const struct daemon_arguments *arguments)
{
	bool runs = arguments->detach || arguments->pid_file != NULL;

	if (optind < argc) {
		log_say(LOG_ERR, "unexpected argument '%s': there are only options", argv[optind]);
		return cli_misused(PROGRAM);
	}
	if (arguments->check && runs) {
		log_say(LOG_ERR, "-n can only be combined with -c and -v");
		return cli_misused(PROGRAM);
	}
	return EX_OK;
}

/* A person at stderr wants to know what goes wrong; syslog keeps the record. */
static void open_log(const struct daemon_arguments *arguments)
{
	int level = arguments->check ? LOG_WARNING : LOG_NOTICE;

	log_open(PROGRAM, LOG_MAIL, arguments->verbose ? LOG_DEBUG : level,
	    arguments->check ? LOG_NOWHERE : LOG_INFO);
}

static int run(struct daemon_arguments *arguments)
{
	struct conf_errors errors = { .tell = log_sentence };
	struct mirrorconf *conf;
	int status;

	if (arguments->config_file == NULL)
		arguments->config_file = MIRRORCONF_FILE;
	conf = mirrorconf_load(arguments->config_file, &errors);
	if (conf == NULL)
		return EX_CONFIG;
	if (geteuid() == 0 && user_is_missing(conf->run_as)) {
		log_say(LOG_ERR, "run-as = '%s': there is no such user", conf->run_as);
		mirrorconf_free(conf);
		return EX_CONFIG;
	}
	if (!arguments->check)
		return mirrordaemon_run(conf, arguments);
	status = mirrortry_run(conf);
	mirrorconf_free(conf);
	return cli_finish(status);
}

int main(int argc, char **argv)
{
	static const struct daemon_command command = { PROGRAM, DAEMON_SHORTS, usage, NULL };
	struct daemon_arguments arguments = { 0 };
	int status = daemon_arguments_parse(&command, argc, argv, &arguments, NULL);

	if (status != EX_OK)
		return status;
	if (daemon_arguments_inform(&command, &arguments))
		return cli_finish(EX_OK);
	status = check_arguments(argc, argv, &arguments);
	if (status != EX_OK)
		return status;
	open_log(&arguments);
	return run(&arguments);
}
