/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recent.h - when an address was recorded last, for as many as there is room
 * for
 *
 * A cache: an address that had to make room is only recorded once more than
 * needed.
 */
#ifndef POPWATCH_RECENT_H
#define POPWATCH_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#define RECENT_MAX 65536 /* addresses */

struct recent;

/* Returns NULL without memory. */
struct recent *recent_new(void);

/* Frees it; NULL is fine. */
void recent_free(struct recent *recent);

/* Is ADDRESS known, and since when?  Returns false, and leaves *WHEN alone, if
 * not. */
bool recent_find(const struct recent *recent, const char *address, int64_t *when);

/* ADDRESS, in the store's form, was recorded with the time WHEN.  It replaces
 * what was noted before, a later time too: the clock was set back since. */
void recent_note(struct recent *recent, const char *address, int64_t when);

#endif
