/* SPDX-License-Identifier: BSD-2-Clause
 *
 * selfcheck.c - popwatch -n, see selfcheck.h
 */
#include "selfcheck.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "automatic.h"
#include "catalogue.h"
#include "config_paths.h"
#include "configured.h"
#include "list.h"
#include "log.h"
#include "path.h"
#include "service.h"
#include "tryout.h"
#include "user.h"

#define LOOK_BYTES (1024 * 1024) /* of a log, from its end: for logins from a gateway */

/* What helps where no log exists. */
static const char *no_log(const struct config *config)
{
	if (config->log_auto)
		return "; nothing on this host keeps what servers log: install a syslog daemon, "
		       "such as rsyslog";
#if WITH_JOURNAL
	return "; Debian without a syslog daemon has no such file: write 'log = auto' to read the "
	       "journal";
#else
	return "";
#endif
}

/* The files of the journal in DIRECTORY, for globfree(). */
static void journal_files(const char *directory, glob_t *files)
{
	char pattern[PATH_MAX];

	snprintf(pattern, sizeof pattern, "%s/*.journal", directory);
	glob(pattern, 0, NULL, files);
	snprintf(pattern, sizeof pattern, "%s/*/*.journal", directory);
	glob(pattern, GLOB_APPEND, NULL, files);
}

/* As whom we look. */
static const char *who(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user != NULL ? user->pw_name : "this user";
}

/* Returns 1 after telling, 0 if it is fine. */
static int look(const char *path, int mode, const char *what)
{
	/* as the effective user, whom the kernel will ask about too */
	if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
		return 0;
	if (errno == ENOENT && mode == R_OK) {
		log_say(LOG_WARNING, "%s does not exist (yet)", path);
		return 0;
	}
	log_say(LOG_ERR, "%s cannot %s %s: %s", who(), what, path, strerror(errno));
	return 1;
}

/* The directory, and one of its files: who is in no group that may read them is
 * let into the directory nevertheless. */
static int look_at_journal(const char *directory)
{
	glob_t files;
	size_t readable = 0;
	int bad = look(directory, R_OK | X_OK, "read");

	if (bad > 0)
		return bad;
	journal_files(directory, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		if (faccessat(AT_FDCWD, files.gl_pathv[i], R_OK, AT_EACCESS) == 0)
			readable++;
	}
	if (files.gl_pathc > 0 && readable == 0)
		bad = look(files.gl_pathv[0], R_OK, "read");
	globfree(&files);
	return bad;
}

static int look_at_directory_of(const char *path, const struct config *config)
{
	char directory[PATH_MAX], missing[LOG_MESSAGE_MAX];

	path_directory(path, directory);
	if (access(directory, F_OK) == 0 || errno != ENOENT)
		return look(directory, W_OK | X_OK, "write in the directory");
	log_say(LOG_ERR, "%s: %s", path,
	    service_missing_directory(path, config->user, missing, sizeof missing));
	return 1;
}

/* Logins in the last part of the logs from addresses that stand for
 * everybody. */
static void look_for_gateways(const struct config *config, struct catalogue *catalogue)
{
	off_t size;
	int fd;

	for (size_t i = 0; catalogue != NULL && i < config->log_count; i++) {
		fd = open(config->logs[i].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			continue;
		size = lseek(fd, 0, SEEK_END);
		if (size >= 0 &&
		    lseek(fd, size > LOOK_BYTES ? size - LOOK_BYTES : 0, SEEK_SET) >= 0)
			tryout_warn(fd, config->logs[i].formats, catalogue, config);
		close(fd);
	}
}

/* What is looked at, and the obstacles that were found. */
struct tour {
	const struct config *config;
	int bad;
};

static bool look_at(const char *setting, enum config_use use, const char *path, void *arg)
{
	struct tour *tour = arg;
	bool missing = access(path, F_OK) != 0 && errno == ENOENT;

	(void)setting;
	switch (use) {
	case CONFIG_READ_FILE:
		tour->bad += look(path, R_OK, "read");
		break;
	case CONFIG_READ_DIRECTORY:
		tour->bad += missing ? 0 : look(path, R_OK | X_OK, "read");
		break;
	case CONFIG_READ_JOURNAL:
		tour->bad += missing ? 0 : look_at_journal(path);
		break;
	case CONFIG_WRITE_FILE:
		tour->bad += look_at_directory_of(path, tour->config);
		break;
	}
	return true;
}

/* What the user that popwatch becomes would meet.  Returns the number of
 * obstacles. */
static int look_around(const struct config *config, struct catalogue *catalogue)
{
	struct tour tour = { config, 0 };

	look_for_gateways(config, catalogue); /* warnings: the obstacles come last */
	config_paths(config, look_at, &tour);
	return tour.bad;
}

/* The same for the user we run as, who may be another one. */
static int look_around_here(const struct config *config, struct catalogue *catalogue)
{
	int bad = look_around(config, catalogue);

	if (*config->user != '\0' && strcmp(config->user, who()) != 0)
		log_say(LOG_NOTICE,
		    "files were looked at as %s: what %s can read and write, root alone can test",
		    who(), config->user);
	return bad;
}

/* The same in a child that has become the user: there is no way back. */
static int look_around_as_user(const struct config *config, struct catalogue *catalogue)
{
	pid_t child;
	int status;

	if (geteuid() != 0 || *config->user == '\0')
		return look_around_here(config, catalogue);
	child = fork();
	if (child < 0) {
		log_say(LOG_ERR, "fork: %s", strerror(errno));
		return 1;
	}
	if (child == 0)
		_exit(!user_become(config->user) || look_around(config, catalogue) > 0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* The errors that only the system shows.  Returns true if it is worthwhile to
 * look at the files: nothing that says which, and who needs them, is
 * mistaken. */
static bool check_settings(const struct config *config, struct conf_errors *errors)
{
	bool right = errors->count == 0;

	if (right && config_is_idle(config))
		conf_error(&(struct conf_place){ config->file, 0, errors },
		    "nothing to watch: expected a log, the journal or a socket");
	/* who is not root stays who he is; but a name that was written down
	 * should be right */
	if (geteuid() == 0 || config->user_line > 0)
		right &= config_has_user(config, errors);
	return right;
}

static bool count_journal(const char *setting, enum config_use use, const char *path, void *arg)
{
	size_t *count = arg;
	glob_t files;

	(void)setting;
	if (use != CONFIG_READ_JOURNAL)
		return true;
	journal_files(path, &files);
	*count += files.gl_pathc;
	globfree(&files);
	return true;
}

/* Is there anything of the journal that CONFIG wants? */
static bool has_journal(const struct config *config)
{
	size_t count = 0;

	config_paths(config, count_journal, &count);
	return count > 0;
}

/* Logs why no login would be recorded from logs and journal, although CONFIG
 * names some.  Returns true if that is so. */
static bool records_nothing(const struct config *config, const struct catalogue *catalogue)
{
	bool journal = config->journal_from != JOURNAL_NONE;

	if (config->log_count == 0 && !journal) /* logins come by the socket */
		return false;
	if (catalogue_first(catalogue) == NULL) /* automatic_report() has said so */
		return true;
	for (size_t i = 0; i < config->log_count; i++) {
		if (access(config->logs[i].path, F_OK) == 0)
			return false;
	}
	if (!journal)
		log_say(LOG_ERR, "nothing would be recorded: %s does not exist%s",
		    config->logs[0].path, no_log(config));
	else if (!catalogue_has_journal(catalogue))
		log_say(LOG_ERR, "nothing would be recorded: none of the enabled servers' "
				 "definitions has a journal setting, and no log exists; these "
				 "servers need a syslog daemon and 'log ='");
	else if (!has_journal(config))
		log_say(LOG_ERR, "nothing would be recorded: no journal in %s, and no log exists",
		    config->journal_from == JOURNAL_SYSTEM ? "/var/log/journal or /run/log/journal"
							   : config->journal);
	else
		return false;
	return true;
}

/* What the definitions have to say to anyone who enables them.  Returns them,
 * or NULL after complaints. */
static struct catalogue *check_servers(const struct config *config, struct conf_errors *errors)
{
	struct catalogue *catalogue = config_catalogue(config, errors);

	if (catalogue == NULL)
		return NULL;
	automatic_report(config, catalogue);
	for (char *const *name = catalogue_left_out(catalogue); name != NULL && *name != NULL;
	     name++)
		log_say(LOG_NOTICE,
		    "servers = %s leaves out %s, which counts by its name alone: see %s.conf",
		    list_has(config->servers, "all", strlen("all")) ? "all" : AUTOMATIC, *name,
		    *name);
	for (const struct definition *definition = catalogue_first(catalogue); definition != NULL;
	     definition = definition->next) {
		if (definition->warning != NULL)
			log_say(LOG_WARNING, "%s: %s", definition->name, definition->warning);
	}
	return catalogue;
}

int check_run(const struct config *config, struct conf_errors *errors)
{
	bool look = check_settings(config, errors);
	struct catalogue *catalogue = check_servers(config, errors);
	int status = EX_OK;

	if (look && look_around_as_user(config, catalogue) != 0)
		status = EX_NOPERM;
	else if (look && catalogue != NULL && records_nothing(config, catalogue))
		status = EX_NOINPUT;
	catalogue_free(catalogue);
	if (errors->count > 0)
		status = EX_CONFIG;
	if (status == EX_OK)
		log_say(LOG_INFO, "fine");
	return status;
}
