/* SPDX-License-Identifier: BSD-2-Clause
 *
 * silence.h - reports what looks like a quiet night and is none
 *
 * Servers whose lines are read and whose logins are not; logs that do not
 * exist, or have no lines any more, while another source has them; servers that
 * log here and are not enabled, or from where their definition does not expect
 * them; stamps of another time zone.  Once all is read after the start, and
 * then hourly.
 */
#ifndef POPWATCH_SILENCE_H
#define POPWATCH_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue.h"
#include "line.h"
#include "stamp.h"

/* What came from a source since the last report.  Zero at first, except for the
 * name. */
struct heard {
	const char *name; /* borrowed: a log's path, or "the journal" */
	bool is_file;
	bool followed; /* false: it is looked at for these reports alone */
	uint64_t lines; /* of the servers */
	int quarters; /* of an hour that stamps were off by last; 0: none was */
	unsigned alike; /* how many of them */
	bool warned; /* of that */
	struct stamp_memo memo;
};

/* What was counted when the last report was due.  Zero at first. */
struct silence {
	int64_t when; /* 0: never */
	uint64_t logins;
	uint64_t old;
};

/* What a report is about. */
struct silence_view {
	const struct catalogue *catalogue; /* the servers enabled */
	const struct catalogue *others; /* those that are not; NULL: nobody asked */
	struct heard *heard;
	size_t heard_count;
	uint64_t logins; /* found, of which */
	uint64_t old; /* outside the window */
};

/* Is a report due at NOW? */
bool silence_due(const struct silence *silence, int64_t now);

/* Once all is read: logs what is missing since the last report, and starts
 * over. */
void silence_report(struct silence *silence, const struct silence_view *view, int64_t now);

/* Starts over at NOW without a report: other sources are followed. */
void silence_restart(struct silence *silence, int64_t now);

/* Takes notice of LINE with HEADER, which has just been written: warns once an
 * hour if such lines are off by whole quarters of an hour, and does nothing
 * else about it. */
void silence_time(
    struct heard *heard, const struct line *line, const struct header *header, int64_t now);

/* The same for a server of OTHERS: counts a login. */
void silence_stranger(const struct catalogue *others, const struct header *header);

#endif
