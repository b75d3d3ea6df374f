/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.c - popwatch -n, see check.h
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "catalogue.h"
#include "check.h"
#include "log.h"
#include "service.h"
#include "user.h"

/* What may be behind a log that is missing. */
#if WITH_JOURNAL
#define NO_LOG "; Debian 12 without rsyslog has no such file: there 'journal = yes' reads the journal"
#else
#define NO_LOG ""
#endif

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

static int look_at_log(const char *path, const struct config *config)
{
	bool missing = access(path, F_OK) != 0 && errno == ENOENT;

	if (!missing || strcmp(config->journal, "no") != 0)
		return look(path, R_OK, "read");
	log_say(LOG_WARNING, "%s does not exist (yet)" NO_LOG, path);
	return 0;
}

static int look_at_folder_of(const char *path, const struct config *config)
{
	char copy[PATH_MAX], missing[LOG_MESSAGE_MAX];
	const char *folder;

	snprintf(copy, sizeof copy, "%s", path);
	folder = dirname(copy);
	if (access(folder, F_OK) == 0 || errno != ENOENT)
		return look(folder, W_OK | X_OK, "write in the folder");
	log_say(LOG_ERR, "%s: %s", path, service_missing_directory(path, config->user, missing, sizeof missing));
	return 1;
}

/* What the user that popwatch becomes would meet.  Returns the number of obstacles. */
static int look_around(const struct config *config)
{
	char *const *folder;
	int bad = 0;
	size_t i;

	for (i = 0; i < config->log_count; i++)
		bad += look_at_log(config->logs[i].path, config);
	for (folder = config->definitions; folder != NULL && *folder != NULL; folder++) {
		if (access(*folder, F_OK) == 0)
			bad += look(*folder, R_OK | X_OK, "read");
	}
	if (strcmp(config->journal, "yes") == 0)
		bad += look("/var/log/journal", R_OK, "read");
	else if (strcmp(config->journal, "no") != 0)
		bad += look(config->journal, R_OK | X_OK, "read");
	bad += look_at_folder_of(config->database, config);
	bad += look_at_folder_of(config->state, config);
	if (*config->stats != '\0')
		bad += look_at_folder_of(config->stats, config);
	return bad;
}

/* The same for whoever we are, who may be another one. */
static int look_around_here(const struct config *config)
{
	int bad = look_around(config);

	if (*config->user != '\0' && strcmp(config->user, who()) != 0)
		log_say(LOG_NOTICE, "files were looked at as %s: what %s can read and write, root alone can test", who(),
		    config->user);
	return bad;
}

/* The same in a child that has become the user: there is no way back. */
static int look_around_as_user(const struct config *config)
{
	pid_t child;
	int status;

	if (geteuid() != 0 || *config->user == '\0')
		return look_around_here(config);
	if ((child = fork()) < 0) {
		log_say(LOG_ERR, "fork: %s", strerror(errno));
		return 1;
	}
	if (child == 0)
		_exit(!user_become(config->user) || look_around(config) > 0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* The mistakes that only the system shows.  Returns true if it is worthwhile to look at the files: nothing that says which, and
 * who needs them, is mistaken. */
static bool check_settings(const struct config *config, struct conf_errors *errors)
{
	bool right = errors->count == 0;

	if (right && config->log_count == 0 && strcmp(config->journal, "no") == 0 && *config->socket == '\0')
		conf_error(&(struct conf_place){ config->file, 0, errors },
		    "nothing to watch: expected a log, the journal or a socket");
	/* who is not root stays who he is; but a name that was written down should be right */
	if (geteuid() == 0 || config->user_line > 0)
		right &= config_has_user(config, errors);
	return right;
}

/* What the definitions have to say to whoever enables them. */
static void check_servers(const struct config *config, struct conf_errors *errors)
{
	struct catalogue *catalogue = config_catalogue(config, errors);
	char *const *name;

	if (catalogue == NULL)
		return;
	for (name = catalogue_left_out(catalogue); name != NULL && *name != NULL; name++)
		log_say(LOG_NOTICE, "servers = all leaves out %s, which counts by its name alone: see %s.conf", *name, *name);
	for (const struct server *server = catalogue_servers(catalogue); server != NULL; server = server->next) {
		if (server->warning != NULL)
			log_say(LOG_WARNING, "%s: %s", server->name, server->warning);
	}
	catalogue_free(catalogue);
}

int check_run(const struct config *config, struct conf_errors *errors)
{
	bool look = check_settings(config, errors);
	int status = EX_OK;

	check_servers(config, errors);
	if (look && look_around_as_user(config) != 0)
		status = EX_NOPERM;
	if (errors->count > 0)
		status = EX_CONFIG;
	if (status == EX_OK)
		log_say(LOG_INFO, "fine");
	return status;
}
