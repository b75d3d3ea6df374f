/* SPDX-License-Identifier: BSD-2-Clause
 *
 * year.h - where in a log a year has passed
 *
 * Owns: finding the place from the order of the lines.  Leaves to others:
 * reading the log, and the bound that lines before such a place get.
 */
#ifndef POPWATCH_YEAR_H
#define POPWATCH_YEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"

/* A line alone does not say whether it is of today or of this day of last year:
 * the lines behind it in its log do, since there the stamps are seen to go back
 * where a year has passed.  Zero at first. */
struct year_turns {
	int64_t when; /* of the line before; 0: there was none */
	char date[40]; /* its beginning, up to its day */
	size_t size; /* 0: its layout has the day elsewhere */
	struct stamp_memo memo; /* its zone is the caller's */
};

/* Less is disorder: lines of several hosts, clocks that are set. */
#define YEAR_TURN (31 * 86400)

/* Takes the next line of a log that had no lines later than CLOCK, the same for
 * all of them.  Returns true where a year has turned, since the line seems more
 * than YEAR_TURN older than the one before: what comes before it was written
 * before TURNS->when. */
bool year_turned(
    struct year_turns *turns, unsigned formats, const char *line, size_t size, int64_t clock);

#endif
