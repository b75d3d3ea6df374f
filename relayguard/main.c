/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - relayguard(8): options, and which of its modes to run
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "arguments.h"
#include "cli.h"
#include "guardconf.h"
#include "guarddaemon.h"
#include "guardtry.h"
#include "log.h"
#include "user.h"

#define PROGRAM "relayguard"
#define SHORTS DAEMON_SHORTS "t"

struct arguments {
	struct daemon_arguments daemon;
	bool tryout;
	char *const *facts; /* of -t; NULL at the end */
};

static void usage(FILE *to)
{
	fprintf(to,
	    "relayguard " RELAYERS_VERSION " - decides by rules who may send what to whom\n"
	    "usage: relayguard [-dv] [-c FILE] [-p FILE]\n"
	    "       relayguard -n [-v] [-c FILE]\n"
	    "       relayguard -t [-c FILE] NAME=VALUE...\n"
	    "  -c FILE    configuration (" GUARDCONF_FILE ")\n"
	    "  -d         go into the background\n"
	    "  -n         check configuration, rules and blocklists, and leave\n"
	    "  -p FILE    write the process id there\n"
	    "  -t         try one recipient out: client= name= resolve= from= to= auth= pop=\n"
	    "  -v         say more\n"
	    "  -h, --help     print this\n"
	    "  -V, --version  print name and version\n");
}

/* What of the command line makes no sense together; NULL if all does. */
static const char *at_odds(const struct arguments *arguments)
{
	bool runs = arguments->daemon.detach || arguments->daemon.pid_file != NULL;

	if (arguments->daemon.check && (runs || arguments->tryout))
		return "-n can only be combined with -c and -v";
	if (arguments->tryout && runs)
		return "-t can only be combined with -c and -v";
	if (arguments->tryout && arguments->facts[0] == NULL)
		return "-t without facts, expected such as client=192.0.2.7 from=a@example.org "
		       "to=b@example.com";
	return NULL;
}

/* Returns EX_OK, or EX_USAGE after saying why. */
static int take_operands(int argc, char **argv, struct arguments *arguments)
{
	const char *why;

	arguments->facts = argv + optind;
	if (!arguments->tryout && optind < argc) {
		log_say(LOG_ERR, "unexpected argument '%s': only -t takes any", argv[optind]);
		return cli_misused(PROGRAM);
	}
	why = at_odds(arguments);
	if (why == NULL)
		return EX_OK;
	log_say(LOG_ERR, "%s", why);
	return cli_misused(PROGRAM);
}

static bool take_option(int c, void *arg)
{
	struct arguments *arguments = arg;

	arguments->tryout = c == 't';
	return true;
}

/* A person at stderr wants to know what goes wrong; syslog keeps the record. */
static void open_log(const struct arguments *arguments)
{
	bool serves = !arguments->tryout && !arguments->daemon.check;
	int level = serves ? LOG_NOTICE : LOG_WARNING;

	log_open(PROGRAM, LOG_MAIL, arguments->daemon.verbose ? LOG_DEBUG : level,
	    serves ? LOG_INFO : LOG_NOWHERE);
}

static int run_daemon(struct guardconf *conf, const struct daemon_arguments *arguments)
{
	if (geteuid() == 0 && user_is_missing(conf->user)) {
		log_say(LOG_ERR, "user = '%s': there is no such user", conf->user);
		guardconf_free(conf);
		return EX_CONFIG;
	}
	return guarddaemon_run(conf, arguments);
}

static int run(struct arguments *arguments)
{
	struct conf_errors errors = { .tell = log_sentence };
	struct guardconf *conf;
	int status;

	if (arguments->daemon.config_file == NULL)
		arguments->daemon.config_file = GUARDCONF_FILE;
	conf = guardconf_load(arguments->daemon.config_file, &errors);
	if (conf == NULL)
		return EX_CONFIG;
	if (!arguments->daemon.check && !arguments->tryout)
		return run_daemon(conf, &arguments->daemon);
	status = arguments->daemon.check ? guardtry_check(conf)
					 : guardtry_decide(conf, arguments->facts);
	guardconf_free(conf);
	return cli_finish(status);
}

int main(int argc, char **argv)
{
	static const struct daemon_command command = { PROGRAM, SHORTS, usage, take_option };
	struct arguments arguments = { 0 };
	int status = daemon_arguments_parse(&command, argc, argv, &arguments.daemon, &arguments);

	if (status != EX_OK)
		return status;
	if (daemon_arguments_inform(&command, &arguments.daemon))
		return cli_finish(EX_OK);
	status = take_operands(argc, argv, &arguments);
	if (status != EX_OK)
		return status;
	open_log(&arguments);
	return run(&arguments);
}
