/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policy.h - does this login count?
 *
 * Owns: the networks whose logins are ignored, the addresses that no client can
 * have, the window, the memory of what was recorded moments ago.  Pure; the
 * clock is a parameter.
 */
#ifndef POPWATCH_POLICY_H
#define POPWATCH_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipnet.h"
#include "recent.h"

#define POLICY_MEMORY RECENT_MAX

enum verdict {
	VERDICT_RECORD,
	VERDICT_IGNORED, /* of an ignored network */
	/* not an address that a client has: unspecified, multicast, broadcast,
	 * link-local IPv6 */
	VERDICT_UNUSABLE,
	VERDICT_OLD, /* outside the window */
	VERDICT_RECENT, /* recorded less than `refresh' seconds before */
	VERDICTS
};

struct policy;

/* A policy that ignores nothing yet.  WINDOW and REFRESH in seconds.  Returns
 * NULL without memory. */
struct policy *policy_new(int64_t window, int64_t refresh);

/* Frees it; a NULL is fine. */
void policy_free(struct policy *policy);

/* Ignores one more network.  Returns false without memory. */
bool policy_ignore(struct policy *policy, const struct ipnet *net);

/* The verdict on a login of ADDRESS (in the store's form) at WHEN.  If that is
 * VERDICT_RECENT, *LAST is the time with which it was recorded; otherwise it is
 * left alone. */
enum verdict policy_judge(
    struct policy *policy, const char *address, int64_t when, int64_t now, int64_t *last);

/* Remembers that ADDRESS (in the store's form) is recorded with WHEN.  Where
 * there is no place for it, one that was recorded longer ago is forgotten: that
 * one will be recorded once more than needed. */
void policy_note(struct policy *policy, const char *address, int64_t when);

const char *verdict_name(enum verdict verdict);

#endif
