/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settle.h - finishes a commit that was cut off after it was decided
 */
#ifndef RELAYDB_SETTLE_H
#define RELAYDB_SETTLE_H

#include "turn.h"

/* With the turn taken: puts a PATH.redo that is there into force, or removes it
 * if the database was replaced since; a notice says which.  Returns RELAYDB_OK
 * (even if there is none), STEP_EARLY, NOTDB, LOCKED, PERM, IO, NOMEM. */
int settle_turn(struct turn *turn);

#endif
