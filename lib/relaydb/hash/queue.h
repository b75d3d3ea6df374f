/* SPDX-License-Identifier: BSD-2-Clause
 *
 * queue.h - PATH.queue: changes that are recorded, but cannot be visible yet
 *
 * MTAs notice one change a second (force.h).  A batch that comes earlier is
 * appended here, safe on the disk, and its writer goes, except the first: it
 * waits, holding no lock, and commits all that has come.  To our readers what
 * lies here is in the database; every commit and settle takes it along, so it
 * outlives the process that was to wait.
 *
 * Its text is queuetext.h's.  The file is at most QUEUE_MAX bytes long, and it
 * must belong to root, the directory's owner or the caller, as PATH.lock.
 */
#ifndef RELAYDB_QUEUE_H
#define RELAYDB_QUEUE_H

#include "handle.h"
#include "image.h"
#include "location.h"

#define QUEUE_SUFFIX ".queue"
#define QUEUE_MAX ((size_t)4 << 20)

/* Appends TEXT and syncs it.  If nobody waits for the queue, *waiter becomes a
 * descriptor: the caller is the one, until it is closed or the process dies.
 * Else -1.
 * Returns RELAYDB_OK, NOMEM (the queue is full: nothing was appended), LOCKED,
 * PERM, IO. */
int queue_append(
    struct relaydb *db, const struct location *location, const struct image *text, int *waiter);

/* Is there a queue that nobody waits for?  Then *waiter is set as by
 * queue_append(). */
bool queue_adopt(struct relaydb *db, const struct location *location, int *waiter);

/* Is there a queue? */
bool queue_exists(const struct location *location);

/* Reads all of it; none is empty.  A writer LOCKs out who appends, so that it
 * ends with a whole batch, and waits for it no more.  Returns RELAYDB_OK (free
 * with image_free), NOTDB (too large), LOCKED, PERM, IO, NOMEM. */
int queue_read(struct relaydb *db, const struct location *location, bool lock, struct image *queue);

/* Takes the first SIZE bytes away, which have been committed, if they have the
 * SUM (io_sum).  With PATH.lock held.  Returns RELAYDB_OK, LOCKED, PERM, IO,
 * NOMEM. */
int queue_drop(struct relaydb *db, const struct location *location, size_t size, uint64_t sum);

#endif
