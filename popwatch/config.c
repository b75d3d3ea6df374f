/* SPDX-License-Identifier: BSD-2-Clause
 *
 * config.c - popwatch.conf(5): the settings and their defaults, see config.h
 */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "definitions.h"
#include "duration.h"
#include "layout.h"
#include "list.h"
#include "relaydb.h"

struct draft;

enum kind {
	KIND_PATH, /* absolute */
	KIND_PATH_OR_NONE, /* or empty */
	KIND_DURATION,
	KIND_ONCE, /* by a function of its own */
	KIND_AGAIN /* the same, and it may be given again */
};

struct setting {
	const char *name;
	enum kind kind;
	size_t offset; /* in struct config; of the last two not used */
	const char *value; /* default; NULL: none, or set elsewhere */
	int64_t min, max; /* of a duration, in seconds */
	void (*take)(struct draft *draft, const char *value, const struct conf_place *place);
};

static void take_log(struct draft *draft, const char *value, const struct conf_place *place);
static void take_format(struct draft *draft, const char *value, const struct conf_place *place);
static void take_journal(struct draft *draft, const char *value, const struct conf_place *place);
static void take_servers(struct draft *draft, const char *value, const struct conf_place *place);
static void take_definitions(struct draft *draft, const char *value, const struct conf_place *place);
static void take_ignore(struct draft *draft, const char *value, const struct conf_place *place);
static void take_socket_users(struct draft *draft, const char *value, const struct conf_place *place);
static void take_user(struct draft *draft, const char *value, const struct conf_place *place);

#define PATHNAME(name, member, value)                                                                                          \
	{                                                                                                                      \
		name, KIND_PATH, offsetof(struct config, member), value, 0, 0, NULL                                            \
	}
#define PATHNAME_OR_NONE(name, member, value)                                                                                  \
	{                                                                                                                      \
		name, KIND_PATH_OR_NONE, offsetof(struct config, member), value, 0, 0, NULL                                    \
	}
#define SECONDS(name, member, value, min, max)                                                                                 \
	{                                                                                                                      \
		name, KIND_DURATION, offsetof(struct config, member), value, min, max, NULL                                    \
	}
#define OTHER(name, kind, take, value)                                                                                         \
	{                                                                                                                      \
		name, kind, 0, value, 0, 0, take                                                                               \
	}

static const struct setting settings[] = {
	OTHER("log", KIND_AGAIN, take_log, NULL),
	OTHER("format", KIND_AGAIN, take_format, NULL),
	OTHER("journal", KIND_ONCE, take_journal, "no"),
	OTHER("servers", KIND_ONCE, take_servers, "dovecot"),
	OTHER("definitions", KIND_AGAIN, take_definitions, NULL),
	OTHER("ignore", KIND_AGAIN, take_ignore, NULL),
	OTHER("socket-users", KIND_ONCE, take_socket_users, NULL),
	PATHNAME("database", database, NULL),
	PATHNAME("state", state, RELAYERS_STATEDIR "/popwatch.state"),
	PATHNAME_OR_NONE("socket", socket, ""),
	PATHNAME_OR_NONE("stats-file", stats, ""),
	PATHNAME_OR_NONE("pid-file", pid_file, ""),
	OTHER("user", KIND_ONCE, take_user, "relayers"),
	SECONDS("window", window, "60m", 1, 366 * 86400),
	SECONDS("refresh", refresh, "60", 0, 86400),
	SECONDS("expire", expire, "0", 0, 366 * 86400),
	SECONDS("commit-interval", commit_interval, "1", 0, 60),
	SECONDS("join-max", join_max, "10m", 1, 86400),
	SECONDS("session-max", session_max, "1d", 0, 30 * 86400),
};

#define SETTINGS (sizeof settings / sizeof *settings)

/* What the file says of a setting. */
struct seen {
	int line; /* the first one; 0: none */
	bool wrong; /* with a value that could not be taken */
};

/* A config while it is read. */
struct draft {
	struct config *config;
	const struct config *old; /* which it is to replace, or NULL */
	struct seen seen[SETTINGS];
	int format_line; /* of a format that no log came after; 0: none */
	bool definitions_given;
};

/* ---- settings of their own kind ---- */

static bool is_path(const char *value)
{
	return *value == '/' && strlen(value) < PATH_MAX - 64;
}

/* Is something else in the place of a log?  What is not there yet is awaited. */
static bool is_no_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static void take_log(struct draft *draft, const char *value, const struct conf_place *place)
{
	struct config *config = draft->config;
	struct config_log *more;
	size_t i;

	draft->format_line = 0;
	if (!is_path(value)) {
		conf_error(place, "log = '%s', expected an absolute path", value);
		return;
	}
	if (is_no_file(value)) {
		conf_error(place, "log = '%s' is not a file", value);
		return;
	}
	for (i = 0; i < config->log_count; i++) {
		if (strcmp(config->logs[i].path, value) == 0) {
			conf_error(place, "log = '%s' for the second time", value);
			return;
		}
	}
	more = realloc(config->logs, (config->log_count + 1) * sizeof *more);
	if (more == NULL) {
		conf_error(place, "out of memory");
		return;
	}
	config->logs = more;
	more[config->log_count] = (struct config_log){ strdup(value), config->formats };
	if (more[config->log_count].path == NULL)
		conf_error(place, "out of memory");
	else
		config->log_count++;
}

static void take_format(struct draft *draft, const char *value, const struct conf_place *place)
{
	unsigned format = layout_find(value);

	if (format == 0 || format == FORMAT_ANY) {
		conf_error(place, "format = '%s', expected syslog, nohost, dovecot, courier or zimbra", value);
		return;
	}
	draft->config->formats = format;
	draft->format_line = place->line;
}

static void set_text(char **where, const char *value, const struct conf_place *place)
{
	free(*where);
	if ((*where = strdup(value)) == NULL)
		conf_error(place, "out of memory");
}

static void take_journal(struct draft *draft, const char *value, const struct conf_place *place)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0 && !is_path(value)) {
		conf_error(place, "journal = '%s', expected yes, no or the absolute path of a folder", value);
		return;
	}
#if !WITH_JOURNAL
	if (strcmp(value, "no") != 0) {
		conf_error(place, "journal = '%s', but this popwatch was built without the journal", value);
		return;
	}
#endif
	set_text(&draft->config->journal, value, place);
}

static void set_list(char ***where, const char *value, const struct conf_place *place)
{
	list_free(*where);
	if ((*where = list_split(value, ", \t")) == NULL)
		conf_error(place, "out of memory");
}

static void take_servers(struct draft *draft, const char *value, const struct conf_place *place)
{
	const char *twice;

	draft->config->servers_line = place->line;
	set_list(&draft->config->servers, value, place);
	if (draft->config->servers != NULL && *draft->config->servers == NULL)
		conf_error(place, "servers is empty, expected names of definitions, or all");
	if ((twice = list_twice(draft->config->servers)) != NULL)
		conf_error(place, "servers has '%s' twice", twice);
}

static void take_definitions(struct draft *draft, const char *value, const struct conf_place *place)
{
	if (!draft->definitions_given) {
		list_free(draft->config->definitions);
		draft->config->definitions = NULL;
	}
	draft->definitions_given = true;
	if (!is_path(value))
		conf_error(place, "definitions = '%s', expected the absolute path of a folder", value);
	else if (!list_add(&draft->config->definitions, value))
		conf_error(place, "out of memory");
}

static void ignore_one(struct config *config, const char *word, const struct conf_place *place)
{
	struct ipnet *more, net;

	if (!ipnet_parse(word, &net)) {
		conf_error(place, "ignore = '%s', expected an address or a network such as 192.0.2.0/24", word);
		return;
	}
	if ((more = realloc(config->ignore, (config->ignore_count + 1) * sizeof *more)) == NULL) {
		conf_error(place, "out of memory");
		return;
	}
	config->ignore = more;
	more[config->ignore_count++] = net;
}

static void take_ignore(struct draft *draft, const char *value, const struct conf_place *place)
{
	char **words = list_split(value, ", \t"), **word;

	if (words == NULL)
		conf_error(place, "out of memory");
	for (word = words; word != NULL && *word != NULL; word++) {
		if (strcmp(*word, "none") != 0)
			ignore_one(draft->config, *word, place);
		else if (word == words)
			draft->config->ignore_count = 0;
		else
			conf_error(place, "ignore = '%s', expected none before the networks: it drops what comes before it", value);
	}
	list_free(words);
}

/* The number of a user whose name was looked up before.  Returns false if it was not. */
static bool find_old(const struct config *old, const char *word, uid_t *uid)
{
	size_t i;

	for (i = 0; i < old->socket_user_count; i++) {
		if (strcmp(old->socket_user_names[i], word) == 0) {
			*uid = old->socket_users[i];
			return true;
		}
	}
	return false;
}

static bool parse_uid(const char *word, uid_t *uid)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	*uid = (uid_t)n;
	return *end == '\0' && n < UINT32_MAX;
}

/* A user name or number.  When the configuration is read again the system's users are out of reach.  Returns false after
 * complaining. */
static bool find_uid(const struct draft *draft, const char *word, uid_t *uid, const struct conf_place *place)
{
	bool number = *word >= '0' && *word <= '9', found;
	const struct passwd *user;

	if (number)
		found = parse_uid(word, uid);
	else if (draft->old != NULL)
		found = find_old(draft->old, word, uid);
	else if ((found = (user = getpwnam(word)) != NULL))
		*uid = user->pw_uid;
	if (!found && !number && draft->old != NULL)
		conf_error(place,
		    "socket-users = '%s', but a name that was not there at the start needs a restart, or a number", word);
	else if (!found)
		conf_error(place, "socket-users = '%s', expected names or numbers of users that there are", word);
	return found;
}

static bool add_socket_user(struct config *config, const char *word, uid_t uid)
{
	uid_t *more = realloc(config->socket_users, (config->socket_user_count + 1) * sizeof *more);

	if (more == NULL)
		return false;
	config->socket_users = more;
	more[config->socket_user_count] = uid;
	if (!list_add(&config->socket_user_names, word))
		return false;
	config->socket_user_count++;
	return true;
}

static void take_socket_users(struct draft *draft, const char *value, const struct conf_place *place)
{
	struct config *config = draft->config;
	char **words = list_split(value, ", \t"), **word;
	uid_t uid;

	config->socket_user_count = 0;
	list_free(config->socket_user_names);
	config->socket_user_names = NULL;
	if (words == NULL)
		conf_error(place, "out of memory");
	for (word = words; word != NULL && *word != NULL; word++) {
		if (find_uid(draft, *word, &uid, place) && !add_socket_user(config, *word, uid))
			conf_error(place, "out of memory");
	}
	list_free(words);
}

static void take_user(struct draft *draft, const char *value, const struct conf_place *place)
{
	draft->config->user_line = place->line;
	set_text(&draft->config->user, value, place);
}

/* ---- the table ---- */

static void take_value(struct draft *draft, const struct setting *setting, const char *value, const struct conf_place *place)
{
	char *where = (char *)draft->config + setting->offset;
	int64_t seconds;

	switch (setting->kind) {
	case KIND_PATH_OR_NONE:
		if (*value == '\0' || strcmp(value, "no") == 0) {
			set_text((char **)(void *)where, "", place);
			return;
		}
		/* fall through */
	case KIND_PATH:
		if (!is_path(value)) {
			conf_error(place, "%s = '%s', expected an absolute path", setting->name, value);
			return;
		}
		set_text((char **)(void *)where, value, place);
		return;
	case KIND_DURATION:
		if (!duration_parse(value, &seconds) || seconds < setting->min || seconds > setting->max)
			conf_error(place, "%s = '%s', expected a duration of %lld to %lld seconds, such as 90 or 1h30m",
			    setting->name, value, (long long)setting->min, (long long)setting->max);
		else
			memcpy(where, &seconds, sizeof seconds);
		return;
	case KIND_ONCE:
	case KIND_AGAIN:
		setting->take(draft, value, place);
		return;
	}
}

static size_t find_setting(const char *name)
{
	size_t i = 0;

	while (i < SETTINGS && strcmp(settings[i].name, name) != 0)
		i++;
	return i;
}

static void take_entry(void *arg, const char *section, const char *name, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;
	size_t i = find_setting(name), mistakes = place->errors->count;

	(void)section;
	if (i == SETTINGS)
		conf_error(place, "unknown setting '%s'", name);
	else if (draft->seen[i].line != 0 && settings[i].kind != KIND_AGAIN)
		conf_error(place, "%s = '%s' for the second time, expected it once: it is in line %d too", name, value,
		    draft->seen[i].line);
	else {
		take_value(draft, &settings[i], value, place);
		if (draft->seen[i].line == 0)
			draft->seen[i].line = place->line;
		draft->seen[i].wrong |= place->errors->count > mistakes;
	}
}

void config_free(struct config *config)
{
	size_t i;

	if (config == NULL)
		return;
	for (i = 0; i < config->log_count; i++)
		free(config->logs[i].path);
	free(config->logs);
	free(config->file);
	free(config->journal);
	list_free(config->servers);
	list_free(config->definitions);
	free(config->database);
	free(config->state);
	free(config->socket);
	free(config->socket_users);
	list_free(config->socket_user_names);
	free(config->user);
	free(config->stats);
	free(config->pid_file);
	free(config->ignore);
	free(config);
}

static void set_defaults(struct draft *draft, const struct conf_place *place)
{
	size_t i;

	draft->config->formats = FORMAT_SYSLOG;
	for (i = 0; i < SETTINGS; i++) {
		if (settings[i].value != NULL)
			take_value(draft, &settings[i], settings[i].value, place);
	}
	take_ignore(draft, "127.0.0.0/8 ::1", place);
	take_definitions(draft, RELAYERS_SYSCONFDIR "/servers.d", place);
	take_definitions(draft, RELAYERS_DATADIR "/servers.d", place);
	draft->definitions_given = false;
}

/* ---- the whole ---- */

static const struct seen *seen_of(const struct draft *draft, const char *name)
{
	return &draft->seen[find_setting(name)];
}

static void check_refresh(const struct draft *draft, struct conf_place place)
{
	const struct seen *refresh = seen_of(draft, "refresh"), *window = seen_of(draft, "window");
	const struct config *config = draft->config;

	if (refresh->wrong || window->wrong || config->refresh < config->window)
		return;
	place.line = refresh->line != 0 ? refresh->line : window->line;
	conf_error(&place, "refresh is %lld seconds, expected less than the window of %lld", (long long)config->refresh,
	    (long long)config->window);
}

/* What can only be said when everything was read. */
static void finish(struct draft *draft, struct conf_place place)
{
	struct config *config = draft->config;
	char path[PATH_MAX];

	check_refresh(draft, place);
	place.line = draft->format_line;
	if (draft->format_line != 0 && config->log_count > 0)
		conf_error(&place, "no log after this format, expected it before the logs that it is for");
	place.line = seen_of(draft, "database")->line;
	if (relaydb_path(config->database, path, sizeof path) != RELAYDB_OK)
		conf_error(&place, "the path of the database is too long");
	else
		set_text(&config->database, path, &place);
	if (!seen_of(draft, "definitions")->wrong)
		return;
	/* what the others would lack could be in the folder that was meant */
	list_free(config->definitions);
	config->definitions = NULL;
}

/* Returns what could be taken, whatever the mistakes; NULL when there is nothing to read. */
static struct config *load(const char *file, const char *text, const struct config *old, struct conf_errors *errors)
{
	struct conf_place place = { file != NULL ? file : "(built-in)", 0, errors };
	struct draft draft = { .config = calloc(1, sizeof *draft.config), .old = old };
	bool done = true;

	if (draft.config == NULL || (draft.config->file = strdup(place.file)) == NULL) {
		conf_error(&place, "out of memory");
		free(draft.config);
		return NULL;
	}
	set_defaults(&draft, &place);
	if (text != NULL)
		conf_read_flat_text(file, text, errors, take_entry, &draft);
	else if (file != NULL)
		done = conf_read_flat(file, errors, take_entry, &draft);
	if (done) {
		finish(&draft, place);
		return draft.config;
	}
	config_free(draft.config);
	return NULL;
}

/* The same, but without mistakes or not at all. */
static struct config *load_right(const char *file, const char *text, const struct config *old, struct conf_errors *errors)
{
	size_t mistakes = errors->count;
	struct config *config = load(file, text, old, errors);

	if (errors->count == mistakes)
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

/* ---- what the settings name ---- */

struct catalogue *config_catalogue(const struct config *config, struct conf_errors *errors)
{
	const struct conf_place place = { config->file, config->servers_line, errors };

	if (config->definitions == NULL || config->servers == NULL)
		return NULL;
	return definitions_load((const char *const *)config->definitions, config->servers, false, &place);
}

bool config_ignores(const struct config *config, const char *address)
{
	struct ipnet number;

	if (!ipnet_parse(address, &number))
		return false;
	for (size_t i = 0; i < config->ignore_count; i++) {
		if (ipnet_holds(&config->ignore[i], &number))
			return true;
	}
	return false;
}

/* getpwnam(3) has many ways to say that there is none. */
static bool says_none(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

bool config_has_user(const struct config *config, struct conf_errors *errors)
{
	const struct conf_place place = { config->file, config->user_line, errors };

	errno = 0;
	if (*config->user == '\0' || getpwnam(config->user) != NULL || !says_none(errno))
		return true;
	conf_error(&place, "user = '%s', expected a user that there is", config->user);
	return false;
}

bool config_is_idle(const struct config *config)
{
	return config->log_count == 0 && strcmp(config->journal, "no") == 0 && *config->socket == '\0';
}

/* ---- the files that it names ---- */

static bool journal_paths(
    const struct config *config, bool (*each)(enum config_use use, const char *path, void *arg), void *arg)
{
	if (strcmp(config->journal, "no") == 0)
		return true;
	if (strcmp(config->journal, "yes") != 0)
		return each(CONFIG_READ_JOURNAL, config->journal, arg);
	return each(CONFIG_READ_JOURNAL, "/var/log/journal", arg) && each(CONFIG_READ_JOURNAL, "/run/log/journal", arg);
}

bool config_paths(
    const struct config *config, bool (*each)(enum config_use use, const char *path, void *arg), void *arg)
{
	char *const *directory = config->definitions;
	bool done = true;

	for (size_t i = 0; done && i < config->log_count; i++)
		done = each(CONFIG_READ_FILE, config->logs[i].path, arg);
	for (; done && directory != NULL && *directory != NULL; directory++)
		done = each(CONFIG_READ_DIRECTORY, *directory, arg);
	return done && journal_paths(config, each, arg) && each(CONFIG_WRITE_FILE, config->database, arg) &&
	       each(CONFIG_WRITE_FILE, config->state, arg) &&
	       (*config->stats == '\0' || each(CONFIG_WRITE_FILE, config->stats, arg));
}
