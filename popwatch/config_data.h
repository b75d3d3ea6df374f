/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config_data.h - what popwatch.conf(5) has set; config.h reads it
 */
#ifndef POPWATCH_CONFIG_DATA_H
#define POPWATCH_CONFIG_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"
#include "ipnet.h"

struct zone;

struct config_log {
	char *path;
	unsigned formats; /* enum layout */
	const struct zone *zone; /* of stamps without an offset; NULL: the system's */
};

/* Whose journal is read. */
enum config_journal {
	JOURNAL_NONE,
	JOURNAL_SYSTEM, /* this host's */
	JOURNAL_DIRECTORY /* that of files in a directory */
};

struct config {
	char *file; /* that it was read from, for complaints */
	/* the lines of it that have servers, tags, elements and user; 0: none
	 * has, it is the default */
	int servers_line, tags_line, elements_line, user_line;
	struct config_log *logs;
	size_t log_count;
	bool log_auto; /* log = auto was resolved, see automatic.h */
	/* of standard input, and of the logs named after these settings */
	unsigned formats;
	const struct zone *zone;
	enum config_journal journal_from;
	char *journal; /* with JOURNAL_DIRECTORY, its path */
	char **servers;
	char **tags; /* each "SERVER TAG ...": tags that its definition does not have */
	char *elements; /* login_log_format_elements of Dovecot; "": those of its definition */
	char **definitions; /* directories, the first one wins */
	char *database; /* as relaydb_path() chose it */
	char *state;
	char *socket; /* "": none */
	uid_t *socket_users;
	char **socket_user_names; /* as they were written, in the same order */
	size_t socket_user_count;
	char *user; /* "": stay who we are */
	char *stats; /* "": none */
	char *pid_file; /* "": none */
	char *cdb; /* that tcpserver reads; "": none */
	char *cdb_rules; /* the administrator's rules in it; "": none */
	struct netset ignore;
	/* all in seconds */
	int64_t window;
	int64_t refresh;
	int64_t expire; /* 0: nothing is expired */
	int64_t commit_interval;
	int64_t join_max;
	int64_t session_max;
};

#endif
