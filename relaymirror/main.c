/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - relaymirror(8): options, and which of its modes to run
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli.h"
#include "log.h"
#include "mirrorconf.h"
#include "mirrordaemon.h"
#include "mirrortry.h"
#include "user.h"

#define PROGRAM "relaymirror"
#define SHORTS ":c:dhnp:vV"

struct arguments {
	struct mirrordaemon_options daemon;
	bool verbose, check, help, version;
};

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
static int check_arguments(int argc, char **argv, const struct arguments *arguments)
{
	bool runs = arguments->daemon.detach || arguments->daemon.pid_file != NULL;

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

/* Returns EX_OK, or EX_USAGE after saying why. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		CLI_OPTIONS,
		{ NULL, 0, NULL, 0 },
	};
	int c = getopt_long(argc, argv, SHORTS, options, NULL);

	for (; c != -1; c = getopt_long(argc, argv, SHORTS, options, NULL)) {
		switch (c) {
		case 'c':
			arguments->daemon.config_file = optarg;
			break;
		case 'd':
			arguments->daemon.detach = true;
			break;
		case 'h':
			arguments->help = true;
			break;
		case 'n':
			arguments->check = true;
			break;
		case 'p':
			arguments->daemon.pid_file = optarg;
			break;
		case 'v':
			arguments->verbose = true;
			break;
		case 'V':
			arguments->version = true;
			break;
		default:
			return cli_refused(PROGRAM, c, argv, SHORTS);
		}
	}
	if (arguments->help || arguments->version)
		return EX_OK;
	return check_arguments(argc, argv, arguments);
}

static void say_error(const char *sentence, void *arg)
{
	(void)arg;
	log_say(LOG_ERR, "%s", sentence);
}

/* A person at stderr wants to know what goes wrong; syslog keeps the record. */
static void open_log(const struct arguments *arguments)
{
	int told = arguments->check ? LOG_WARNING : LOG_NOTICE;

	log_open(PROGRAM, LOG_MAIL, arguments->verbose ? LOG_DEBUG : told,
	    arguments->check ? LOG_NOWHERE : LOG_INFO);
}

static int run(struct arguments *arguments)
{
	struct conf_errors errors = { .tell = say_error };
	struct mirrorconf *conf;
	int status;

	if (arguments->daemon.config_file == NULL)
		arguments->daemon.config_file = MIRRORCONF_FILE;
	conf = mirrorconf_load(arguments->daemon.config_file, &errors);
	if (conf == NULL)
		return EX_CONFIG;
	if (geteuid() == 0 && user_is_missing(conf->run_as)) {
		log_say(LOG_ERR, "run-as = '%s': there is no such user", conf->run_as);
		mirrorconf_free(conf);
		return EX_CONFIG;
	}
	if (!arguments->check)
		return mirrordaemon_run(conf, &arguments->daemon);
	status = mirrortry_run(conf);
	mirrorconf_free(conf);
	return cli_finish(status);
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	int status;

	opterr = 0;
	if (!log_keep_descriptors())
		return EX_OSERR;
	log_open(PROGRAM, LOG_MAIL, LOG_NOTICE, LOG_NOWHERE);
	status = parse_arguments(argc, argv, &arguments);
	if (status != EX_OK)
		return status;
	if (arguments.help)
		usage(stdout);
	else if (arguments.version)
		cli_version(PROGRAM);
	if (arguments.help || arguments.version)
		return cli_finish(EX_OK);
	open_log(&arguments);
	return run(&arguments);
}
