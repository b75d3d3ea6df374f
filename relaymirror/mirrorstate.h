/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorstate.h - the state file: what a restart must know of the mirror
 *
 * A head, then lines of mirror_save(), appended as things change; written again
 * whole when it has grown, and at every start.  A line that a crash has cut is
 * the last one, and is passed by.
 */
#ifndef RELAYMIRROR_MIRRORSTATE_H
#define RELAYMIRROR_MIRRORSTATE_H

#include <stdbool.h>

#include "mirror.h"

struct mirrorstate;

/* Loads PATH, if it is there, into MIRROR; what makes no sense in it is logged.
 * Both must outlive it.  Returns NULL after logging why it cannot be written:
 * without a state nothing may be mirrored. */
struct mirrorstate *mirrorstate_open(const char *path, struct mirror *mirror);

/* Writes what has changed.  Returns false after logging, once, why not; it is
 * then written with the next call. */
bool mirrorstate_save(struct mirrorstate *state);

/* Does not save.  NULL is fine. */
void mirrorstate_close(struct mirrorstate *state);

#endif
