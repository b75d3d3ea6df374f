/* SPDX-License-Identifier: BSD-2-Clause
 *
 * draft.c - the text of a definition, see draft.h
 */
#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "once.h"
#include "tag.h"

/* Default of longest: the longest genuine success line that was seen has 300
 * bytes. */
#define LONGEST 2048

static enum role find_role(const char *name)
{
	int i;

	for (i = 0; i < ROLES; i++) {
		if (strcmp(role_name((enum role)i), name) == 0)
			return (enum role)i;
	}
	return ROLES;
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

/* "_FIELD=VALUE _FIELD=VALUE": only fields that the journal itself fills in
 * begin with an underscore.  One of them must say who has started the program:
 * everybody can start a server's program himself, with arguments and a standard
 * error of his own. */
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

static void take_journal(
    struct definition *definition, const char *value, const struct conf_place *place)
{
	char **fields = list_split(value, " ");

	if (fields == NULL || *fields == NULL || !is_trusted(fields))
		conf_error(place,
		    "journal = '%s', expected _FIELD=VALUE of the journal's trusted fields, "
		    "_SYSTEMD_UNIT or _UID among them",
		    value);
	else if (!list_add(&definition->journal, value))
		conf_error(place, "out of memory");
	list_free(fields);
}

/* One of two words. */
static bool read_choice(const char *value, const char *yes, const char *no,
    const struct conf_place *place, const char *name, bool *choice)
{
	*choice = strcmp(value, yes) == 0;
	if (!*choice && strcmp(value, no) != 0)
		conf_error(place, "%s = '%s', expected %s or %s", name, value, yes, no);
	return true;
}

/* The settings that are one of two words; false if NAME is none of them. */
static bool take_choice(struct definition *definition, const char *name, const char *value,
    const struct conf_place *place)
{
	if (strcmp(name, "join") == 0)
		return read_choice(value, "pid", "no", place, name, &definition->by_pid);
	if (strcmp(name, "tries") == 0)
		return read_choice(value, "one", "many", place, name, &definition->one_try);
	if (strcmp(name, "pid") == 0)
		return read_choice(value, "never", "any", place, name, &definition->no_pid);
	if (strcmp(name, "logger") == 0)
		return read_choice(value, "shared", "own", place, name, &definition->shared_logger);
	if (strcmp(name, "proxied") == 0)
		return read_choice(value, "yes", "no", place, name, &definition->proxied);
	if (strcmp(name, "by-name-only") == 0)
		return read_choice(value, "yes", "no", place, name, &definition->by_name_only);
	return false;
}

static void take_cut_only(
    struct definition *definition, const char *value, const struct conf_place *place)
{
	char error[256];

	pattern_free(definition->cut_only);
	definition->cut_only = pattern_new(value, error, sizeof error);
	if (definition->cut_only == NULL)
		conf_error(place, "cut-only: %s", error);
}

static void set_list(
    struct definition_draft *draft, char ***list, const char *value, const char *separators)
{
	list_free(*list);
	*list = list_split(value, separators);
	draft->failed |= *list == NULL;
}

static void set_text(struct definition_draft *draft, char **text, const char *value)
{
	free(*text);
	*text = strdup(value);
	draft->failed |= *text == NULL;
}

/* Those that are text of some kind; false if NAME is none of them. */
static bool take_text(struct definition_draft *draft, const char *name, const char *value,
    const struct conf_place *place)
{
	struct definition *definition = draft->definition;

	if (strcmp(name, "tags") == 0)
		set_list(draft, &definition->tags, value, ", ");
	else if (strcmp(name, "once") == 0)
		set_list(draft, &definition->once, value, " ");
	else if (strcmp(name, "binary") == 0)
		set_list(draft, &definition->binaries, value, " ");
	else if (strcmp(name, "instead-of") == 0)
		set_text(draft, &definition->instead_of, value);
	else if (strcmp(name, "elements") == 0)
		set_text(draft, &definition->elements, value);
	else if (strcmp(name, "warning") == 0)
		set_text(draft, &definition->warning, value);
	else if (strcmp(name, "cut-only") == 0)
		take_cut_only(definition, value, place);
	else if (strcmp(name, "journal") == 0)
		take_journal(definition, value, place);
	else
		return false;
	return true;
}

static void take_setting(struct definition_draft *draft, const char *name, const char *value,
    const struct conf_place *place)
{
	struct definition *definition = draft->definition;

	if (take_choice(definition, name, value, place) || take_text(draft, name, value, place))
		return;
	if (strcmp(name, "cut") == 0) {
		if (!read_size(value, &definition->cut))
			conf_error(
			    place, "cut = '%s', expected a number of bytes, 0 to 8192", value);
	} else if (strcmp(name, "longest") == 0) {
		if (!read_size(value, &definition->longest) || definition->longest == 0)
			conf_error(
			    place, "longest = '%s', expected a number of bytes, 1 to 8192", value);
	} else if (strcmp(name, "session-max") == 0) {
		if (!bound_add(&definition->bounds, value))
			conf_error(place,
			    "session-max = '%s', expected a duration such as 1h, and perhaps tags",
			    value);
	} else
		conf_error(place, "unknown setting '%s' in [server]", name);
}

static void take_expression(struct definition_draft *draft, const char *name, const char *value,
    const struct conf_place *place)
{
	struct definition *definition = draft->definition;
	enum role role = find_role(name);
	struct expression *more;
	struct pattern *pattern;
	char error[256];

	if (role == ROLES || role == ROLE_NONE) {
		conf_error(place,
		    "unknown kind of line '%s' in [lines], expected connect, login, fail, logout "
		    "or start",
		    name);
		return;
	}
	pattern = pattern_new(value, error, sizeof error);
	if (pattern == NULL) {
		conf_error(place, "%s: %s", name, error);
		return;
	}
	more = realloc(definition->expressions, (definition->count + 1) * sizeof *more);
	if (more == NULL) {
		pattern_free(pattern);
		draft->failed = true;
		return;
	}
	definition->expressions = more;
	definition->expressions[definition->count++] = (struct expression){ role, pattern };
}

/* login = ADDRESS TAG: MESSAGE, and the other roles without an address */
static void take_sample(struct definition_draft *draft, const char *name, const char *value,
    const struct conf_place *place)
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
		conf_error(place,
		    "sample '%s', expected login = ADDRESS TAG: MESSAGE, or none, connect, fail, "
		    "logout, start",
		    name);
		free(sample);
		return;
	}
	sample->line = strdup(value);
	if (sample->line == NULL)
		draft->failed = true;
	*draft->last = sample;
	draft->last = &sample->next;
}

void draft_entry(void *arg, const char *section, const char *name, const char *value,
    const struct conf_place *place)
{
	struct definition_draft *draft = arg;

	if (strcmp(section, "server") == 0)
		take_setting(draft, name, value, place);
	else if (strcmp(section, "lines") == 0)
		take_expression(draft, name, value, place);
	else if (strcmp(section, "samples") == 0)
		take_sample(draft, name, value, place);
	else
		conf_error(place, "unknown section [%s], expected [server], [lines] or [samples]",
		    section);
}

bool draft_begin(struct definition_draft *draft, const char *name, const char *file)
{
	*draft = (struct definition_draft){ .file = file };
	draft->last = &draft->samples;
	draft->definition = calloc(1, sizeof *draft->definition);
	if (draft->definition == NULL)
		return false;
	draft->definition->longest = LONGEST;
	draft->definition->name = strdup(name);
	if (draft->definition->name != NULL)
		return true;
	definition_free(draft->definition);
	draft->definition = NULL;
	return false;
}

void draft_end(struct definition_draft *draft)
{
	struct sample *sample = draft->samples, *next;

	for (; sample != NULL; sample = next) {
		next = sample->next;
		free(sample->line);
		free(sample);
	}
	draft->samples = NULL;
}

static bool has_expression(const struct definition *definition, enum role role)
{
	size_t i = 0;

	while (i < definition->count && definition->expressions[i].role != role)
		i++;
	return i < definition->count;
}

/* A connection is known again by its process, or, where one logger writes for
 * all of them, by its session. */
static void check_connect(const struct definition *definition, const struct pattern *pattern,
    const struct conf_place *place)
{
	if (!pattern_has(pattern, "ip") && !definition->by_pid)
		conf_error(place, "a connect expression without {ip}");
	if (definition->shared_logger && !pattern_has(pattern, "session"))
		conf_error(place,
		    "a connect expression without (?<session>...), which logger = shared needs");
	else if (!definition->shared_logger && !definition->by_pid)
		conf_error(place, "a connect expression, expected join = pid with it");
}

/* The rules that concern the definition as a whole. */
void draft_check(const struct definition *definition, const struct conf_place *place)
{
	bool joined = false;

	if (definition->shared_logger && definition->by_pid)
		conf_error(place, "logger = shared and join = pid, expected one of them");
	for (size_t i = 0; i < definition->count; i++)
		joined |= definition->by_pid && definition->expressions[i].role == ROLE_CONNECT &&
			  pattern_has(definition->expressions[i].pattern, "ip");
	for (size_t i = 0; i < definition->count; i++) {
		const struct expression *e = &definition->expressions[i];

		if (e->role == ROLE_CONNECT)
			check_connect(definition, e->pattern, place);
		if (e->role == ROLE_LOGIN && !pattern_has(e->pattern, "ip") && !joined)
			conf_error(place, "a login expression without {ip}, and no connect "
					  "expression that has it");
	}
	if (list_size(definition->once) > ONCE_MAX)
		conf_error(place, "once has %zu words, expected at most %d",
		    list_size(definition->once), ONCE_MAX);
	if (definition->tags == NULL || *definition->tags == NULL)
		conf_error(place, "no tags in [server]");
	for (char *const *tag = definition->tags; tag != NULL && *tag != NULL; tag++) {
		if (!tag_is(*tag))
			conf_error(place,
			    "tag '%s', expected the name of a program, */NAME or NAME-*", *tag);
	}
	if (!has_expression(definition, ROLE_LOGIN))
		conf_error(place, "no login expression in [lines]");
}
