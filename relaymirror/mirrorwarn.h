/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorwarn.h - what is wrong with the engine or the clock, said once
 */
#ifndef RELAYMIRROR_MIRRORWARN_H
#define RELAYMIRROR_MIRRORWARN_H

#include "engineclock.h"
#include "facts.h"
#include "log.h"
#include "mirror.h"

#define OFFSET_WARN 5 /* seconds between this host's clock and the engine's */

/* Zero at first. */
struct mirrorwarn {
	struct log_once clock, policy, room;
};

/* Eviction would lose logins, and orders, without a word. */
void mirrorwarn_policy(struct mirrorwarn *warn, const struct facts *facts);

/* Also when the clocks agree again. */
void mirrorwarn_clock(struct mirrorwarn *warn, const struct engineclock *clock);

/* No more addresses fit, or there is room again. */
void mirrorwarn_room(struct mirrorwarn *warn, const struct mirror *mirror);

#endif
