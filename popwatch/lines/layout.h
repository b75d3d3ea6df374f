/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout.h - the part of a log line that the logger wrote: when, which host, which
 * program and process
 *
 * Owns: the layouts of log lines.  Pure.  Leaves to others: what a stamp means
 * (stamp.h), whose tag it is, and what the message says.
 *
 * A layout is tried only where the configuration names it.  FORMAT_SYSLOG demands
 * a host, since in a line without one a text that a client chose may be where host
 * and tag are looked for.
 */
#ifndef POPWATCH_LAYOUT_H
#define POPWATCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "span.h"

enum layout {
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
	bool facility; /* it has mail.info or the like, which busybox's syslogd writes */
	struct span message;
};

/* The layouts by name ("syslog", "nohost", "dovecot", "courier", "zimbra", "any"); 0 for an unknown one. */
unsigned layout_find(const char *name);

/* Takes LINE apart by the first of the layouts FORMATS (bits of enum layout) that fits.  The spans point into LINE.
 * Returns false if none fits. */
bool layout_parse(unsigned formats, const char *line, size_t size, struct header *header);

/* The same for a line that has no stamp and no host: "TAG[PID]: MESSAGE", as in samples. */
bool layout_parse_tag(const char *line, size_t size, struct header *header);

#endif
