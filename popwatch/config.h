/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config.h - popwatch.conf(5): the settings and their defaults
 *
 * Owns: the table of settings.  Every error is reported with file and line;
 * an unknown word is one.
 */
#ifndef POPWATCH_CONFIG_H
#define POPWATCH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"
#include "ipnet.h"

struct catalogue;

#define CONFIG_FILE RELAYERS_SYSCONFDIR "/popwatch.conf"

struct zone;

struct config_log {
	char *path;
	unsigned formats; /* enum layout */
	const struct zone *zone; /* of stamps without an offset; NULL: the system's */
};

struct config {
	char *file; /* that it was read from, for complaints */
	int servers_line; /* where these two are in it; 0: the defaults */
	int user_line;
	struct config_log *logs;
	size_t log_count;
	bool log_auto; /* log = auto was resolved, see automatic.h */
	/* of standard input, and of the logs named after these settings */
	unsigned formats;
	const struct zone *zone;
	char *journal; /* "no", "yes" or a directory */
	char **servers;
	char **tags; /* each "SERVER TAG ...": tags that its definition does not have */
	int tags_line; /* where the first one is */
	char *elements; /* login_log_format_elements of Dovecot; "": those of its definition */
	int elements_line;
	char **definitions; /* directories, the first one wins */
	char *database; /* as relaydb_path() chose it */
	char *state;
	char *socket; /* "" or "no": none */
	uid_t *socket_users;
	char **socket_user_names; /* as they were written, in the same order */
	size_t socket_user_count;
	char *user; /* "": stay who we are */
	char *stats; /* "": none */
	char *pid_file; /* "": none */
	char *cdb; /* that tcpserver reads; "": none */
	char *cdb_rules; /* the administrator's rules in it; "": none */
	struct netset ignore;
	int64_t window; /* these in seconds */
	int64_t refresh;
	int64_t expire; /* 0: no */
	int64_t commit_interval;
	int64_t join_max;
	int64_t session_max;
};

/* Reads FILE; NULL means the defaults alone.  Returns the settings
 * (config_free() them), or NULL after reporting every error. */
struct config *config_load(const char *file, struct conf_errors *errors);

/* The same for a FILE that is read again after rights were given up, when the
 * system's users cannot be looked up any more: those of socket-users that OLD
 * has too keep their numbers, other names are errors.  OLD stays the
 * caller's. */
struct config *config_reload(
    const char *file, const struct config *old, struct conf_errors *errors);

/* Like config_load() for popwatch -n, which looks for errors: returns what
 * could be taken in spite of them; NULL only when FILE could not be read.
 * Where DEFINITIONS was mistaken there are none. */
struct config *config_load_anyway(const char *file, struct conf_errors *errors);

/* Like config_load() for TEXT, for tests. */
struct config *config_load_text(const char *text, struct conf_errors *errors);

/* The name of a setting that differs between OLD and NEW, and that cannot
 * change while popwatch runs; NULL: none. */
const char *config_restart(const struct config *old, const struct config *new);

/* Frees them; a NULL is fine. */
void config_free(struct config *config);

#endif
