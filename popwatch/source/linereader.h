/* SPDX-License-Identifier: BSD-2-Clause
 *
 * linereader.h - the whole lines of a log file, a piece at a time
 */
#ifndef POPWATCH_LINEREADER_H
#define POPWATCH_LINEREADER_H

#include <stddef.h>

#include "followed.h"
#include "line.h"

/* How lines are read: what they are handed on with, and the caller's buffer,
 * which is overwritten. */
struct line_reader {
	const char *name; /* of the log */
	unsigned formats;
	const struct zone *zone;
	char *buffer;
	size_t size; /* more than LINE_MAX_BYTES */
};

/* Reads a piece of FILE from its offset on and hands its whole lines to TAKE.
 * The offset, what is skipped and the hash of the first line follow.  Returns
 * the bytes used up; 0 at the end of what can be read now. */
size_t line_reader_read(
    const struct line_reader *reader, struct log_file *file, line_fn *take, void *arg);

#endif
