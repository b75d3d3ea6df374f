/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doubt.h - which line must not be believed, since the one before it was cut
 *
 * Some loggers cut a long message and write its rest as a line of its own, under the same tag: whoever chooses the message (a
 * user name will do) chooses that line.  So the next line of that source, host, tag and process is not believed.
 * Owns: the table of them, and its text in the state file.  Limits: DOUBTS of them at once, the oldest makes room.
 */
#ifndef POPWATCH_DOUBT_H
#define POPWATCH_DOUBT_H

#include <stdbool.h>
#include <stdio.h>

#include "header.h"

#define DOUBTS 1024

struct doubts;

/* Returns NULL without memory. */
struct doubts *doubts_new(void);

/* Frees it; a NULL is fine. */
void doubts_free(struct doubts *doubts);

/* The next line of SOURCE (a name without blanks, that a restart does not change) with host, tag and process of HEADER is doubtful. */
void doubts_raise(struct doubts *doubts, const char *source, const struct header *header);

/* Is this line doubtful?  Asking settles it: the line after it is believed again. */
bool doubts_settle(struct doubts *doubts, const char *source, const struct header *header);

/* Writes the table as lines "doubt ..." to OUT. */
void doubts_save(const struct doubts *doubts, FILE *out);

/* Takes one of those lines back (without "doubt " and its end).  Returns false if it is none; DOUBTS may be NULL to ask that alone. */
bool doubts_restore(struct doubts *doubts, const char *line);

#endif
