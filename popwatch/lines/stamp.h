/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamp.h - when a line was written, by its stamp
 *
 * Owns: reading the stamps that layout.h finds.  Pure except for the system's zone;
 * the clock is a parameter.
 */
#ifndef POPWATCH_STAMP_H
#define POPWATCH_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "zone.h"

/* What stamp_time() remembers from the line before: a log has the same second,
 * at least the same minute, again and again.  Zero at first, except for the
 * zone; with another zone it begins again. */
struct stamp_memo {
	const struct zone *zone; /* of stamps without an offset; NULL: the system's */
	char stamp[40];
	size_t size;
	int64_t now;
	int64_t when;
};

/* A stamp may be this many seconds ahead of the clock (time zones, clocks that
 * differ); much less without a year, since what is ahead of today may as well
 * be a login of last year, in a log that nobody has rotated. */
#define STAMP_AHEAD_MAX 86400
#define STAMP_AHEAD_YEARLESS 600

/* Does it say how far from UTC it is? */
bool stamp_has_offset(const struct header *header);

/* The time of a line, in seconds since the epoch, never later than NOW.  A
 * stamp without a year is of the year that brings it nearest to NOW without
 * being more than STAMP_AHEAD_YEARLESS ahead: a login must not become young by
 * a missing year.
 * A local stamp of the hour that clocks go through twice is of the first time.
 * Returns false if the stamp is no time, or if it is more than STAMP_AHEAD_MAX
 * ahead. */
bool stamp_time(const struct header *header, int64_t now, struct stamp_memo *memo, int64_t *when);

#endif
