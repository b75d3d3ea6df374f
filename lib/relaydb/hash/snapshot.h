/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snapshot.h - one consistent state of the database: file, record and queue
 */
#ifndef RELAYDB_SNAPSHOT_H
#define RELAYDB_SNAPSHOT_H

#include "image.h"
#include "location.h"

struct snapshot {
	int fd; /* the database, open and not locked any more; -1 when there is none */
	struct stat st;
	struct image image;
	struct image_info info;
	struct image queue; /* the bytes of PATH.queue, which are not in IMAGE */
	bool redone; /* a cut-off commit was read with it */
	bool borrowed; /* IMAGE is the handle's memory */
	bool recalled; /* the file was not read, its stat was believed */
	bool settled; /* a change after ST would show in the file's stat */
};

/* Reads the whole database under LOCK_SH, a pending redo over it, and the queue beside it, and proves the database; or takes
 * from the handle's memory what it has proved before.
 * Returns RELAYDB_OK (free with snapshot_free), NOFILE, NOTDB, LOCKED, PERM, IO, NOMEM. */
int snapshot_take(struct relaydb *db, const struct place *place, bool writing, struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);

/* For readers: what lies in the queue is brought into the image.  Returns RELAYDB_OK, IO, NOMEM. */
int snapshot_add_queue(struct relaydb *db, struct snapshot *snapshot);

#endif
