/* SPDX-License-Identifier: BSD-2-Clause
 *
 * configured.c - what the settings of popwatch.conf(5) name, see configured.h
 */
#include "configured.h"

#include <string.h>

#include "definitions.h"
#include "list.h"
#include "user.h"

bool config_adapt(const struct config *config, struct catalogue *catalogue, bool others, struct conf_errors *errors)
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
				conf_error(&tags, "tags = '%s', expected one of servers before the tags", *value);
		}
		list_free(words);
	}
	if (*config->elements != '\0' && !catalogue_set_elements(catalogue, config->elements, &elements) && !others)
		conf_error(&elements, "elements, but neither dovecot nor dovecot-proxy is one of servers");
	return errors->count == before;
}

struct catalogue *config_catalogue(const struct config *config, struct conf_errors *errors)
{
	const struct conf_place place = { config->file, config->servers_line, errors };
	struct catalogue *catalogue;

	if (config->definitions == NULL || config->servers == NULL)
		return NULL;
	catalogue = definitions_load((const char *const *)config->definitions, config->servers, false, &place);
	if (catalogue == NULL || config_adapt(config, catalogue, false, errors))
		return catalogue;
	catalogue_free(catalogue);
	return NULL;
}

bool config_ignores(const struct config *config, const char *address)
{
	struct ipnet number;

	return ipnet_parse(address, &number) && netset_holds(&config->ignore, &number);
}

bool config_has_user(const struct config *config, struct conf_errors *errors)
{
	const struct conf_place place = { config->file, config->user_line, errors };

	if (!user_is_missing(config->user))
		return true;
	conf_error(&place, "user = '%s', expected a user that there is", config->user);
	return false;
}

bool config_is_idle(const struct config *config)
{
	return config->log_count == 0 && strcmp(config->journal, "no") == 0 && *config->socket == '\0';
}
