/* SPDX-License-Identifier: BSD-2-Clause
 *
 * trace.h - who recorded an address, by the lines that our programs log
 *
 * Owns: where such lines are (the journal, or the log of facility mail), how
 * much of it is read, and what they say.  The log is hostile: a line counts for
 * what it says and for nothing else.
 * Limits: the last 20,000 lines of ours in the journal, or the last 16 MiB of
 * the log; what this user may not read is not there.
 */
#ifndef VSMTPRELAY_TRACE_H
#define VSMTPRELAY_TRACE_H

#include <stddef.h>

struct trace;

/* Reads the lines.  Returns NULL without memory. */
struct trace *trace_new(void);
void trace_free(struct trace *trace);

/* Who recorded ADDRESS last, such as "popwatch (dovecot, alice)": printable
 * ASCII, owned by TRACE; NULL: no line says so. */
const char *trace_of(const struct trace *trace, const char *address);

/* Where the lines were: "the journal", or the path of a log; NULL: nowhere. */
const char *trace_place(const struct trace *trace);

/* At most so many bytes of lines are returned. */
#define TRACE_LINES_MAX 3900

/* The last lines that have ADDRESS, of any program, as they are, the oldest
 * first, for free(3): of the logs in MORE (names with blanks between them;
 * those that are no path are left out), else of the usual mail logs, else of
 * the journal.  NULL: none. */
char *trace_lines(const char *address, const char *more);

/* The last line of LINES, printable. */
void trace_last(const char *lines, char *out, size_t size);

#endif
