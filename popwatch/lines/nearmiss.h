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

/* Has MESSAGE an address, or a word of logins, and no word that stands for
 * something else? */
bool near_miss(struct span message);

#endif
