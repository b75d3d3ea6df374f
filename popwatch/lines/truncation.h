/* SPDX-License-Identifier: BSD-2-Clause
 *
 * truncation.h - which lines must not be believed, since one before them was
 * cut
 *
 * Some loggers cut a long message and write its rest as a line of its own,
 * under the same tag: a client that chooses the message (a user name will do)
 * chooses that line.  What can be such a piece depends on the logger:
 *
 * - Where each process writes for itself, the rest of its message is its next
 *   line, and nothing else is.  A rest that is cut again has a rest in turn.
 * - courierlogger reads one pipe, into which all connections write, through two
 *   buffers.  The rest comes next here too.  But when messages come faster than
 *   it writes, its second buffer ends within a message, and the end of that
 *   message comes as a line of its own up to 4096 bytes later.  So the next
 *   TRUNCATION_LINES lines may be pieces, each cut line beginning the count
 *   again, if they come within TRUNCATION_SECONDS; and the more messages are
 *   cut one soon after the other, the more lines, up to TRUNCATION_LINES_MAX.
 *   Since a client could keep everybody's logins in doubt that way, at no cost,
 *   a login among these counts if its own connection was logged.
 *
 * So courierlogger writes a user name of 1,000 bytes, each line under "imapd:",
 * and these are the verdicts (the lines left are struct truncation's `lines'):
 *
 *	LOGIN FAILED, user=aaa...  511 bytes   NONE   cut: 6 lines in doubt
 *	aaa...                     511 bytes   REST   cut again: still 6
 *	aaa, ip=[192.0.2.9]        its end     REST   5 left
 *	LOGIN, user=bob, ...       another's   LATER  4 left; counts only if its
 *	                                              connection was logged
 *
 * Owns: the table of those whose last messages were cut, by definition, source,
 * host, tag and process, and its text in the state file.
 * Limits: TRUNCATIONS_MAX of them at once, the oldest makes room.
 */
#ifndef POPWATCH_TRUNCATION_H
#define POPWATCH_TRUNCATION_H

#include <stdbool.h>
#include <stdio.h>

#include "layout.h"

#include "definition.h"

#define TRUNCATIONS_MAX 1024
/* Courier's messages have 1023 bytes at most, 511 to a piece: the rests of
 * three of them */
#define TRUNCATION_LINES 6
/* for each message that is cut while lines of the one before it are left */
#define TRUNCATION_LINES_MORE 3
#define TRUNCATION_LINES_MAX 128 /* a buffer of 4096 bytes full of the shortest lines */
#define TRUNCATION_SECONDS 10

/* What a line may be. */
enum truncation_verdict {
	TRUNCATION_NONE, /* no piece of another one */
	TRUNCATION_LATER, /* perhaps one: a login needs its connection in the log */
	/* the rest of the line before it: a login needs a group `proof', which
	 * takes what no rest can have */
	TRUNCATION_REST
};

struct truncations;

/* Returns NULL without memory. */
struct truncations *truncations_new(void);

/* Frees it; a NULL is fine. */
void truncations_free(struct truncations *truncations);

/* Takes notice of each line that is for DEFINITION, of SOURCE (a name without
 * blanks, that a restart does not change) with host, tag and process of HEADER,
 * at WHEN, and finds out whether it was cut itself.  Returns what it may be. */
enum truncation_verdict truncations_take(struct truncations *truncations,
    const struct definition *definition, const char *source, const struct header *header,
    int64_t when);

/* Writes the table as lines "doubt ..." to OUT. */
void truncations_save(const struct truncations *truncations, FILE *out);

/* Takes one of those lines back (without "doubt " and its end).  Returns false
 * if it is none; TRUNCATIONS may be NULL to ask that alone. */
bool truncations_restore(struct truncations *truncations, const char *line);

#endif
