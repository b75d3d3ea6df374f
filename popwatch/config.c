/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config.c - popwatch.conf(5): the settings and their defaults, see config.h
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "automatic.h"
#include "configured.h"
#include "ignore.h"
#include "layout.h"
#include "list.h"
#include "path.h"
#include "relaydb.h"
#include "settings.h"
#include "zone.h"

static setting_take take_log, take_format, take_zone, take_journal, take_servers, take_tags,
    take_definitions, take_ignore, take_socket_users;

#define AT(member) offsetof(struct config, member)
#define DAY 86400

/* a row each */
/* clang-format off */
static const struct setting settings[] = {
	{ .name = "log", .kind = SETTING_LIST, .take = take_log },
	{ .name = "format", .kind = SETTING_LIST, .take = take_format },
	{ .name = "journal", .kind = SETTING_OWN, .take = take_journal, .value = "no" },
	{ .name = "servers", .kind = SETTING_OWN, .take = take_servers, .value = "dovecot" },
	{ .name = "tags", .kind = SETTING_LIST, .take = take_tags },
	{ .name = "elements", .kind = SETTING_TEXT, .offset = AT(elements), .value = "" },
	{ .name = "time-zone", .kind = SETTING_LIST, .take = take_zone },
	{ .name = "definitions", .kind = SETTING_LIST, .take = take_definitions },
	{ .name = "ignore", .kind = SETTING_LIST, .take = take_ignore },
	{ .name = "socket-users", .kind = SETTING_OWN, .take = take_socket_users },
	{ .name = "database", .kind = SETTING_PATH, .offset = AT(database), .fixed = true },
	{ .name = "state", .kind = SETTING_PATH, .offset = AT(state), .fixed = true,
	    .value = RELAYERS_STATEDIR "/popwatch.state" },
	{ .name = "socket", .kind = SETTING_PATH_OR_NONE, .offset = AT(socket), .fixed = true,
	    .value = "" },
	{ .name = "stats-file", .kind = SETTING_PATH_OR_NONE, .offset = AT(stats), .value = "" },
	{ .name = "pid-file", .kind = SETTING_PATH_OR_NONE, .offset = AT(pid_file), .value = "" },
	{ .name = "cdb", .kind = SETTING_PATH_OR_NONE, .offset = AT(cdb), .fixed = true,
	    .value = "" },
	{ .name = "cdb-rules", .kind = SETTING_PATH_OR_NONE, .offset = AT(cdb_rules),
	    .fixed = true, .value = "" },
	{ .name = "user", .kind = SETTING_TEXT, .offset = AT(user), .fixed = true,
	    .value = "relayers" },
	{ .name = "window", .kind = SETTING_DURATION, .offset = AT(window),
	    .value = "60m", .min = 1, .max = 366 * DAY },
	{ .name = "refresh", .kind = SETTING_DURATION, .offset = AT(refresh),
	    .value = "60", .min = 0, .max = DAY },
	{ .name = "expire", .kind = SETTING_DURATION, .offset = AT(expire),
	    .value = "0", .min = 0, .max = 366 * DAY },
	{ .name = "commit-interval", .kind = SETTING_DURATION, .offset = AT(commit_interval),
	    .value = "1", .min = 0, .max = 60 },
	{ .name = "join-max", .kind = SETTING_DURATION, .offset = AT(join_max),
	    .value = "10m", .min = 1, .max = DAY },
	{ .name = "session-max", .kind = SETTING_DURATION, .offset = AT(session_max),
	    .value = "1d", .min = 0, .max = 30 * DAY },
};
/* clang-format on */

#define SETTINGS (sizeof settings / sizeof *settings)

/* A config while it is read. */
struct draft {
	struct config *config;
	const struct config *old; /* which it is to replace, or NULL */
	struct setting_seen seen[SETTINGS];
	/* of one that no log came after; 0: none */
	int format_line;
	int zone_line;
	bool definitions_given;
};

/* ---- settings of their own kind ---- */

/* Is something else in the place of a log?  What is not there yet is
 * awaited. */
static bool is_no_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static void take_log(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	struct config *config = draft->config;
	struct config_log *more;

	draft->format_line = draft->zone_line = 0;
	if (!path_is_absolute(value) && strcmp(value, AUTOMATIC) != 0) {
		conf_error(place, "log = '%s', expected an absolute path, or auto", value);
		return;
	}
	if (is_no_file(value)) {
		conf_error(place, "log = '%s' is not a file", value);
		return;
	}
	for (size_t i = 0; i < config->log_count; i++) {
		if (strcmp(config->logs[i].path, value) == 0) {
			conf_error(place, "log = '%s' is listed twice", value);
			return;
		}
	}
	more = realloc(config->logs, (config->log_count + 1) * sizeof *more);
	if (more == NULL) {
		conf_error(place, "out of memory");
		return;
	}
	config->logs = more;
	more[config->log_count] =
	    (struct config_log){ strdup(value), config->formats, config->zone };
	if (more[config->log_count].path == NULL)
		conf_error(place, "out of memory");
	else
		config->log_count++;
}

static void take_format(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	unsigned format = layout_find(value);

	if (format == 0 || format == FORMAT_ANY) {
		conf_error(place,
		    "format = '%s', expected syslog, nohost, dovecot, courier or zimbra", value);
		return;
	}
	draft->config->formats = format;
	draft->format_line = place->line;
}

static void take_zone(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	bool system = strcmp(value, "system") == 0;
	const struct zone *zone = !system && config_has_zone(value) ? zone_get(value) : NULL;

	if (zone == NULL && !system) {
		conf_error(place,
		    "time-zone = '%s', expected system, UTC or a name below /usr/share/zoneinfo "
		    "such as Europe/Berlin",
		    value);
		return;
	}
	draft->config->zone = zone;
	draft->zone_line = place->line;
}

static void take_journal(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	enum config_journal from = JOURNAL_DIRECTORY;

	if (strcmp(value, "no") == 0)
		from = JOURNAL_NONE;
	else if (strcmp(value, "yes") == 0)
		from = JOURNAL_SYSTEM;
	if (from == JOURNAL_DIRECTORY && !path_is_absolute(value)) {
		conf_error(place,
		    "journal = '%s', expected yes, no or the absolute path of a directory", value);
		return;
	}
#if !WITH_JOURNAL
	if (from != JOURNAL_NONE) {
		conf_error(place, "journal = '%s', but this popwatch was built without the journal",
		    value);
		return;
	}
#endif
	draft->config->journal_from = from;
	settings_set_text(&draft->config->journal, value, place);
}

static void take_servers(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	const char *twice;

	list_free(draft->config->servers);
	draft->config->servers = list_split(value, ", \t");
	if (draft->config->servers == NULL)
		conf_error(place, "out of memory");
	else if (*draft->config->servers == NULL)
		conf_error(place, "servers is empty, expected names of definitions, or all");
	twice = list_twice(draft->config->servers);
	if (twice != NULL)
		conf_error(place, "servers has '%s' twice", twice);
}

static void take_tags(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	char **words = list_split(value, ", \t");

	if (words != NULL && list_size(words) < 2)
		conf_error(place, "tags = '%s', expected the name of a server and its tags", value);
	else if (words == NULL || !list_add(&draft->config->tags, value))
		conf_error(place, "out of memory");
	list_free(words);
}

static void take_definitions(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	if (!draft->definitions_given) {
		list_free(draft->config->definitions);
		draft->config->definitions = NULL;
	}
	draft->definitions_given = true;
	if (!path_is_absolute(value))
		conf_error(
		    place, "definitions = '%s', expected the absolute path of a directory", value);
	else if (!list_add(&draft->config->definitions, value))
		conf_error(place, "out of memory");
}

static void take_ignore(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;

	ignore_take(&draft->config->ignore, value, place);
}

static void take_socket_users(void *arg, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;

	config_set_socket_users(draft->config, draft->old, value, place);
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->log_count; i++)
		free(config->logs[i].path);
	free(config->logs);
	settings_free(settings, SETTINGS, config);
	free(config->file);
	free(config->journal);
	list_free(config->servers);
	list_free(config->tags);
	list_free(config->definitions);
	free(config->socket_users);
	list_free(config->socket_user_names);
	netset_clear(&config->ignore);
	free(config);
}

/* The table, at work on DRAFT. */
static struct settings settings_of(struct draft *draft)
{
	return (struct settings){ settings, SETTINGS, draft->config, draft, draft->seen };
}

static void set_defaults(struct draft *draft, const struct conf_place *place)
{
	const struct settings all = settings_of(draft);

	draft->config->formats = FORMAT_SYSLOG;
	settings_defaults(&all, place);
	take_ignore(draft, IGNORE_DEFAULT, place);
	take_definitions(draft, RELAYERS_SYSCONFDIR "/servers.d", place);
	take_definitions(draft, RELAYERS_DATADIR "/servers.d", place);
	draft->definitions_given = false;
}

/* ---- the whole ---- */

static const struct setting_seen *seen_of(struct draft *draft, const char *name)
{
	const struct settings all = settings_of(draft);

	return settings_seen(&all, name);
}

static void check_refresh(struct draft *draft, struct conf_place place)
{
	const struct setting_seen *refresh = seen_of(draft, "refresh"),
				  *window = seen_of(draft, "window");
	const struct config *config = draft->config;

	if (refresh->wrong || window->wrong || config->refresh < config->window)
		return;
	place.line = refresh->line != 0 ? refresh->line : window->line;
	conf_error(&place, "refresh is %lld seconds, expected less than the window of %lld",
	    (long long)config->refresh, (long long)config->window);
}

/* What can only be said when everything was read. */
static void finish(struct draft *draft, struct conf_place place)
{
	struct config *config = draft->config;
	char path[PATH_MAX];

	check_refresh(draft, place);
	config->servers_line = seen_of(draft, "servers")->line;
	config->tags_line = seen_of(draft, "tags")->line;
	config->elements_line = seen_of(draft, "elements")->line;
	config->user_line = seen_of(draft, "user")->line;
	place.line = draft->format_line;
	if (draft->format_line != 0 && config->log_count > 0)
		conf_error(
		    &place, "no log after this format, expected it before the logs that it is for");
	place.line = draft->zone_line;
	if (draft->zone_line != 0 && config->log_count > 0)
		conf_error(&place,
		    "no log after this time-zone, expected it before the logs that it is for");
	place.line = seen_of(draft, "log")->line;
	automatic_logs(config, seen_of(draft, "journal")->line != 0, &place);
	place.line = seen_of(draft, "database")->line;
	if (relaydb_path(config->database, path, sizeof path) != RELAYDB_OK)
		conf_error(&place, "the path of the database is too long");
	else
		settings_set_text(&config->database, path, &place);
	if (!seen_of(draft, "definitions")->wrong)
		return;
	/* what the others would lack could be in the directory that was
	 * meant */
	list_free(config->definitions);
	config->definitions = NULL;
}

/* Returns what could be taken, whatever the errors; NULL when there is
 * nothing to read. */
static struct config *load(
    const char *file, const char *text, const struct config *old, struct conf_errors *errors)
{
	struct conf_place place = { file != NULL ? file : "(built-in)", 0, errors };
	struct config *config = calloc(1, sizeof *config);
	struct draft draft = { .config = config, .old = old };
	struct settings all;
	bool done = true;

	if (config != NULL)
		config->file = strdup(place.file);
	if (config == NULL || config->file == NULL) {
		conf_error(&place, "out of memory");
		free(config);
		return NULL;
	}
	all = settings_of(&draft);
	set_defaults(&draft, &place);
	if (text != NULL)
		settings_read_text(&all, file, text, errors);
	else if (file != NULL)
		done = settings_read(&all, file, errors);
	if (done) {
		finish(&draft, place);
		return config;
	}
	config_free(config);
	return NULL;
}

/* The same, but without an error or not at all. */
static struct config *load_right(
    const char *file, const char *text, const struct config *old, struct conf_errors *errors)
{
	size_t before = errors->count;
	struct config *config = load(file, text, old, errors);

	if (errors->count == before)
		return config;
	config_free(config);
	return NULL;
}

struct config *config_load(const char *file, struct conf_errors *errors)
{
	return load_right(file, NULL, NULL, errors);
}

struct config *config_reload(const char *file, const struct config *old, struct conf_errors *errors)
{
	return load_right(file, NULL, old, errors);
}

struct config *config_load_anyway(const char *file, struct conf_errors *errors)
{
	return load(file, NULL, NULL, errors);
}

struct config *config_load_text(const char *text, struct conf_errors *errors)
{
	return load_right("text", text, NULL, errors);
}

const char *config_restart(const struct config *old, const struct config *new)
{
	if (strcmp(old->journal, new->journal) != 0)
		return "journal";
	return settings_restart(settings, SETTINGS, old, new);
}
