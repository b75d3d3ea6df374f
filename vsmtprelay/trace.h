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

struct trace;

/* Reads the lines.  Returns NULL without memory. */
struct trace *trace_new(void);
void trace_free(struct trace *trace);

/* Who recorded ADDRESS last, such as "popwatch (dovecot, alice)": printable
 * ASCII, owned by TRACE; NULL: no line says so. */
const char *trace_of(const struct trace *trace, const char *address);

/* Where the lines were: "the journal", or the path of a log; NULL: nowhere. */
const char *trace_place(const struct trace *trace);

/* The last line of the mail log or the journal, of any program, that has
 * ADDRESS, printable, for free(3); NULL: none. */
char *trace_last_line(const char *address);

#endif
