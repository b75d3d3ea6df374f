/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorwarn.c - what is wrong with the engine or the clock, see mirrorwarn.h
 */
#include "mirrorwarn.h"

#include <stdlib.h>
#include <string.h>

void mirrorwarn_policy(struct mirrorwarn *warn, const struct facts *facts)
{
	if (facts->policy[0] == '\0' || strcmp(facts->policy, "noeviction") == 0)
		log_over(&warn->policy, NULL);
	else if (log_once(&warn->policy, 1, 0, 0))
		log_say(LOG_WARNING,
		    "the engine may forget logins and orders when memory is short: "
		    "maxmemory-policy is '%s', expected noeviction",
		    facts->policy);
}

void mirrorwarn_clock(struct mirrorwarn *warn, const struct engineclock *clock)
{
	struct moment now;
	int64_t offset;

	if (!engineclock_now(clock, &now))
		return;
	offset = moment_offset(&now);
	if (llabs(offset) < OFFSET_WARN) {
		if (log_over(&warn->clock, NULL))
			log_say(LOG_NOTICE, "this host's clock agrees with the engine's again");
	} else if (log_once(&warn->clock, llabs(offset) < OFFSET_MAX ? 1 : 2, 0, 0)) {
		log_say(LOG_WARNING, "this host's clock is %lld seconds %s the engine's%s",
		    (long long)llabs(offset), offset > 0 ? "ahead of" : "behind",
		    llabs(offset) < OFFSET_MAX ? "" : ": nothing is published until it is right");
	}
}

void mirrorwarn_room(struct mirrorwarn *warn, const struct mirror *mirror)
{
	if (mirror_is_full(mirror)) {
		if (log_once(&warn->room, 1, 0, 0))
			log_say(LOG_ERR,
			    "%zu addresses are known, and no more fit: logins from others are "
			    "neither sent nor written",
			    mirror_rows(mirror));
	} else if (log_over(&warn->room, NULL)) {
		log_say(LOG_NOTICE, "there is room for addresses again");
	}
}
