/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header.h - the part of a log line that the logger wrote: when, which host, which program and process
 *
 * Owns: the layouts of log lines and the reading of their stamps.  Pure: no I/O but the time zone's, the clock is a parameter.
 * Leaves to others: whose tag it is, and what the message says.
 *
 * A layout is only tried where the configuration names it.  FORMAT_SYSLOG demands a host, since in a line without one a text
 * that a client chose may stand where host and tag are looked for.
 */
#ifndef POPWATCH_HEADER_H
#define POPWATCH_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "span.h"

enum header_format {
	FORMAT_SYSLOG =
	    1, /* RFC 3164 with a host, RFC 3339 stamps, RFC 5424 as text; <pri>, FreeBSD's and Solaris' additions */
	FORMAT_NOHOST = 2, /* the same as RFC 3164, but without a host */
	FORMAT_DOVECOT = 4, /* Dovecot's own log file, 0.99 to 2.4 */
	FORMAT_COURIER = 8, /* Courier's own log, couriertcpd -stderrlogger=multilog: a TAI64N stamp before "INFO: " */
	FORMAT_ZIMBRA = 16, /* Zimbra's audit.log */
	FORMAT_ANY = 31 /* for trying out alone */
};

enum stamp_kind {
	STAMP_BSD, /* Nov 20 11:46:38, local time, no year */
	STAMP_BSD_YEAR, /* Nov 20 2026 11:46:38 */
	STAMP_YEAR_BSD, /* Nov 20 11:46:38 2026 */
	STAMP_ISO, /* 2026-11-20T11:46:38.895199+00:00; local time if no zone follows */
	STAMP_TAI64N /* @400000006920a5e61b2c3d4e, as multilog(8) and tai64n(8) write it */
};

struct header {
	enum stamp_kind kind;
	struct span stamp;
	struct span host; /* empty where the layout has none */
	struct span tag;
	struct span pid; /* as it stands in the brackets; empty without */
	struct span message;
};

/* The layouts by name ("syslog", "nohost", "dovecot", "courier", "zimbra", "any"); 0 for an unknown one. */
unsigned header_format(const char *name);

/* Takes LINE apart by the first of the layouts FORMATS (bits of enum header_format) that fits.  The spans point into LINE.
 * Returns false if none fits. */
bool header_parse(unsigned formats, const char *line, size_t size, struct header *header);

/* The same for a line that has no stamp and no host: "TAG[PID]: MESSAGE", as in samples. */
bool header_parse_tag(const char *line, size_t size, struct header *header);

/* What header_time() remembers from the line before: a log has the same second, at least the same minute, again and again.
 * Zero at first. */
struct header_memo {
	char stamp[40];
	size_t size;
	int64_t now;
	int64_t when;
};

/* A stamp may be this many seconds ahead of the clock (time zones, clocks that differ); much less without a year, since what is
 * ahead of today may as well be a login of last year, in a log that nobody has rotated. */
#define HEADER_AHEAD_MAX 86400
#define HEADER_AHEAD_YEARLESS 600

/* The time of a line, in seconds since the epoch, never later than NOW.  A stamp without a year is of the year that brings it
 * nearest to NOW without being more than HEADER_AHEAD_YEARLESS ahead: a login must not become young by a missing year.
 * A local stamp of the hour that clocks go through twice is of its second time, unless that is ahead of NOW.
 * Returns false if the stamp is no time, or if it is more than HEADER_AHEAD_MAX ahead. */
bool header_time(const struct header *header, int64_t now, struct header_memo *memo, int64_t *when);

/* A line alone cannot tell whether it is of today or of this day of last year: the lines behind it in its log do, since there the
 * stamps are seen to go back where a year has passed.  Zero at first. */
struct header_turns {
	int64_t when; /* of the line before; 0: there was none */
	char date[40]; /* its beginning, up to its day */
	size_t size; /* 0: its layout has the day elsewhere */
	struct header_memo memo;
};

/* Less is disorder: lines of several hosts, clocks that are set. */
#define HEADER_TURN (31 * 86400)

/* Takes the next line of a log that had no lines later than CLOCK, the same for all of them.  Returns true where a year has turned, since
 * the line seems more than HEADER_TURN older than the one before: what comes before it was written before TURNS->when. */
bool header_turned(struct header_turns *turns, unsigned formats, const char *line, size_t size, int64_t clock);

#endif
