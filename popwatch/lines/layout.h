/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout.h - the part of a log line that the logger wrote: when, which host,
 * which program and process
 *
 * Owns: the layouts of log lines.  Pure.  Leaves to others: what a stamp means
 * (stamp.h), whose tag it is, and what the message says.
 *
 * A layout is tried only where the configuration names it.  FORMAT_SYSLOG
 * demands a host, since in a line without one a text that a client chose may be
 * where host and tag are looked for.
 */
#ifndef POPWATCH_LAYOUT_H
#define POPWATCH_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "header.h"

enum layout {
	FORMAT_SYSLOG =
	    /* RFC 3164 with a host, RFC 3339 stamps, RFC 5424 as text; <pri>,
	     * FreeBSD's and Solaris' additions */
	1,
	FORMAT_NOHOST = 2, /* the same as RFC 3164, but without a host */
	FORMAT_DOVECOT = 4, /* Dovecot's own log file, 0.99 to 2.4 */
	/* Courier's own log, couriertcpd -stderrlogger=multilog: a TAI64N stamp
	 * before "INFO: " */
	FORMAT_COURIER = 8,
	FORMAT_ZIMBRA = 16, /* Zimbra's audit.log */
	FORMAT_ANY = 31 /* for trying out alone */
};

/* The layouts by name ("syslog", "nohost", "dovecot", "courier", "zimbra",
 * "any"); 0 for an unknown one. */
unsigned layout_find(const char *name);

/* Takes LINE apart by the first of the layouts FORMATS (bits of enum layout)
 * that fits.  The spans point into LINE.  Returns false if none fits. */
bool layout_parse(unsigned formats, const char *line, size_t size, struct header *header);

/* The same for a line that has no stamp and no host: "TAG[PID]: MESSAGE", as in
 * samples. */
bool layout_parse_tag(const char *line, size_t size, struct header *header);

#endif
