/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bound.c - how long connections of a server stay open at most, see bound.h
 */
#include "bound.h"

#include <stdlib.h>

#include "duration.h"
#include "list.h"
#include "tag.h"

static void free_one(struct bound *bound)
{
	list_free(bound->words);
	free(bound);
}

void bound_free(struct bound *bounds)
{
	struct bound *next;

	for (; bounds != NULL; bounds = next) {
		next = bounds->next;
		free_one(bounds);
	}
}

bool bound_add(struct bound **bounds, const char *value)
{
	struct bound *bound = calloc(1, sizeof *bound);
	char **words = list_split(value, " ,\t");
	bool done = bound != NULL && words != NULL && *words != NULL &&
		    duration_parse(*words, &bound->most);

	for (size_t i = 1; done && words[i] != NULL; i++)
		done = list_add(&bound->words, words[i]);
	list_free(words);
	if (done) {
		while (*bounds != NULL)
			bounds = &(*bounds)->next;
		*bounds = bound;
	} else if (bound != NULL)
		free_one(bound);
	return done;
}

int64_t bound_of(const struct bound *bounds, struct span kind, struct span tag)
{
	int64_t most = 0;

	for (; bounds != NULL; bounds = bounds->next) {
		if (bounds->words == NULL)
			most = bounds->most;
		else if (tag_listed(bounds->words, tag) ||
			 (kind.size > 0 && list_has(bounds->words, kind.text, kind.size)))
			return bounds->most;
	}
	return most;
}

int64_t bound_longest(const struct bound *bounds)
{
	int64_t longest = 0;
	bool all = false;

	for (; bounds != NULL; bounds = bounds->next) {
		all |= bounds->words == NULL;
		if (bounds->most > longest)
			longest = bounds->most;
	}
	return all ? longest : 0;
}
