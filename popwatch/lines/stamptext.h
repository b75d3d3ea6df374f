/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamptext.h - a stamp in a line: its kind, and where it ends
 *
 * Leaves to others: which stamps a layout has (layout.h), and what time one is
 * (stamp.h).  Those that return false leave the cursor where it is.
 */
#ifndef POPWATCH_STAMPTEXT_H
#define POPWATCH_STAMPTEXT_H

#include <stdbool.h>

#include "cursor.h"
#include "header.h"

/* Nov 20 11:46:38, Nov  5 ..., Nov 5 ..., with a year before it, or before or
 * behind the time, or a fraction, which is no part of the stamp; the blank that
 * ends it stays. */
bool take_bsd_stamp(struct cursor *c, struct header *h);

/* 2026-11-20T11:46:38 (or another SEPARATOR than T; with _ it has no zone, as
 * svlogd -tt writes it), a fraction after . or a
 * comma, a zone; what ends it stays. */
bool take_iso_stamp(struct cursor *c, char separator, struct header *h);

/* @400000006920a5e61b2c3d4e; what ends it stays. */
bool take_tai64n_stamp(struct cursor *c, struct header *h);

/* A stamp, of the line or a second one, and the blank behind it. */
bool take_any_stamp(struct cursor *c, struct header *h);

/* A second stamp behind the first, if there is one. */
void skip_second_stamp(struct cursor *c);

#endif
