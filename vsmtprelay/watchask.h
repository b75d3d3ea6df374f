/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watchask.h - what popwatch says of this host, and of the log lines that have
 * a client's address
 *
 * Runs popwatch -n and popwatch -t with the host's own configuration; neither
 * changes anything.
 */
#ifndef VSMTPRELAY_WATCHASK_H
#define VSMTPRELAY_WATCHASK_H

#include <stdbool.h>

#define WATCHASK_TEXT 1024

struct watchask {
	char says[WATCHASK_TEXT]; /* why nothing was recorded; "": not known */
	char fix[WATCHASK_TEXT]; /* "": have the user fetch mail */
	char warning[WATCHASK_TEXT]; /* the address stands for everybody; "": no */
};

/* What keeps popwatch from recording anything on this host, as popwatch -n
 * says, in TEXT.  Returns false if there is nothing, or if this user cannot
 * tell. */
bool watch_obstacle(char text[WATCHASK_TEXT]);

/* Why no login of ADDRESS was recorded; LINES are those that have it, as
 * trace_lines() returns them, or NULL.  All that is said is printable. */
void watch_ask(struct watchask *ask, const char *address, const char *lines);

#endif
