/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engineclock.h - the engine's clock, as last seen
 *
 * Kept as a distance to the monotonic clock, which nobody sets: when this
 * host's clock is put right, the engine's time stays what it is, and the offset
 * between the two is the new one at once.
 */
#ifndef RELAYMIRROR_ENGINECLOCK_H
#define RELAYMIRROR_ENGINECLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "clock.h"
#include "moment.h"

/* Milliseconds: an answer to TIME that took longer says too little about when
 * it was, and is not taken. */
#define ENGINECLOCK_TRIP_MAX 2000

/* Zero at first. */
struct engineclock {
	bool known;
	int64_t distance_ms;
};

/* The engine said ENGINE_MS when it was asked at ASKED and answered at
 * ANSWERED, both of clock_monotonic_ms(). */
static inline void engineclock_set(
    struct engineclock *clock, int64_t engine_ms, int64_t asked, int64_t answered)
{
	if (answered - asked > ENGINECLOCK_TRIP_MAX)
		return;
	clock->distance_ms = engine_ms - (asked + answered) / 2;
	clock->known = true;
}

/* What time it is.  Returns false, with this host's time as both, if the engine
 * has not said yet. */
static inline bool engineclock_now(const struct engineclock *clock, struct moment *now)
{
	now->local = (int64_t)time(NULL);
	now->engine =
	    clock->known ? (clock_monotonic_ms() + clock->distance_ms) / 1000 : now->local;
	return clock->known;
}

#endif
