/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guard.h - what the connections of a running relayguard share
 *
 * Owns nothing by itself: guarddaemon.c makes and frees the parts, and swaps
 * those that a reload changes.
 */
#ifndef RELAYGUARD_GUARD_H
#define RELAYGUARD_GUARD_H

#include "guardconf.h"
#include "guardcounts.h"
#include "inquiry.h"
#include "smtpsession.h"
#include "waiting.h"

struct loop;
struct pasts;

struct guard {
	struct loop *loop;
	struct guardconf *conf;
	struct rules *rules; /* NULL: none */
	struct throttle *throttle;
	struct sources sources;
	struct waiting *waiting;
	struct pauses pauses;
	struct pasts *pasts; /* of sessions by the policy protocol */
	struct guardcounts counts;
	/* how recipients are decided; where there is a milter it counts what
	 * the throttle limits, and the policy service does not count it again
	 * */
	struct smtpsession_policy by_milter, by_policy;
};

/* The counters, with all that stands beside them. */
struct guardcounts_view guard_view(const struct guard *guard);

#endif
