/* SPDX-License-Identifier: BSD-2-Clause
 *
 * doubt.h - which lines must not be believed, since one before them was cut
 *
 * Some loggers cut a long message and write its rest as lines of their own, under the same tag: whoever chooses the message (a user
 * name will do) chooses those lines.  They need not come next: courierlogger reads one pipe through two buffers, so that in a burst of
 * messages a rest comes after other lines.  Nor need all of them be seen to be cut, since it strips "DEBUG:" and blanks from a piece.
 * So the next DOUBT_LINES lines of that source, host, tag and process are not believed, each cut line beginning the count anew, if they
 * come within DOUBT_SECONDS; and the more messages are cut one soon after the other, the more lines, up to DOUBT_LINES_MAX.
 * No time alone would do: whoever can be cut could then keep everybody's logins from being believed at no cost.
 * Owns: the table of them, and its text in the state file.  Limits: DOUBTS of them at once, the oldest makes room.
 */
#ifndef POPWATCH_DOUBT_H
#define POPWATCH_DOUBT_H

#include <stdbool.h>
#include <stdio.h>

#include "header.h"

#define DOUBTS 1024
#define DOUBT_LINES 6 /* Courier's messages have 1023 bytes at most, 511 to a piece: the rests of three of them */
#define DOUBT_LINES_MORE 3 /* for each message that is cut while the one before it is not settled */
#define DOUBT_LINES_MAX 128 /* a buffer of 4096 bytes full of the shortest lines */
#define DOUBT_SECONDS 10

struct doubts;

/* Returns NULL without memory. */
struct doubts *doubts_new(void);

/* Frees it; a NULL is fine. */
void doubts_free(struct doubts *doubts);

/* Takes notice of each line of SOURCE (a name without blanks, that a restart does not change) with host, tag and process of HEADER, at
 * WHEN, and whether it was CUT.  Returns true if it must not be believed. */
bool doubts_take(struct doubts *doubts, const char *source, const struct header *header, int64_t when, bool cut);

/* Writes the table as lines "doubt ..." to OUT. */
void doubts_save(const struct doubts *doubts, FILE *out);

/* Takes one of those lines back (without "doubt " and its end).  Returns false if it is none; DOUBTS may be NULL to ask that alone. */
bool doubts_restore(struct doubts *doubts, const char *line);

#endif
