/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policy.c - does this login count?  see policy.h
 */
#include "policy.h"

#include <stdlib.h>

#include "recent.h"

/* RFC 6890, and 224.0.0.0/4 and ff00::/8 of RFC 1112 and RFC 4291; fe80::/10
 * means nothing without its interface */
static const char *const unusable[] = { "0.0.0.0/8", "224.0.0.0/3", "::/128", "fe80::/10",
	"ff00::/8" };

#define UNUSABLE (sizeof unusable / sizeof *unusable)

struct policy {
	int64_t window;
	int64_t refresh;
	struct netset unusable;
	struct netset ignored;
	struct recent *recent;
};

struct policy *policy_new(int64_t window, int64_t refresh)
{
	struct policy *policy = calloc(1, sizeof *policy);

	if (policy == NULL)
		return NULL;
	*policy = (struct policy){ .window = window, .refresh = refresh };
	policy->recent = recent_new();
	for (size_t i = 0; i < UNUSABLE; i++) {
		if (policy->recent != NULL && netset_add_text(&policy->unusable, unusable[i]) == 0)
			continue;
		policy_free(policy);
		return NULL;
	}
	return policy;
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	recent_free(policy->recent);
	netset_clear(&policy->ignored);
	netset_clear(&policy->unusable);
	free(policy);
}

bool policy_ignore(struct policy *policy, const struct ipnet *net)
{
	return netset_add(&policy->ignored, net);
}

enum verdict policy_judge(
    struct policy *policy, const char *address, int64_t when, int64_t now, int64_t *last)
{
	struct ipnet number;
	int64_t noted;

	if (when < now - policy->window)
		return VERDICT_OLD;
	/* one of the future was recorded before the clock was set back */
	if (recent_find(policy->recent, address, &noted) && noted <= now) {
		if (when >= noted + policy->refresh)
			return VERDICT_RECORD;
		*last = noted;
		return VERDICT_RECENT;
	}
	if (!ipnet_parse(address, &number) || netset_holds(&policy->unusable, &number))
		return VERDICT_UNUSABLE;
	return netset_holds(&policy->ignored, &number) ? VERDICT_IGNORED : VERDICT_RECORD;
}

void policy_note(struct policy *policy, const char *address, int64_t when)
{
	recent_note(policy->recent, address, when);
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = { "recorded", "ignored", "unusable", "old",
		"recent" };

	return names[verdict];
}
