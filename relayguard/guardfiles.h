/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardfiles.h - the files that a running relayguard writes again and again:
 * the counters and the throttle's counts
 *
 * Owns: when each is due, that a slow disk holds up no session, complaints.
 */
#ifndef RELAYGUARD_GUARDFILES_H
#define RELAYGUARD_GUARDFILES_H

#include <stdint.h>

struct guard;
struct guardfiles;

/* Nothing is due before CLOCK_MS, of clock_monotonic_ms(), except the counters.
 * Returns NULL without memory. */
struct guardfiles *guardfiles_new(int64_t clock_ms);

/* Waits for what is being written, and frees it.  NULL is fine. */
void guardfiles_free(struct guardfiles *files);

/* Begins to write what is due and not being written yet, and logs what failed
 * of what was. */
void guardfiles_tick(struct guardfiles *files, const struct guard *guard, int64_t clock_ms);

/* Writes both, for the last time, before it returns. */
void guardfiles_end(struct guardfiles *files, const struct guard *guard);

#endif
