/* SPDX-License-Identifier: BSD-2-Clause
 *
 * survey.h - when the lines of a log were written at the latest
 *
 * A stamp without a year may be of last year.  So what a file has when it is
 * opened is read through before a line of it is handed on, and where a year has
 * turned (year.h) what is before gets a bound.
 */
#ifndef POPWATCH_SURVEY_H
#define POPWATCH_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "year.h"

/* When the lines that a file had when it was opened were written at the
 * latest.  Its mtime says so, unless some other program has touched it, and
 * within it each turn of the year. */
struct survey {
	off_t at; /* up to here it was looked through */
	off_t end; /* of what it had */
	bool inside; /* of a line that is longer than the buffer */
	/* no line is later: the file's mtime or now, whichever is earlier, and
	 * a day, for clocks that differ */
	int64_t clock;
	int64_t latest; /* the bound of all lines: CLOCK if that has passed, else 0 for none */
	off_t turn; /* where the year turned last */
	int64_t before; /* the bound of the lines before TURN */
	struct year_turns turns;
};

/* What a survey reads, and with what: the buffer is the caller's, and is
 * overwritten. */
struct survey_reader {
	int fd;
	unsigned formats;
	const struct zone *zone;
	char *buffer;
	size_t size; /* at least that of the longest line */
};

/* From OFFSET on, in the file that is as ST has it. */
void survey_begin(struct survey *survey, off_t offset, const struct stat *st, int64_t now);

/* Reads on, until about BUDGET bytes are used up.  Returns the bytes read. */
size_t survey_read(const struct survey_reader *reader, struct survey *survey, size_t budget);

/* The time before which the line at AT was written; 0: it may be of now. */
int64_t survey_latest(const struct survey *survey, off_t at);

#endif
