/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snapshot.h - one consistent state of the database: file, record and queue
 */
#ifndef RELAYDB_SNAPSHOT_H
#define RELAYDB_SNAPSHOT_H

#include "copy.h"
#include "location.h"

/* Reads the whole database under LOCK_SH, a pending redo over it, and the queue
 * beside it, and proves the database; or takes from the handle's memory what it
 * has proved before.
 * Returns RELAYDB_OK (free with snapshot_free), NOFILE, NOTDB, LOCKED, PERM,
 * IO, NOMEM. */
int snapshot_take(
    struct relaydb *db, const struct location *location, bool writing, struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* For readers: what lies in the queue is brought into the image.  Returns
 * RELAYDB_OK, IO, NOMEM. */
int snapshot_add_queue(struct relaydb *db, struct snapshot *snapshot);

#endif
