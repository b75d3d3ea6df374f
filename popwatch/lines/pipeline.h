/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pipeline.h - from a line to what it means: header, definition, session
 *
 * Owns: the order of these stages, what is doubted, the counters of lines.
 * Pure except for the time zone; the clock is a parameter.  Leaves to others:
 * where lines come from, and what is done about an event.
 */
#ifndef POPWATCH_PIPELINE_H
#define POPWATCH_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "catalogue.h"
#include "event.h"
#include "line.h"
#include "session.h"
#include "stamp.h"
#include "truncation.h"

/* Lines, by what became of them on the way. */
struct line_tally {
	uint64_t lines;
	uint64_t headless; /* of no layout that is asked for */
	uint64_t stranger; /* of a tag that no enabled server uses */
	uint64_t timeless; /* of an enabled server, but with a stamp that is no time */
	uint64_t broken; /* too long for a line, torn, or with a NUL byte in it */
	uint64_t doubted; /* after a cut one */
};

struct pipeline {
	struct catalogue *catalogue; /* these three belong to the caller */
	struct sessions *sessions;
	struct truncations *truncations;
	/* each event that has an address, or a role that is of interest to
	 * somebody who tries out a definition */
	void (*take)(const struct event *event, void *arg);
	/* somebody may be trying something: WHAT is a sentence; may be NULL */
	void (*suspect)(const char *what, const struct header *header, void *arg);
	/* no expression of DEFINITION matched a line of its tag, nor did one of
	 * another server with that tag; may be NULL */
	void (*miss)(const struct definition *definition, const struct header *header, void *arg);
	/* a line of the tag of an enabled server; LINE is NULL for a journal
	 * entry, which one of them may believe; may be NULL */
	void (*seen)(const struct line *line, const struct header *header, void *arg);
	/* one of a tag that no enabled server has; may be NULL */
	void (*stranger)(const struct header *header, void *arg);
	/* a journal entry like a login of DEFINITION, which none of those with
	 * its tag may believe; may be NULL */
	void (*unproved)(struct definition *definition, void *arg);
	void *arg;
	bool any_time; /* events of lines with a bad stamp too, with WHEN = 0 */
	struct stamp_memo memo;
	struct line_tally tally;
};

/* Runs a line through the stages. */
void pipeline_line(struct pipeline *pipeline, const struct line *line, int64_t now);

/* The same for a line whose header is known already: a journal entry.  WHEN is
 * its time.  ADMIT says whether a definition may believe the entry.
 * One with a line end or a NUL byte in its message gives nothing. */
void pipeline_entry(struct pipeline *pipeline, const char *source, const struct header *header,
    int64_t when, bool (*admit)(const struct definition *definition, void *arg), void *arg);

#endif
