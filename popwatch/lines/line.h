/* SPDX-License-Identifier: BSD-2-Clause
 *
 * line.h - a line of a log, as a source hands it on
 */
#ifndef POPWATCH_LINE_H
#define POPWATCH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

#define LINE_MAX_BYTES 8192 /* longer ones are cut here, and marked so */

struct line {
	const char *text; /* without its end */
	size_t size;
	const char *source; /* name of the source, without blanks */
	unsigned formats; /* layouts it may have, enum layout */
	const struct zone *zone; /* of its stamp, if that has no offset; NULL: the system's */
	/* if its stamp has no year: it was written at this time at the latest;
	 * 0: that is not known */
	int64_t latest;
	/* the line was longer than this, or began before it; it is not
	 * believed, nor are those after it, see truncation.h */
	bool cut;
};

/* Takes LINE, which ends with the call. */
typedef void line_fn(const struct line *line, void *arg);

#endif
