/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.c - popwatch -n, see check.h
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "catalogue.h"
#include "check.h"
#include "log.h"
#include "rights.h"

static const char *who(const struct config *config)
{
	return *config->user != '\0' && geteuid() != 0 ? config->user : "this user";
}

/* Returns 1 after telling, 0 if it is fine. */
static int look(const char *path, int mode, const char *what, const char *user)
{
	/* as the effective user, whom the kernel will ask about too */
	if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0)
		return 0;
	if (errno == ENOENT && mode == R_OK) {
		log_say(LOG_WARNING, "%s does not exist (yet)", path);
		return 0;
	}
	log_say(LOG_ERR, "%s cannot %s %s: %s", user, what, path, strerror(errno));
	return 1;
}

static int look_at_folder_of(const char *path, const char *user)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof copy, "%s", path);
	return look(dirname(copy), W_OK | X_OK, "write in the folder", user);
}

/* What the user that popwatch becomes would meet.  Returns the number of obstacles. */
static int look_around(const struct config *config)
{
	const char *user = who(config);
	char *const *folder;
	int bad = 0;
	size_t i;

	for (i = 0; i < config->log_count; i++)
		bad += look(config->logs[i].path, R_OK, "read", user);
	for (folder = config->definitions; folder != NULL && *folder != NULL; folder++) {
		if (access(*folder, F_OK) == 0)
			bad += look(*folder, R_OK | X_OK, "read", user);
	}
	if (strcmp(config->journal, "yes") == 0)
		bad += look("/var/log/journal", R_OK, "read", user);
	else if (strcmp(config->journal, "no") != 0)
		bad += look(config->journal, R_OK | X_OK, "read", user);
	bad += look_at_folder_of(config->database, user);
	bad += look_at_folder_of(config->state, user);
	if (*config->stats != '\0')
		bad += look_at_folder_of(config->stats, user);
	return bad;
}

/* The same in a child that has become the user: there is no way back. */
static int look_around_as_user(const struct config *config)
{
	pid_t child;
	int status;

	if (geteuid() != 0 || *config->user == '\0')
		return look_around(config);
	if ((child = fork()) < 0) {
		log_say(LOG_ERR, "fork: %s", strerror(errno));
		return 1;
	}
	if (child == 0)
		_exit(!rights_drop(config->user) || look_around(config) > 0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int check_run(const struct config *config, struct conf_errors *errors)
{
	struct catalogue *catalogue = catalogue_load((const char *const *)config->definitions, config->servers, errors);
	int status = EX_OK;

	if (catalogue == NULL)
		status = EX_CONFIG;
	catalogue_free(catalogue);
	if (config->log_count == 0 && strcmp(config->journal, "no") == 0 && *config->socket == '\0') {
		log_say(LOG_ERR, "nothing to watch: expected a log, the journal or a socket");
		status = EX_CONFIG;
	}
	if (look_around_as_user(config) != 0 && status == EX_OK)
		status = EX_NOPERM;
	if (status == EX_OK)
		log_say(LOG_INFO, "fine");
	return status;
}
