/* SPDX-License-Identifier: BSD-2-Clause
 *
 * silence.c - reports what looks like a quiet night and is none, see silence.h
 */
#include "silence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

#define EVERY 3600 /* seconds */
#define LINES_MIN 20 /* fewer lines without a login are nothing unusual */
#define QUARTER 900
#define QUARTERS_MAX 56 /* no two zones are further apart: 14 hours */
#define QUARTER_SLACK 60 /* a line is read soon after it was written, and not at once */
#define ALIKE_MIN 5 /* lines off by the same: less may be chance */

/* Entries of the journal that look like logins of a server which has none. */
static void report_unproved(const struct definition *definition, uint64_t unproved)
{
	if (definition->journal == NULL)
		log_say(LOG_WARNING,
		    "%s: %" PRIu64
		    " entries of the journal look like its logins and are not believed: its "
		    "definition has no 'journal =', since the journal does not say who wrote "
		    "them; follow a log file",
		    definition->name, unproved);
	else
		log_say(LOG_WARNING,
		    "%s: %" PRIu64
		    " entries of the journal look like its logins and are not believed: they are "
		    "not from where its definition expects it, the last one is from %s; if that "
		    "is your server, and no other user can write as it, give a copy of the "
		    "definition that 'journal =', see relayers-servers(5)",
		    definition->name, unproved, definition->writer);
}

static void report_server(struct definition *definition)
{
	uint64_t lines = definition->tally.lines - definition->reported.lines;
	uint64_t logins =
	    definition->tally.role[ROLE_LOGIN] - definition->reported.role[ROLE_LOGIN];
	uint64_t misses = definition->tally.misses - definition->reported.misses;
	uint64_t unproved = definition->tally.unproved - definition->reported.unproved;

	if (logins == 0 && unproved > 0)
		report_unproved(definition, unproved);
	definition->reported.unproved = definition->tally.unproved;
	if (lines < LINES_MIN && logins == 0)
		return; /* they count for the next report */
	/* a login beside them is no sign that all is well: a proxy hands some
	 * users on, say, and serves others itself */
	if (misses > logins && lines >= LINES_MIN)
		log_say(LOG_WARNING,
		    "%s: %" PRIu64 " lines, %" PRIu64 " login%s, %" PRIu64
		    " near miss%s; try them with 'popwatch -t LOG'%s; the last: %s",
		    definition->name, lines, logins, logins == 1 ? "" : "s", misses,
		    misses == 1 ? "" : "es",
		    definition->elements != NULL
			? ", and what 'doveconf -h login_log_format_elements' prints as elements"
			: "",
		    definition->missed);
	definition->reported = definition->tally;
}

static void report_stranger(struct definition *definition)
{
	uint64_t logins =
	    definition->tally.role[ROLE_LOGIN] - definition->reported.role[ROLE_LOGIN];

	if (logins > 0)
		log_say(LOG_WARNING,
		    "%s: %" PRIu64 " lines that look like its logins are not believed, since "
		    "servers = auto takes what is installed on this host alone; if "
		    "that server is yours, name it too: servers = auto %s%s%s",
		    definition->name, logins, definition->name,
		    definition->warning != NULL ? "; " : "",
		    definition->warning != NULL ? definition->warning : "");
	definition->reported = definition->tally;
}

/* HEARD, a log without a line of the servers, while LOUD had many. */
static void report_source(const struct heard *heard, const struct heard *loud, bool hour)
{
	if (heard->is_file && access(heard->name, F_OK) != 0)
		log_say(LOG_WARNING,
		    "%s does not exist, and %s has had %" PRIu64
		    " lines of the servers%s: 'log = auto' in popwatch.conf follows what this host "
		    "has",
		    heard->name, loud->name, loud->lines,
		    loud->followed ? "" : ", which is not followed");
	else if (hour && heard->followed)
		log_say(LOG_WARNING,
		    "%s: no line of the servers since the last report, while %s has had %" PRIu64
		    ": is it written any more? 'log = auto' in popwatch.conf follows what this "
		    "host has",
		    heard->name, loud->name, loud->lines);
}

static void report_sources(const struct silence_view *view, bool hour)
{
	const struct heard *loud = view->heard;

	for (size_t i = 1; i < view->heard_count; i++) {
		if (view->heard[i].lines > loud->lines)
			loud = &view->heard[i];
	}
	for (size_t i = 0; i < view->heard_count; i++) {
		if (view->heard[i].lines == 0 && loud->lines >= (loud->followed ? LINES_MIN : 1))
			report_source(&view->heard[i], loud, hour);
	}
	for (size_t i = 0; i < view->heard_count; i++) {
		view->heard[i].lines = 0;
		view->heard[i].warned = false;
	}
}

bool silence_due(const struct silence *silence, int64_t now)
{
	return silence->when == 0 || now < silence->when || now - silence->when >= EVERY;
}

void silence_report(struct silence *silence, const struct silence_view *view, int64_t now)
{
	uint64_t found = view->logins - silence->logins;
	bool hour = silence->when != 0;

	/* what was there at the start may well be old */
	if (hour && found > 0 && view->old - silence->old == found)
		log_say(LOG_WARNING,
		    "all of the %" PRIu64
		    " logins read since the last report are older than the window: is the log of "
		    "another time zone (time-zone in popwatch.conf), or a clock wrong?",
		    found);
	for (struct definition *definition = catalogue_first(view->catalogue); definition != NULL;
	     definition = definition->next)
		report_server(definition);
	if (view->others != NULL) {
		for (struct definition *definition = catalogue_first(view->others);
		     definition != NULL; definition = definition->next)
			report_stranger(definition);
	}
	report_sources(view, hour);
	silence->when = now;
	silence->logins = view->logins;
	silence->old = view->old;
}

void silence_restart(struct silence *silence, int64_t now)
{
	if (silence->when != 0)
		silence->when = now;
}

/* ---- stamps of another zone ---- */

static void warn_of_zone(const struct heard *heard)
{
	int minutes = abs(heard->quarters) * (QUARTER / 60);

	log_say(LOG_WARNING,
	    "%s: lines that are written now have stamps %d:%02d hours %s: if they are of another "
	    "time zone, as those of a container are, say so with time-zone before that log in "
	    "popwatch.conf; they count as what they say",
	    heard->name, minutes / 60, minutes % 60, heard->quarters < 0 ? "ago" : "ahead");
}

void silence_time(
    struct heard *heard, const struct line *line, const struct header *header, int64_t now)
{
	int64_t when, off, rest;
	int quarters;

	if (heard->warned || stamp_has_offset(header))
		return;
	if (heard->memo.zone != line->zone)
		heard->memo = (struct stamp_memo){ .zone = line->zone };
	/* what is ahead is not to be taken for one of last year, or of now */
	if (!stamp_time(header, now + (QUARTERS_MAX + 1) * QUARTER, &heard->memo, &when))
		return;
	off = when - now;
	quarters = (int)((off + (off < 0 ? -QUARTER / 2 : QUARTER / 2)) / QUARTER);
	rest = off - (int64_t)quarters * QUARTER;
	if (quarters == 0 || abs(quarters) > QUARTERS_MAX || llabs(rest) > QUARTER_SLACK)
		return;
	if (quarters != heard->quarters)
		heard->alike = 0;
	heard->quarters = quarters;
	if (++heard->alike < ALIKE_MIN)
		return;
	heard->alike = 0;
	heard->warned = true;
	warn_of_zone(heard);
}

void silence_stranger(const struct catalogue *others, const struct header *header)
{
	struct definition *const *servers = catalogue_find(others, header->tag);
	struct captures captures;

	for (; servers != NULL && *servers != NULL; servers++) {
		if (header->message.size <= (*servers)->longest &&
		    definition_read(*servers, header->message, &captures) == ROLE_LOGIN)
			return;
	}
}
