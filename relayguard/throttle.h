/* SPDX-License-Identifier: BSD-2-Clause
 *
 * throttle.h - how many messages and recipients a client may send in a time
 *
 * Owns: the counts per client address (IPv6: per /64, which is what one
 * customer has), their text form for a restart.  Pure; the clock, seconds since
 * the epoch, is an argument. A limit N/DURATION lets at most N through in any
 * DURATION: time is counted in slots of a sixteenth of it, and the slot in
 * which the window begins counts whole. Limits: THROTTLE_PLACES clients; beyond
 * that the one that was quiet longest is forgotten.  A clock that is set back
 * counts on in the newest slot, or from the start if it was by more than the
 * time of the limit.
 */
#ifndef RELAYGUARD_THROTTLE_H
#define RELAYGUARD_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define THROTTLE_PLACES 65536
#define THROTTLE_LINE_MAX 512 /* of throttle_save() */

enum throttle_class {
	THROTTLE_STRANGER,
	THROTTLE_POP, /* has an entry in the database */
	THROTTLE_AUTH, /* has authenticated */
	THROTTLE_CLASSES
};

enum throttle_what { THROTTLE_MESSAGES, THROTTLE_RECIPIENTS, THROTTLE_WHATS };

struct throttle_limit {
	uint32_t count; /* 0: no limit */
	int64_t seconds;
};

/* Reads "100/1h" or "no".  Returns false, and leaves *LIMIT alone, for anything
 * else; the count is at least 1, the time at least a second. */
bool throttle_parse(const char *text, struct throttle_limit *limit);

struct throttle;
struct throttle_copy;

/* LIMITS are for each class and kind.  Returns NULL without memory. */
struct throttle *throttle_new(
    const struct throttle_limit limits[THROTTLE_CLASSES][THROTTLE_WHATS], size_t places);

/* Frees it; NULL is fine. */
void throttle_free(struct throttle *throttle);

/* Puts other limits in force; counts of a limit whose time has changed are
 * forgotten. */
void throttle_configure(struct throttle *throttle,
    const struct throttle_limit limits[THROTTLE_CLASSES][THROTTLE_WHATS]);

/* May ADDRESS send one more?  Counts nothing.  True for text that is no
 * address. */
bool throttle_allows(struct throttle *throttle, const char *address, enum throttle_class class,
    enum throttle_what what, int64_t now);

/* It did send one more.  Without memory for a new client it is not counted. */
void throttle_count(struct throttle *throttle, const char *address, enum throttle_class class,
    enum throttle_what what, int64_t now);

/* How many clients are remembered. */
size_t throttle_clients(const struct throttle *throttle);

/* The counts as they are now, for a thread to write.  Free it with free(3).
 * Returns NULL without memory. */
struct throttle_copy *throttle_copy(const struct throttle *throttle);

/* Writes a line for each count, as "throttle ...\n". */
void throttle_save(const struct throttle_copy *copy, FILE *out);

/* Takes one line of throttle_save(), without its newline.  Counts of other
 * limits than today's are passed by.  Returns false if it is no such line. */
bool throttle_load(struct throttle *throttle, const char *line);

#endif
