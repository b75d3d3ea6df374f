/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policy.c - does this login count?  see policy.h
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy.h"
#include "relaydb.h"

/* Every login asks for its address here, and next to none of those is in the processor's cache: so a place is found by a look at
 * one spot of memory, not by following pointers. */
#define PLACES 8
#define SETS (POLICY_MEMORY / PLACES)

struct memory {
	int64_t when;
	char address[RELAYDB_ADDRSTRLEN]; /* "": a place that was never taken */
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
	struct memory *memories; /* SETS of PLACES; an address has a place in one set */
};

struct policy *policy_new(int64_t window, int64_t refresh)
{
	struct policy *policy = calloc(1, sizeof *policy);
	size_t i;

	if (policy == NULL)
		return NULL;
	*policy = (struct policy){ .window = window, .refresh = refresh };
	if ((policy->memories = calloc(POLICY_MEMORY, sizeof *policy->memories)) == NULL) {
		policy_free(policy);
		return NULL;
	}
	for (i = 0; i < UNUSABLE; i++) {
		if (!ipnet_parse(unusable[i], &policy->unusable[i]))
			abort();
	}
	return policy;
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	free(policy->memories);
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

/* The places that ADDRESS can have.  FNV-1a: who steers his addresses into one set makes others be recorded once more than needed. */
static struct memory *set_of(const struct policy *policy, const char *address)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *address != '\0'; address++)
		sum = (sum ^ (unsigned char)*address) * UINT64_C(0x100000001b3);
	return &policy->memories[(sum ^ sum >> 32) % SETS * PLACES];
}

static struct memory *find(const struct policy *policy, const char *address)
{
	struct memory *set = set_of(policy, address);

	for (size_t i = 0; i < PLACES && *address != '\0'; i++) {
		if (strcmp(set[i].address, address) == 0)
			return &set[i];
	}
	return NULL;
}

/* A place for ADDRESS: one that was never taken, or else the oldest. */
static struct memory *make_room(const struct policy *policy, const char *address)
{
	struct memory *set = set_of(policy, address), *oldest = set;

	for (size_t i = 1; i < PLACES && *oldest->address != '\0'; i++) {
		if (*set[i].address == '\0' || set[i].when < oldest->when)
			oldest = &set[i];
	}
	*oldest = (struct memory){ .when = 0 };
	memcpy(oldest->address, address, strlen(address) + 1);
	return oldest;
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

	if (memory == NULL)
		memory = make_room(policy, address);
	if (memory->when < when)
		memory->when = when;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = { "recorded", "ignored", "unusable", "old", "recent" };

	return names[verdict];
}
