/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tarpit.h - how long an answer is kept back, and how many may be at once
 *
 * Pure; milliseconds.  Every session that waits holds a process of the MTA, so
 * their number is bounded and the rest is answered at once.
 */
#ifndef RELAYGUARD_TARPIT_H
#define RELAYGUARD_TARPIT_H

#include <stdbool.h>
#include <stdint.h>

struct tarpit {
	uint32_t after; /* recipients of a session that do not wait; 0: none ever does */
	int64_t step_ms; /* each further one waits so much longer than the one before */
};

/* The pause before the answer to the NUMBER-th recipient (from 1) of a session,
 * and BASE_MS (0 or more) for other reasons: at most MOST_MS together. */
int64_t tarpit_ms(const struct tarpit *tarpit, uint32_t number, int64_t base_ms, int64_t most_ms);

struct pauses {
	uint32_t most; /* at once */
	uint32_t now;
	uint64_t begun; /* in all */
	uint64_t skipped; /* for want of room */
};

/* May one more session wait?  If so it is counted until pauses_end(). */
bool pauses_begin(struct pauses *pauses);
void pauses_end(struct pauses *pauses);

#endif
