/* SPDX-License-Identifier: BSD-2-Clause
 *
 * queue.h - PATH.queue: changes that are recorded, but cannot be visible yet
 *
 * MTAs notice one change a second (force.h).  A batch that comes earlier is appended here, safe on the disk, and its writer
 * goes, except the first: it waits, holding no lock, and commits all that has come.  To our readers what lies here is in the
 * database; every commit and settle takes it along, so it outlives the process that was to wait.
 *
 * Text, a batch after the other, each whole or not there:
 *
 *	begin
 *	record 192.0.2.7 1790000000
 *	put 2001:db8::7 1790000000
 *	delete 192.0.2.8
 *	expire 1789990000
 *	end 0123456789abcdef
 *
 * where `end' has a sum (FNV-1a) of the lines between.  It finds what a crash has cut, not what an enemy wrote: who may
 * write the directory may write the database too.  All the same each address and stamp is read as from a stranger, the file
 * is at most QUEUE_MAX bytes long, and it must belong to root, the directory's owner or the caller, as PATH.lock.
 */
#ifndef RELAYDB_QUEUE_H
#define RELAYDB_QUEUE_H

#include "handle.h"
#include "image.h"
#include "location.h"

#define QUEUE_SUFFIX ".queue"
#define QUEUE_MAX ((size_t)4 << 20)

/* BATCH as it stands in the queue; free with image_free.  Returns RELAYDB_OK or NOMEM. */
int queue_text(const struct relaydb_batch *batch, struct image *text);

/* Appends TEXT and syncs it.  If nobody waits for the queue, *waiter becomes a descriptor: the caller is the one, until it
 * is closed or the process dies.  Else -1.
 * Returns RELAYDB_OK, NOMEM (the queue is full: nothing was appended), LOCKED, PERM, IO. */
int queue_append(struct relaydb *db, const struct place *place, const struct image *text, int *waiter);

/* Is there a queue that nobody waits for?  Then *waiter is set as by queue_append(). */
bool queue_adopt(struct relaydb *db, const struct place *place, int *waiter);

/* Is there a queue? */
bool queue_exists(const struct place *place);

/* Reads all of it; none is empty.  A writer LOCKs out who appends, so that it ends with a whole batch, and waits for it no more.
 * Returns RELAYDB_OK (free with image_free), NOTDB (too large), LOCKED, PERM, IO, NOMEM. */
int queue_read(struct relaydb *db, const struct place *place, bool lock, struct image *queue);

/* A sum of the first SIZE bytes. */
uint64_t queue_sum(const void *data, size_t size);

/* Takes the first SIZE bytes away, which have been committed, if they have the SUM.  With PATH.lock held.
 * Returns RELAYDB_OK, LOCKED, PERM, IO, NOMEM. */
int queue_drop(struct relaydb *db, const struct place *place, size_t size, uint64_t sum);

/* Carries out on OLD (checked), which has *INFO, what lies in QUEUE.  *new stays empty if that changes nothing; else *info is
 * its.  What is damaged is left out and a notice says so.  Returns RELAYDB_OK, IO, NOMEM. */
int queue_apply(struct relaydb *db, struct bytes queue, const struct image *old, struct image_info *info, struct image *new);

#endif
