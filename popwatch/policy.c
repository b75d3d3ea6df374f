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
	UT_hash_handle hh;	/* in the order in which they were first noted */
};

struct policy {
	int64_t window;
	int64_t refresh;
	struct ipnet *ignored;
	size_t count;
	struct memory *memories;
};

/* RFC 6890, and 224.0.0.0/4 and ff00::/8 of RFC 1112 and RFC 4291; fe80::/10 means nothing without its interface */
static const char *const unusable[] = { "0.0.0.0/8", "224.0.0.0/3", "::/128", "fe80::/10", "ff00::/8" };

struct policy *
policy_new(int64_t window, int64_t refresh)
{
	struct policy *policy = calloc(1, sizeof *policy);

	if (policy != NULL)
		*policy = (struct policy){ .window = window, .refresh = refresh };
	return policy;
}

void
policy_free(struct policy *policy)
{
	struct memory *memory, *next;

	if (policy == NULL)
		return;
	HASH_ITER(hh, policy->memories, memory, next) {
		HASH_DEL(policy->memories, memory);
		free(memory);
	}
	free(policy->ignored);
	free(policy);
}

bool
policy_ignore(struct policy *policy, const struct ipnet *net)
{
	struct ipnet *more = realloc(policy->ignored, (policy->count + 1) * sizeof *more);

	if (more == NULL)
		return false;
	policy->ignored = more;
	policy->ignored[policy->count++] = *net;
	return true;
}

static bool
is_unusable(const struct ipnet *address)
{
	struct ipnet net;
	size_t i;

	for (i = 0; i < sizeof unusable / sizeof *unusable; i++) {
		if (ipnet_parse(unusable[i], &net) && ipnet_holds(&net, address))
			return true;
	}
	return false;
}

enum verdict
policy_judge(const struct policy *policy, const char *address, int64_t when, int64_t now)
{
	struct memory *memory;
	struct ipnet number;
	size_t i;

	if (when < now - policy->window)
		return VERDICT_OLD;
	HASH_FIND_STR(policy->memories, address, memory);
	if (memory != NULL && when < memory->when + policy->refresh)
		return VERDICT_RECENT;
	if (!ipnet_parse(address, &number) || is_unusable(&number))
		return VERDICT_UNUSABLE;
	for (i = 0; i < policy->count; i++) {
		if (ipnet_holds(&policy->ignored[i], &number))
			return VERDICT_IGNORED;
	}
	return VERDICT_RECORD;
}

void
policy_note(struct policy *policy, const char *address, int64_t when)
{
	struct memory *memory;

	HASH_FIND_STR(policy->memories, address, memory);
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
	}
	if (memory->when < when)
		memory->when = when;
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = { "recorded", "ignored", "unusable", "old", "recent" };

	return names[verdict];
}
