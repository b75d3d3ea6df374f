/* SPDX-License-Identifier: BSD-2-Clause
 *
 * nearmiss.h - does a line that no expression takes look like a login?
 *
 * For reports alone: what is shown to an administrator whose logins are not
 * recorded should be a login, and not one of the many lines that a server
 * writes about anything else.  Nothing is believed because of it.  Pure.
 */
#ifndef POPWATCH_NEARMISS_H
#define POPWATCH_NEARMISS_H

#include <stdbool.h>

#include "span.h"

/* Does MESSAGE say that somebody is in, or has it a word of logins and an
 * address, and is its verb none of something else?  What names a client has or
 * chooses makes no difference.  If in doubt, it is one: a login that nobody
 * records is worse than a line too many in a report.  A line of names and
 * numbers alone, as cucipop writes them, has no such word and is none. */
bool near_miss(struct span message);

#endif
