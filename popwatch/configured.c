/* SPDX-License-Identifier: BSD-2-Clause
 *
 * configured.c - what the settings of popwatch.conf(5) name, see configured.h
 */
#include "configured.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "automatic.h"
#include "definitions.h"
#include "list.h"
#include "user.h"

#define ZONE_NAME_MAX 64

bool config_adapt(const struct config *config, struct catalogue *catalogue, bool others,
    struct conf_errors *errors)
{
	const struct conf_place tags = { config->file, config->tags_line, errors };
	const struct conf_place elements = { config->file, config->elements_line, errors };
	size_t before = errors->count;
	char **words;

	for (char *const *value = config->tags; value != NULL && *value != NULL; value++) {
		words = list_split(*value, ", \t");
		if (words == NULL)
			conf_error(&tags, "out of memory");
		for (size_t i = 1; words != NULL && words[i] != NULL; i++) {
			if (!catalogue_add_tag(catalogue, words[0], words[i], &tags) && !others)
				conf_error(&tags,
				    "tags = '%s', expected one of servers before the tags", *value);
		}
		list_free(words);
	}
	if (*config->elements != '\0' &&
	    !catalogue_set_elements(catalogue, config->elements, &elements) && !others)
		conf_error(
		    &elements, "elements, but neither dovecot nor dovecot-proxy is one of servers");
	return errors->count == before;
}

struct catalogue *config_catalogue(const struct config *config, struct conf_errors *errors)
{
	const struct conf_place place = { config->file, config->servers_line, errors };
	struct catalogue *catalogue;

	if (config->definitions == NULL || config->servers == NULL)
		return NULL;
	catalogue = definitions_load(
	    (const char *const *)config->definitions, config->servers, false, &place);
	if (catalogue == NULL || config_adapt(config, catalogue, false, errors))
		return catalogue;
	catalogue_free(catalogue);
	return NULL;
}

static void ignore_error(const char *sentence, void *arg)
{
	(void)sentence, (void)arg;
}

struct catalogue *config_others(const struct config *config, const struct catalogue *catalogue)
{
	/* a file that is wrong is no reason for those that count to stop */
	struct conf_errors errors = { .tell = ignore_error };
	const struct conf_place place = { config->file, config->servers_line, &errors };
	char *every[] = { (char[]){ "all" }, NULL };
	struct catalogue *others;

	if (!list_has(config->servers, AUTOMATIC, strlen(AUTOMATIC)))
		return NULL;
	others = definitions_load((const char *const *)config->definitions, every, true, &place);
	for (const struct definition *definition = catalogue_first(catalogue);
	     others != NULL && definition != NULL; definition = definition->next)
		catalogue_remove(others, definition->name);
	return others;
}

bool config_ignores(const struct config *config, const char *address)
{
	struct ipnet number;

	return ipnet_parse(address, &number) && netset_holds(&config->ignore, &number);
}

/* The number of a user whose name was looked up before.  Returns false if it
 * was not. */
static bool find_old(const struct config *old, const char *word, uid_t *uid)
{
	for (size_t i = 0; i < old->socket_user_count; i++) {
		if (strcmp(old->socket_user_names[i], word) == 0) {
			*uid = old->socket_users[i];
			return true;
		}
	}
	return false;
}

/* A user name or number.  When the configuration is read again the system's
 * users are out of reach.  Returns false after complaining. */
static bool find_uid(
    const struct config *old, const char *word, uid_t *uid, const struct conf_place *place)
{
	bool number = *word >= '0' && *word <= '9', found;

	if (number)
		found = user_parse_uid(word, uid);
	else if (old != NULL)
		found = find_old(old, word, uid);
	else
		found = user_find(word, uid);
	if (!found && !number && old != NULL)
		conf_error(place,
		    "socket-users = '%s', but a name that was not there at the start needs a "
		    "restart, or a number",
		    word);
	else if (!found)
		conf_error(
		    place, "socket-users = '%s', expected existing user names or uids", word);
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

void config_set_socket_users(struct config *config, const struct config *old, const char *value,
    const struct conf_place *place)
{
	char **words = list_split(value, ", \t");
	uid_t uid;

	config->socket_user_count = 0;
	list_free(config->socket_user_names);
	config->socket_user_names = NULL;
	if (words == NULL)
		conf_error(place, "out of memory");
	for (char **word = words; word != NULL && *word != NULL; word++) {
		if (find_uid(old, *word, &uid, place) && !add_socket_user(config, *word, uid))
			conf_error(place, "out of memory");
	}
	list_free(words);
}

bool config_has_zone(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	char path[PATH_MAX], magic[4];
	ssize_t size;
	int fd;

	if (name[strspn(name, letters)] != '\0' || *name == '/' || strlen(name) > ZONE_NAME_MAX)
		return false;
	if (strcmp(name, "UTC") == 0)
		return true;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, magic, sizeof magic); /* tzfile(5) */
	close(fd);
	return size == (ssize_t)sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

bool config_has_user(const struct config *config, struct conf_errors *errors)
{
	const struct conf_place place = { config->file, config->user_line, errors };

	if (!user_is_missing(config->user))
		return true;
	conf_error(&place, "user = '%s': there is no such user", config->user);
	return false;
}

bool config_is_idle(const struct config *config)
{
	return config->log_count == 0 && config->journal_from == JOURNAL_NONE &&
	       *config->socket == '\0';
}
