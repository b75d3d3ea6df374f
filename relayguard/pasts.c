/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pasts.c - sessions from one connection to the next, see pasts.h
 */
#include "pasts.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

struct place {
	uint64_t client, instance; /* hashes; client 0: free */
	int64_t until_ms;
	struct past past;
};

struct pasts {
	struct place place[PASTS_PLACES];
};

/* What is hashed is the mail server's, not a client's choice. */
static uint64_t hash(const char *text)
{
	return hash_fnv1a(text, strlen(text));
}

struct pasts *pasts_new(void)
{
	return calloc(1, sizeof(struct pasts));
}

void pasts_free(struct pasts *pasts)
{
	free(pasts);
}

void pasts_keep(struct pasts *pasts, const char *client, const char *instance,
    const struct past *past, int64_t ms)
{
	uint64_t key = hash(client);

	if (*client == '\0')
		return;
	pasts->place[key % PASTS_PLACES] =
	    (struct place){ key, hash(instance), ms + PASTS_KEPT_MS, *past };
}

bool pasts_find(const struct pasts *pasts, const char *client, const char *instance, int64_t ms,
    struct past *past)
{
	uint64_t key = hash(client);
	const struct place *place = &pasts->place[key % PASTS_PLACES];

	if (*client == '\0' || place->client != key || ms > place->until_ms)
		return false;
	*past = place->past;
	if (*instance == '\0' || place->instance != hash(instance))
		past->counted = past->tagged = false;
	return true;
}
