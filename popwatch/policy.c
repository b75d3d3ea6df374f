/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policy.c - does this login count?  see policy.h
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uthash.h>

#include "policy.h"
#include "relaydb.h"

struct memory {
	char address[RELAYDB_ADDRSTRLEN];
	int64_t when;
	UT_hash_handle hh; /* in the order in which they were first noted */
};

/* RFC 6890, and 224.0.0.0/4 and ff00::/8 of RFC 1112 and RFC 4291; fe80::/10 means nothing without its interface */
static const char *const unusable[] = { "0.0.0.0/8", "224.0.0.0/3", "::/128", "fe80::/10", "ff00::/8" };

#define UNUSABLE (sizeof unusable / sizeof *unusable)

struct policy {
	int64_t window;
	int64_t refresh;
	struct ipnet unusable[UNUSABLE];
	struct ipnet *ignored;
	size_t count;
	struct memory *memories;
	struct memory *last; /* the one that was looked up last; NULL: none */
};

struct policy *policy_new(int64_t window, int64_t refresh)
{
	struct policy *policy = calloc(1, sizeof *policy);

	size_t i;

	if (policy == NULL)
		return NULL;
	*policy = (struct policy){ .window = window, .refresh = refresh };
	for (i = 0; i < UNUSABLE; i++) {
		if (!ipnet_parse(unusable[i], &policy->unusable[i]))
			abort();
	}
	return policy;
}

void policy_free(struct policy *policy)
{
	struct memory *memory, *next;

	if (policy == NULL)
		return;
	HASH_ITER(hh, policy->memories, memory, next)
	{
		HASH_DEL(policy->memories, memory);
		free(memory);
	}
	free(policy->ignored);
	free(policy);
}

bool policy_ignore(struct policy *policy, const struct ipnet *net)
{
	struct ipnet *more = realloc(policy->ignored, (policy->count + 1) * sizeof *more);

	if (more == NULL)
		return false;
	policy->ignored = more;
	policy->ignored[policy->count++] = *net;
	return true;
}

static bool is_in(const struct ipnet *nets, size_t count, const struct ipnet *address)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (ipnet_holds(&nets[i], address))
			return true;
	}
	return false;
}

static struct memory *find(struct policy *policy, const char *address)
{
	if (policy->last == NULL || strcmp(policy->last->address, address) != 0)
		HASH_FIND_STR(policy->memories, address, policy->last);
	return policy->last;
}

enum verdict policy_judge(struct policy *policy, const char *address, int64_t when, int64_t now)
{
	const struct memory *memory;
	struct ipnet number;

	if (when < now - policy->window)
		return VERDICT_OLD;
	if ((memory = find(policy, address)) != NULL)
		return when < memory->when + policy->refresh ? VERDICT_RECENT : VERDICT_RECORD;
	if (!ipnet_parse(address, &number) || is_in(policy->unusable, UNUSABLE, &number))
		return VERDICT_UNUSABLE;
	return is_in(policy->ignored, policy->count, &number) ? VERDICT_IGNORED : VERDICT_RECORD;
}

void policy_note(struct policy *policy, const char *address, int64_t when)
{
	struct memory *memory = find(policy, address);

	if (memory == NULL) {
		if (HASH_COUNT(policy->memories) >= POLICY_MEMORY) {
			memory = policy->memories;
			HASH_DEL(policy->memories, memory);
			free(memory);
		}
		if ((memory = calloc(1, sizeof *memory)) == NULL)
			return; /* it will be recorded once more than needed */
		memcpy(memory->address, address, strlen(address) + 1);
		HASH_ADD_STR(policy->memories, address, memory);
		policy->last = memory;
	}
	if (memory->when < when)
		memory->when = when;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = { "recorded", "ignored", "unusable", "old", "recent" };

	return names[verdict];
}
