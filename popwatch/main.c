/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - popwatch(8): options, and which of its modes to run
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "catalogue.h"
#include "check.h"
#include "config.h"
#include "header.h"
#include "list.h"
#include "log.h"
#include "tryout.h"
#include "watcher.h"

struct arguments {
	struct watcher_options watcher;
	bool verbose;
	bool check; /* -n */
	bool help;
	bool version;
	const char *tryout; /* file, - for standard input; NULL: no */
	const char *servers; /* of the configuration if NULL */
	unsigned formats; /* of the configuration if 0 */
};

static void usage(FILE *to)
{
	fprintf(to, "popwatch " RELAYERS_VERSION " - records POP and IMAP logins, so that their addresses may relay\n"
		    "usage: popwatch [-dov] [-c FILE] [-p FILE] [-]\n"
		    "       popwatch -n [-c FILE]\n"
		    "       popwatch -t FILE [-c FILE] [-s SERVER,...] [-F FORMAT]\n"
		    "  -c FILE    configuration (" CONFIG_FILE ")\n"
		    "  -d         go into the background\n"
		    "  -n         check the configuration and leave\n"
		    "  -o         once: read to the end, commit, leave\n"
		    "  -p FILE    write the process id there\n"
		    "  -t FILE    try out: show which logins FILE has (-: standard input), record nothing\n"
		    "  -s LIST    servers for -t: names of definitions, or all\n"
		    "  -F FORMAT  layout for -t: syslog, nohost, dovecot, courier, zimbra, any\n"
		    "  -v         say more\n"
		    "  -          read lines from standard input instead of the configured logs\n"
		    "  -h, --help     print this\n"
		    "  -V, --version  print name and version\n");
}

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:dhnop:t:s:F:vV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			arguments->watcher.config_file = optarg;
			break;
		case 'd':
			arguments->watcher.detach = true;
			break;
		case 'h':
			arguments->help = true;
			break;
		case 'n':
			arguments->check = true;
			break;
		case 'o':
			arguments->watcher.once = true;
			break;
		case 'p':
			arguments->watcher.pid_file = optarg;
			break;
		case 't':
			arguments->tryout = optarg;
			break;
		case 's':
			arguments->servers = optarg;
			break;
		case 'F':
			if ((arguments->formats = header_format(optarg)) == 0)
				return false;
			break;
		case 'v':
			arguments->verbose = true;
			break;
		case 'V':
			arguments->version = true;
			break;
		default:
			return false;
		}
	}
	if (optind < argc && strcmp(argv[optind], "-") == 0) {
		arguments->watcher.from_stdin = true;
		optind++;
	}
	if (arguments->tryout == NULL && (arguments->servers != NULL || arguments->formats != 0))
		return false;
	return optind == argc;
}

static void say_mistake(const char *sentence, void *arg)
{
	(void)arg;
	log_say(LOG_ERR, "%s", sentence);
}

/* The configured folders and servers, but for what the command line says. */
static int try_out(const struct arguments *arguments, const struct config *config, struct conf_errors *errors)
{
	char **servers = arguments->servers != NULL ? list_split(arguments->servers, ", ") : NULL;
	struct catalogue *catalogue;
	int fd = STDIN_FILENO, status = EX_CONFIG;

	if (list_twice(servers) != NULL) {
		log_say(LOG_ERR, "-s has '%s' twice", list_twice(servers));
		list_free(servers);
		return EX_USAGE;
	}
	if (strcmp(arguments->tryout, "-") != 0 && (fd = open(arguments->tryout, O_RDONLY | O_CLOEXEC)) < 0) {
		log_say(LOG_ERR, "%s: %s", arguments->tryout, strerror(errno));
		list_free(servers);
		return EX_NOINPUT;
	}
	catalogue =
	    catalogue_load((const char *const *)config->definitions, servers != NULL ? servers : config->servers, errors);
	if (catalogue != NULL)
		status = tryout_run(fd, arguments->formats != 0 ? arguments->formats : config->formats, catalogue);
	catalogue_free(catalogue);
	list_free(servers);
	if (fd != STDIN_FILENO)
		close(fd);
	return status;
}

/* Who listens: a person at stderr, who wants to know what goes wrong (or, with -v, all), and syslog, which keeps the record. */
static void open_log(const struct arguments *arguments)
{
	bool records = arguments->tryout == NULL && !arguments->check;

	log_open("popwatch", LOG_MAIL,
	    arguments->verbose ? LOG_DEBUG
	    : records          ? LOG_NOTICE
			       : LOG_INFO,
	    records ? LOG_INFO : LOG_NOWHERE);
}

static int run(struct arguments *arguments)
{
	struct conf_errors errors = { .tell = say_mistake };
	const char *file = arguments->watcher.config_file;
	struct config *config;
	int status;

	/* trying out a log needs no configuration, if there is none */
	if (arguments->tryout != NULL && file == NULL && access(CONFIG_FILE, R_OK) != 0)
		config = config_load(NULL, &errors);
	else {
		arguments->watcher.config_file = file != NULL ? file : CONFIG_FILE;
		config = config_load(arguments->watcher.config_file, &errors);
	}
	if (config == NULL)
		return EX_CONFIG;
	if (arguments->check) {
		status = check_run(config, &errors);
		config_free(config);
		return status;
	}
	if (arguments->tryout == NULL)
		return watcher_run(config, &arguments->watcher);
	status = try_out(arguments, config, &errors);
	config_free(config);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };

	if (!log_keep_descriptors())
		return EX_OSERR;
	if (!parse_arguments(argc, argv, &arguments)) {
		usage(stderr);
		return EX_USAGE;
	}
	if (arguments.help)
		usage(stdout);
	else if (arguments.version)
		puts("popwatch " RELAYERS_VERSION);
	if (arguments.help || arguments.version)
		return fclose(stdout) == 0 ? EX_OK : EX_IOERR;
	open_log(&arguments);
	return run(&arguments);
}
