/* SPDX-License-Identifier: BSD-2-Clause
 *
 * main.c - popwatch(8): options, and which of its modes to run
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "arguments.h"
#include "catalogue.h"
#include "cli.h"
#include "config.h"
#include "configured.h"
#include "daemon.h"
#include "definitions.h"
#include "layout.h"
#include "list.h"
#include "log.h"
#include "selfcheck.h"
#include "tryout.h"

#define PROGRAM "popwatch"
#define SHORTS DAEMON_SHORTS "ot:s:F:"

struct arguments {
	struct daemon_options daemon;
	const char *tryout; /* file, - for standard input; NULL: no */
	const char *servers; /* of the configuration if NULL */
	unsigned formats; /* of the configuration if 0 */
};

static void usage(FILE *to)
{
	fprintf(to,
	    "popwatch " RELAYERS_VERSION
	    " - records POP and IMAP logins, so that their addresses may relay\n"
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

/* What of the command line makes no sense together; NULL if all does. */
static const char *at_odds(const struct arguments *arguments)
{
	const struct daemon_options *daemon = &arguments->daemon;
	bool runs = daemon->common.detach || daemon->once || daemon->common.pid_file != NULL ||
		    daemon->from_stdin;

	if (arguments->daemon.common.check && (runs || arguments->tryout != NULL))
		return "-n can only be combined with -c and -v";
	if (arguments->tryout != NULL && runs)
		return "-t can only be combined with -c, -F, -s and -v (-t - reads standard input)";
	if (arguments->tryout == NULL && (arguments->servers != NULL || arguments->formats != 0))
		return "-s and -F are for -t";
	if (daemon->common.detach && daemon->from_stdin)
		return "-d detaches from standard input and cannot be used with -";
	return NULL;
}

/* Returns false after saying why. */
static bool take_format(const char *name, unsigned *formats)
{
	*formats = layout_find(name);
	if (*formats == 0)
		log_say(LOG_ERR, "-F %s, expected syslog, nohost, dovecot, courier, zimbra or any",
		    name);
	return *formats != 0;
}

/* Returns EX_OK, or EX_USAGE after saying why. */
static int take_operands(int argc, char **argv, struct arguments *arguments)
{
	const char *why;

	if (optind < argc && strcmp(argv[optind], "-") == 0) {
		arguments->daemon.from_stdin = true;
		optind++;
	}
	if (optind < argc) {
		log_say(LOG_ERR,
		    "unexpected argument '%s': only - (standard input) may follow the options",
		    argv[optind]);
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

	switch (c) {
	case 'o':
		arguments->daemon.once = true;
		return true;
	case 't':
		arguments->tryout = optarg;
		return true;
	case 's':
		arguments->servers = optarg;
		return true;
	default:
		return take_format(optarg, &arguments->formats);
	}
}

/* Can lines be read from FD, which is NAME?  A directory can be opened too.
 * Returns false after saying why not. */
static bool is_readable(int fd, const char *name)
{
	struct stat st;
	char byte;
	bool done = fstat(fd, &st) == 0;

	if (done && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
		errno = EBADF;
		done = false;
	} else if (done && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
		done = pread(fd, &byte, 1, 0) >= 0;
	if (!done)
		log_say(LOG_ERR, "cannot read %s: %s", name, strerror(errno));
	return done;
}

/* The file of -t.  Returns -1 after saying why not. */
static int open_lines(const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		log_say(LOG_ERR, "cannot read %s: %s", path, strerror(errno));
	else if (!is_readable(fd, standard ? "standard input" : path)) {
		if (!standard)
			close(fd);
		fd = -1;
	}
	return fd;
}

/* The definitions that the command line names, or else the configured ones. */
static struct catalogue *load_servers(
    const struct config *config, char *const *servers, struct conf_errors *errors)
{
	const struct conf_place place = { "-s", 0, errors };

	struct catalogue *catalogue;

	if (servers == NULL)
		return config_catalogue(config, errors);
	catalogue = definitions_load((const char *const *)config->definitions, servers,
	    list_has(servers, "all", strlen("all")), &place);
	if (catalogue == NULL || config_adapt(config, catalogue, true, errors))
		return catalogue;
	catalogue_free(catalogue);
	return NULL;
}

/* The configured directories and servers, except for what the command line
 * says. */
static int try_out(
    const struct arguments *arguments, const struct config *config, struct conf_errors *errors)
{
	char **servers = arguments->servers != NULL ? list_split(arguments->servers, ", ") : NULL;
	struct catalogue *catalogue;
	int fd, status = EX_CONFIG;

	if (list_twice(servers) != NULL) {
		log_say(LOG_ERR, "-s has '%s' twice", list_twice(servers));
		list_free(servers);
		return EX_USAGE;
	}
	fd = open_lines(arguments->tryout);
	if (fd < 0) {
		list_free(servers);
		return EX_NOINPUT;
	}
	catalogue = load_servers(config, servers, errors);
	if (catalogue != NULL)
		status =
		    tryout_run(fd, arguments->formats != 0 ? arguments->formats : config->formats,
			catalogue, config);
	catalogue_free(catalogue);
	list_free(servers);
	if (fd != STDIN_FILENO)
		close(fd);
	return status;
}

/* Who listens: a person at stderr, who wants to know what goes wrong (or, with
 * -v, all), and syslog, which keeps the record. */
static void open_log(const struct arguments *arguments)
{
	bool records = arguments->tryout == NULL && !arguments->daemon.common.check;

	log_open(PROGRAM, LOG_MAIL,
	    arguments->daemon.common.verbose ? LOG_DEBUG
	    : records                        ? LOG_NOTICE
					     : LOG_INFO,
	    records ? LOG_INFO : LOG_NOWHERE);
}

static int check(const char *file, struct conf_errors *errors)
{
	struct config *config = config_load_anyway(file, errors);
	int status = config != NULL ? check_run(config, errors) : EX_CONFIG;

	config_free(config);
	return status;
}

static int run_daemon(
    struct config *config, const struct daemon_options *options, struct conf_errors *errors)
{
	int status = EX_OK;

	if (geteuid() == 0 && !config_has_user(config, errors))
		status = EX_CONFIG;
	else if (options->from_stdin && !is_readable(STDIN_FILENO, "standard input"))
		status = EX_NOINPUT;
	if (status == EX_OK)
		return daemon_run(config, options);
	config_free(config);
	return status;
}

static int run(struct arguments *arguments)
{
	struct conf_errors errors = { .tell = log_sentence };
	const char *file = arguments->daemon.common.config_file != NULL
			       ? arguments->daemon.common.config_file
			       : CONFIG_FILE;
	struct config *config;
	int status;

	/* trying out a log needs no configuration, if there is none */
	if (arguments->tryout != NULL && arguments->daemon.common.config_file == NULL &&
	    access(CONFIG_FILE, R_OK) != 0)
		file = NULL;
	arguments->daemon.common.config_file = file;
	if (arguments->daemon.common.check)
		return check(file, &errors);
	config = config_load(file, &errors);
	if (config == NULL)
		return EX_CONFIG;
	if (arguments->tryout == NULL)
		return run_daemon(config, &arguments->daemon, &errors);
	status = try_out(arguments, config, &errors);
	config_free(config);
	return status;
}

int main(int argc, char **argv)
{
	static const struct daemon_command command = { PROGRAM, SHORTS, usage, take_option };
	struct arguments arguments = { 0 };
	int status =
	    daemon_arguments_parse(&command, argc, argv, &arguments.daemon.common, &arguments);

	if (status == EX_OK)
		status = take_operands(argc, argv, &arguments);
	if (status != EX_OK)
		return status;
	if (daemon_arguments_inform(&command, &arguments.daemon.common))
		return cli_finish(EX_OK);
	open_log(&arguments);
	return run(&arguments);
}
