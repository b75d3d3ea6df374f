/* SPDX-License-Identifier: BSD-2-Clause
 *
 * catalogue.c - the POP and IMAP servers we know, see catalogue.h
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "catalogue.h"
#include "duration.h"
#include "layout.h"
#include "list.h"
#include "relaydb.h"
#include "session.h"

#define SUFFIX ".conf"
#define LONGEST 2048 /* default of longest: the longest genuine success line that was seen has 300 bytes */

struct sample {
	enum role role;
	char address[RELAYDB_ADDRSTRLEN]; /* of a login */
	char *line; /* TAG[PID]: MESSAGE */
	int number; /* of the line in the file */
	struct sample *next;
};

struct tag {
	char *name;
	struct server *servers[CATALOGUE_SHARED + 1];
	UT_hash_handle hh;
};

struct catalogue {
	struct server *servers;
	struct tag *tags;
	char **left_out;
};

/* A definition while it is read. */
struct draft {
	struct server *server;
	struct sample *samples;
	struct sample **last;
	const char *file;
	bool named; /* not by "all" alone: it counts whatever it says */
	bool failed; /* out of memory; mistakes are counted elsewhere */
};

static const char *const roles[ROLES] = { "none", "connect", "login", "fail", "logout", "start" };

const char *role_name(enum role role)
{
	return roles[role];
}

static enum role find_role(const char *name)
{
	int i;

	for (i = 0; i < ROLES; i++) {
		if (strcmp(roles[i], name) == 0)
			return (enum role)i;
	}
	return ROLES;
}

/* ---- one definition ---- */

static void server_free(struct server *server)
{
	size_t i;

	if (server == NULL)
		return;
	for (i = 0; i < server->count; i++)
		pattern_free(server->expressions[i].pattern);
	free(server->expressions);
	list_free(server->tags);
	list_free(server->journal);
	list_free(server->once);
	pattern_free(server->cut_only);
	free(server->warning);
	free(server->instead_of);
	free(server->name);
	free(server);
}

static bool read_size(const char *value, size_t *size)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || n > 8192)
		return false;
	*size = n;
	return true;
}

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0 && text[strlen(beginning)] != '\0';
}

/* "_FIELD=VALUE _FIELD=VALUE": only fields that the journal itself fills in begin with an underscore.  One of them must say who has
 * started the program: everybody can start a server's program himself, with arguments and a standard error of his own. */
static bool is_trusted(char *const *fields)
{
	bool started = false;

	for (; *fields != NULL; fields++) {
		if ((*fields)[0] != '_' || (*fields)[1] == '_' || strchr(*fields, '=') == NULL)
			return false;
		started |= begins(*fields, "_SYSTEMD_UNIT=") || begins(*fields, "_UID=");
	}
	return started;
}

static void take_journal(struct server *server, const char *value, const struct conf_place *place)
{
	char **fields = list_split(value, " ");

	if (fields == NULL || *fields == NULL || !is_trusted(fields))
		conf_error(place,
		    "journal = '%s', expected _FIELD=VALUE of the journal's trusted fields, _SYSTEMD_UNIT or _UID among them",
		    value);
	else if (!list_add(&server->journal, value))
		conf_error(place, "out of memory");
	list_free(fields);
}

/* One of two words. */
static bool read_choice(
    const char *value, const char *yes, const char *no, const struct conf_place *place, const char *name, bool *choice)
{
	*choice = strcmp(value, yes) == 0;
	if (!*choice && strcmp(value, no) != 0)
		conf_error(place, "%s = '%s', expected %s or %s", name, value, yes, no);
	return true;
}

/* The settings that are one of two words; false if NAME is none of them. */
static bool take_choice(struct server *server, const char *name, const char *value, const struct conf_place *place)
{
	if (strcmp(name, "join") == 0)
		return read_choice(value, "pid", "no", place, name, &server->by_pid);
	if (strcmp(name, "tries") == 0)
		return read_choice(value, "one", "many", place, name, &server->one_try);
	if (strcmp(name, "logger") == 0)
		return read_choice(value, "shared", "own", place, name, &server->shared_logger);
	if (strcmp(name, "by-name-only") == 0)
		return read_choice(value, "yes", "no", place, name, &server->by_name_only);
	return false;
}

static void take_cut_only(struct server *server, const char *value, const struct conf_place *place)
{
	char error[256];

	pattern_free(server->cut_only);
	server->cut_only = pattern_new(value, error, sizeof error);
	if (server->cut_only == NULL)
		conf_error(place, "cut-only: %s", error);
}

/* Those that are text of some kind; false if NAME is none of them. */
static bool take_text(struct draft *draft, const char *name, const char *value, const struct conf_place *place)
{
	struct server *server = draft->server;

	if (strcmp(name, "tags") == 0) {
		list_free(server->tags);
		server->tags = list_split(value, ", ");
		draft->failed |= server->tags == NULL;
	} else if (strcmp(name, "once") == 0) {
		list_free(server->once);
		server->once = list_split(value, " ");
		draft->failed |= server->once == NULL;
	} else if (strcmp(name, "instead-of") == 0) {
		free(server->instead_of);
		server->instead_of = strdup(value);
		draft->failed |= server->instead_of == NULL;
	} else if (strcmp(name, "warning") == 0) {
		free(server->warning);
		server->warning = strdup(value);
		draft->failed |= server->warning == NULL;
	} else if (strcmp(name, "cut-only") == 0)
		take_cut_only(server, value, place);
	else if (strcmp(name, "journal") == 0)
		take_journal(server, value, place);
	else
		return false;
	return true;
}

static void take_setting(struct draft *draft, const char *name, const char *value, const struct conf_place *place)
{
	struct server *server = draft->server;

	if (take_choice(server, name, value, place) || take_text(draft, name, value, place))
		return;
	if (strcmp(name, "cut") == 0) {
		if (!read_size(value, &server->cut))
			conf_error(place, "cut = '%s', expected a number of bytes, 0 to 8192", value);
	} else if (strcmp(name, "longest") == 0) {
		if (!read_size(value, &server->longest) || server->longest == 0)
			conf_error(place, "longest = '%s', expected a number of bytes, 1 to 8192", value);
	} else if (strcmp(name, "session-max") == 0) {
		if (!duration_parse(value, &server->session_max))
			conf_error(place, "session-max = '%s', expected a duration such as 1h", value);
	} else
		conf_error(place, "unknown setting '%s' in [server]", name);
}

static void take_expression(struct draft *draft, const char *name, const char *value, const struct conf_place *place)
{
	struct server *server = draft->server;
	enum role role = find_role(name);
	struct expression *more;
	struct pattern *pattern;
	char error[256];

	if (role == ROLES || role == ROLE_NONE) {
		conf_error(place, "unknown kind of line '%s' in [lines], expected connect, login, fail, logout or start", name);
		return;
	}
	if ((pattern = pattern_new(value, error, sizeof error)) == NULL) {
		conf_error(place, "%s: %s", name, error);
		return;
	}
	if ((more = realloc(server->expressions, (server->count + 1) * sizeof *more)) == NULL) {
		pattern_free(pattern);
		draft->failed = true;
		return;
	}
	server->expressions = more;
	server->expressions[server->count++] = (struct expression){ role, pattern };
}

/* login = ADDRESS TAG: MESSAGE, and the other roles without an address */
static void take_sample(struct draft *draft, const char *name, const char *value, const struct conf_place *place)
{
	struct sample *sample = calloc(1, sizeof *sample);
	const char *blank = strchr(value, ' ');
	char address[RELAYDB_ADDRSTRLEN] = "";

	if (sample == NULL) {
		draft->failed = true;
		return;
	}
	sample->role = find_role(name);
	sample->number = place->line;
	if (sample->role == ROLE_LOGIN) {
		if (blank != NULL && (size_t)(blank - value) < sizeof address)
			memcpy(address, value, (size_t)(blank - value));
		if (blank != NULL && relaydb_address(address, sample->address) == RELAYDB_OK)
			value = blank + 1;
		else
			sample->role = ROLES;
	}
	if (sample->role == ROLES) {
		conf_error(
		    place, "sample '%s', expected login = ADDRESS TAG: MESSAGE, or none, connect, fail, logout, start", name);
		free(sample);
		return;
	}
	if ((sample->line = strdup(value)) == NULL)
		draft->failed = true;
	*draft->last = sample;
	draft->last = &sample->next;
}

static void take_entry(void *arg, const char *section, const char *name, const char *value, const struct conf_place *place)
{
	struct draft *draft = arg;

	if (strcmp(section, "server") == 0)
		take_setting(draft, name, value, place);
	else if (strcmp(section, "lines") == 0)
		take_expression(draft, name, value, place);
	else if (strcmp(section, "samples") == 0)
		take_sample(draft, name, value, place);
	else
		conf_error(place, "unknown section [%s], expected [server], [lines] or [samples]", section);
}

static void samples_free(struct sample *sample)
{
	struct sample *next;

	for (; sample != NULL; sample = next) {
		next = sample->next;
		free(sample->line);
		free(sample);
	}
}

static bool has_expression(const struct server *server, enum role role)
{
	size_t i = 0;

	while (i < server->count && server->expressions[i].role != role)
		i++;
	return i < server->count;
}

/* A connection is known again by its process, or, where one logger writes for all of them, by its session. */
static void check_connect(const struct server *server, const struct pattern *pattern, const struct conf_place *place)
{
	if (!pattern_has(pattern, "ip"))
		conf_error(place, "a connect expression without {ip}");
	if (server->shared_logger && !pattern_has(pattern, "session"))
		conf_error(place, "a connect expression without (?<session>...), which logger = shared needs");
	else if (!server->shared_logger && !server->by_pid)
		conf_error(place, "a connect expression, expected join = pid with it");
}

/* The rules that concern the definition as a whole. */
static void check_whole(const struct server *server, const struct conf_place *place)
{
	bool joined = server->by_pid && has_expression(server, ROLE_CONNECT);

	if (server->shared_logger && server->by_pid)
		conf_error(place, "logger = shared and join = pid, expected one of them");
	for (size_t i = 0; i < server->count; i++) {
		const struct expression *e = &server->expressions[i];

		if (e->role == ROLE_CONNECT)
			check_connect(server, e->pattern, place);
		if (e->role == ROLE_LOGIN && !pattern_has(e->pattern, "ip") && !joined)
			conf_error(place, "a login expression without {ip}, and no connect expression that has it");
	}
	if (server->tags == NULL || *server->tags == NULL)
		conf_error(place, "no tags in [server]");
	if (!has_expression(server, ROLE_LOGIN))
		conf_error(place, "no login expression in [lines]");
}

/* ---- the catalogue ---- */

static bool add_tag(struct catalogue *catalogue, const char *name, struct server *server)
{
	struct tag *tag;
	size_t i;

	HASH_FIND_STR(catalogue->tags, name, tag);
	if (tag == NULL) {
		if ((tag = calloc(1, sizeof *tag)) == NULL || (tag->name = strdup(name)) == NULL) {
			free(tag);
			return false;
		}
		HASH_ADD_KEYPTR(hh, catalogue->tags, tag->name, strlen(tag->name), tag);
	}
	for (i = 0; i < CATALOGUE_SHARED; i++) {
		if (tag->servers[i] == NULL || tag->servers[i] == server) {
			tag->servers[i] = server;
			return true;
		}
	}
	return false;
}

/* Takes the server in, whatever comes of it. */
static bool add_server(struct catalogue *catalogue, struct server *server)
{
	struct server **at = &catalogue->servers;
	char *const *tag;

	while (*at != NULL && strcmp((*at)->name, server->name) < 0)
		at = &(*at)->next;
	server->next = *at;
	*at = server;
	for (tag = server->tags; tag != NULL && *tag != NULL; tag++) {
		if (!add_tag(catalogue, *tag, server))
			return false;
	}
	return true;
}

struct server *const *catalogue_find(const struct catalogue *catalogue, struct span tag)
{
	struct tag *found;

	HASH_FIND(hh, catalogue->tags, tag.text, tag.size, found);
	return found != NULL ? found->servers : NULL;
}

struct server *catalogue_servers(const struct catalogue *catalogue)
{
	return catalogue->servers;
}

bool catalogue_has_journal(const struct catalogue *catalogue)
{
	for (const struct server *server = catalogue_servers(catalogue); server != NULL; server = server->next) {
		if (server->journal != NULL && *server->journal != NULL)
			return true;
	}
	return false;
}

char *const *catalogue_left_out(const struct catalogue *catalogue)
{
	return catalogue->left_out;
}

void catalogue_free(struct catalogue *catalogue)
{
	struct tag *tag, *next_tag;
	struct server *server, *next;

	if (catalogue == NULL)
		return;
	HASH_ITER(hh, catalogue->tags, tag, next_tag)
	{
		HASH_DEL(catalogue->tags, tag);
		free(tag->name);
		free(tag);
	}
	for (server = catalogue->servers; server != NULL; server = next) {
		next = server->next;
		server_free(server);
	}
	list_free(catalogue->left_out);
	free(catalogue);
}

/* Does one of WORDS stand in MESSAGE more than once? */
static bool has_twice(struct span message, char *const *words)
{
	const char *end = message.text + message.size, *first;

	for (; words != NULL && *words != NULL; words++) {
		first = memmem(message.text, message.size, *words, strlen(*words));
		if (first == NULL)
			continue;
		first += strlen(*words);
		if (memmem(first, (size_t)(end - first), *words, strlen(*words)) != NULL)
			return true;
	}
	return false;
}

static enum role match(struct server *server, struct span message, struct captures *captures)
{
	enum role role = ROLE_NONE;

	server->tally.lines++;
	for (size_t i = 0; i < server->count && role == ROLE_NONE; i++) {
		switch (pattern_match(server->expressions[i].pattern, message, captures)) {
		case PATTERN_YES:
			role = server->expressions[i].role;
			break;
		case PATTERN_STOPPED:
			server->tally.stopped++;
			break;
		case PATTERN_NO:
			break;
		}
	}
	return role;
}

enum role server_read(struct server *server, struct span message, struct captures *captures)
{
	enum role role = match(server, message, captures);

	if (role == ROLE_LOGIN && has_twice(message, server->once)) {
		server->tally.doubted++;
		role = ROLE_NONE;
	}
	server->tally.role[role]++;
	return role;
}

enum role server_read_doubted(struct server *server, struct span message, struct captures *captures)
{
	enum role role = match(server, message, captures);

	server->tally.doubted++;
	return role == ROLE_LOGIN && has_twice(message, server->once) ? ROLE_NONE : role;
}

/* ---- loading ---- */

/* The address that a sample's line logs in, or "" and what else it means in *ROLE. */
static void read_sample(
    struct server *server, struct sessions *sessions, const char *line, enum role *role, char address[RELAYDB_ADDRSTRLEN])
{
	struct header header;
	struct captures captures;
	struct event event = { .server = server };

	*role = ROLE_NONE;
	*address = '\0';
	if (!layout_parse_tag(line, strlen(line), &header) || !list_has(server->tags, header.tag.text, header.tag.size))
		return;
	if (header.message.size > server->longest)
		return;
	event.role = *role = server_read(server, header.message, &captures);
	if (*role == ROLE_NONE)
		return;
	event.header = &header;
	event.captures = &captures;
	if (!sessions_take(sessions, &event) && *role == ROLE_LOGIN)
		*role = ROLE_NONE;
	if (*role == ROLE_LOGIN)
		memcpy(address, event.address, RELAYDB_ADDRSTRLEN);
}

/* Every sample must mean what the file says it means. */
static void prove(struct draft *draft, struct conf_errors *errors)
{
	struct conf_place place = { draft->file, 0, errors };
	struct sessions *sessions = sessions_new(64, 3600, 3600);
	const struct sample *sample;
	char address[RELAYDB_ADDRSTRLEN];
	enum role role;

	if (sessions == NULL) {
		draft->failed = true;
		return;
	}
	for (sample = draft->samples; sample != NULL && sample->line != NULL; sample = sample->next) {
		read_sample(draft->server, sessions, sample->line, &role, address);
		place.line = sample->number;
		if (role != sample->role)
			conf_error(&place, "the sample means '%s', expected '%s'", role_name(role), role_name(sample->role));
		else if (strcmp(address, sample->address) != 0)
			conf_error(&place, "the sample logs in %s, expected %s", address, sample->address);
	}
	sessions_free(sessions);
	memset(&draft->server->tally, 0, sizeof draft->server->tally);
}

static bool begin(struct draft *draft, const char *name, const char *file)
{
	memset(draft, 0, sizeof *draft);
	draft->file = file;
	draft->last = &draft->samples;
	if ((draft->server = calloc(1, sizeof *draft->server)) == NULL || (draft->server->name = strdup(name)) == NULL) {
		server_free(draft->server);
		return false;
	}
	draft->server->longest = LONGEST;
	return true;
}

/* Checks what was read and takes it into the catalogue. */
static bool finish(struct catalogue *catalogue, struct draft *draft, size_t mistakes, struct conf_errors *errors)
{
	struct conf_place place = { draft->file, 0, errors };

	check_whole(draft->server, &place);
	if (errors->count == mistakes)
		prove(draft, errors);
	samples_free(draft->samples);
	if (draft->failed || (draft->server->by_name_only && !draft->named)) {
		draft->failed |= !list_add(&catalogue->left_out, draft->server->name);
		server_free(draft->server);
		return !draft->failed;
	}
	return add_server(catalogue, draft->server);
}

/* A definition that is not NAMED, but one of all, may have to be left out. */
static bool load_file(struct catalogue *catalogue, const char *name, const char *file, bool named, struct conf_errors *errors)
{
	struct draft draft;
	size_t mistakes = errors->count;

	if (!begin(&draft, name, file))
		return false;
	draft.named = named;
	if (conf_read(file, errors, take_entry, &draft))
		return finish(catalogue, &draft, mistakes, errors);
	samples_free(draft.samples);
	server_free(draft.server);
	return true;
}

/* NAME.conf in the first folder that has it. */
static bool load_named(
    struct catalogue *catalogue, const char *const *folders, const char *name, bool named, struct conf_errors *errors)
{
	struct conf_place place = { "servers", 0, errors };
	char file[4096];
	const char *const *folder;
	FILE *there;

	if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL) {
		conf_error(&place, "'%s' cannot be the name of a definition", name);
		return true;
	}
	for (folder = folders; *folder != NULL; folder++) {
		if (snprintf(file, sizeof file, "%s/%s%s", *folder, name, SUFFIX) >= (int)sizeof file)
			continue;
		if ((there = fopen(file, "re")) != NULL || errno != ENOENT) {
			if (there != NULL)
				fclose(there);
			return load_file(catalogue, name, file, named, errors);
		}
	}
	conf_error(&place, "no definition '%s': there is no %s%s in %s%s%s", name, name, SUFFIX,
	    folders[0] != NULL ? folders[0] : "", folders[0] != NULL && folders[1] != NULL ? " or " : "",
	    folders[0] != NULL && folders[1] != NULL ? folders[1] : "");
	return true;
}

/* The names of all files NAME.conf in FOLDER, added to *NAMES. */
static bool add_names(const char *folder, char ***names)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char name[256];
	size_t size;
	bool done = true;

	if (dir == NULL)
		return true;
	while (done && (entry = readdir(dir)) != NULL) {
		size = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || size <= strlen(SUFFIX) ||
		    strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		memcpy(name, entry->d_name, size - strlen(SUFFIX));
		name[size - strlen(SUFFIX)] = '\0';
		if (!list_has(*names, name, strlen(name)))
			done = list_add(names, name);
	}
	closedir(dir);
	return done;
}

/* Every name there is, in *LIST, if one of NAMES is "all". */
static bool expand_all(const char *const *folders, char *const *names, char ***list)
{
	bool done = true;

	if (!list_has(names, "all", strlen("all")))
		return true;
	for (; done && *folders != NULL; folders++)
		done = add_names(*folders, list);
	return done;
}

static struct server *find_server(const struct catalogue *catalogue, const char *name)
{
	struct server *server = catalogue->servers;

	while (server != NULL && strcmp(server->name, name) != 0)
		server = server->next;
	return server;
}

static void remove_server(struct catalogue *catalogue, struct server *server)
{
	struct server **at = &catalogue->servers;
	struct tag *tag, *next;
	size_t i, n;

	HASH_ITER(hh, catalogue->tags, tag, next)
	{
		for (i = n = 0; i < CATALOGUE_SHARED; i++) {
			if (tag->servers[i] != server)
				tag->servers[n++] = tag->servers[i];
		}
		while (n < CATALOGUE_SHARED)
			tag->servers[n++] = NULL;
		if (tag->servers[0] == NULL) {
			HASH_DEL(catalogue->tags, tag);
			free(tag->name);
			free(tag);
		}
	}
	while (*at != server)
		at = &(*at)->next;
	*at = server->next;
	server_free(server);
}

/* A definition that takes the place of another one reads the same lines with less care: both would believe what the careful one
 * does not.  So the two cannot both be of NAMES, and beside one that is, or beside the careful one, the other is left out. */
static bool settle_places(struct catalogue *catalogue, char *const *names, struct conf_errors *errors)
{
	const struct conf_place place = { "servers", 0, errors };
	struct server *server = catalogue->servers, *other, *out;
	bool named, other_named;

	while (server != NULL) {
		other = server->instead_of != NULL ? find_server(catalogue, server->instead_of) : NULL;
		out = NULL;
		if (other != NULL && other != server) {
			named = list_has(names, server->name, strlen(server->name));
			other_named = list_has(names, other->name, strlen(other->name));
			if (named && other_named)
				conf_error(
				    &place, "'%s' takes the place of '%s', expected one of them", server->name, other->name);
			out = named ? other : server;
			if (!list_add(&catalogue->left_out, out->name))
				return false;
		}
		server = server->next == out && out != NULL ? out->next : server->next;
		if (out != NULL)
			remove_server(catalogue, out);
	}
	return true;
}

struct catalogue *catalogue_load(const char *const *folders, char *const *names, bool every, struct conf_errors *errors)
{
	struct catalogue *catalogue = calloc(1, sizeof *catalogue);
	size_t mistakes = errors->count;
	char **all = NULL;
	bool done = catalogue != NULL && expand_all(folders, names, &all);

	for (size_t i = 0; done && names[i] != NULL; i++) {
		if (strcmp(names[i], "all") != 0)
			done = load_named(catalogue, folders, names[i], true, errors);
	}
	for (size_t i = 0; done && all != NULL && all[i] != NULL; i++) {
		if (!list_has(names, all[i], strlen(all[i])))
			done = load_named(catalogue, folders, all[i], every, errors);
	}
	list_free(all);
	done = done && settle_places(catalogue, names, errors);
	if (done && errors->count == mistakes)
		return catalogue;
	if (!done)
		conf_error(&(struct conf_place){ "servers", 0, errors }, "out of memory, or too many servers with one tag");
	catalogue_free(catalogue);
	return NULL;
}

struct catalogue *catalogue_load_text(const char *file, const char *text, struct conf_errors *errors)
{
	struct catalogue *catalogue = calloc(1, sizeof *catalogue);
	struct draft draft;
	size_t mistakes = errors->count;

	if (catalogue == NULL || !begin(&draft, file, file)) {
		free(catalogue);
		return NULL;
	}
	draft.named = true;
	conf_read_text(file, text, errors, take_entry, &draft);
	if (finish(catalogue, &draft, mistakes, errors) && errors->count == mistakes)
		return catalogue;
	catalogue_free(catalogue);
	return NULL;
}
