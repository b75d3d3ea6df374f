/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policy.c - does this login count?  see policy.h
 */
#include "policy.h"

#include <stdlib.h>

#include "recent.h"

struct policy {
	int64_t window;
	int64_t refresh;
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
	if (policy->recent != NULL)
		return policy;
	policy_free(policy);
	return NULL;
}

void policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	recent_free(policy->recent);
	netset_clear(&policy->ignored);
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
	if (!ipnet_parse(address, &number) || !ipnet_is_client(&number))
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
