/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ignore.c - see ignore.h
 */
#include "ignore.h"

#include <errno.h>
#include <string.h>

#include "list.h"

static void take_one(struct netset *set, const char *word, const struct conf_place *place)
{
	if (netset_add_text(set, word) == 0)
		return;
	if (errno == ENOMEM)
		conf_error(place, "out of memory");
	else
		conf_error(place,
		    "ignore = '%s', expected an address or a network such as 192.0.2.0/24", word);
}

void ignore_take(struct netset *set, const char *value, const struct conf_place *place)
{
	char **words = list_split(value, ", \t");

	if (words == NULL)
		conf_error(place, "out of memory");
	for (char **word = words; word != NULL && *word != NULL; word++) {
		if (strcmp(*word, "none") != 0)
			take_one(set, *word, place);
		else if (word == words)
			netset_clear(set);
		else
			conf_error(place,
			    "ignore = '%s', expected none before the networks: it drops what comes "
			    "before it",
			    value);
	}
	list_free(words);
}
