/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snapshot.c - one consistent state of the database
 *
 * The lock is held for as long as it takes to copy the file into memory,
 * whatever is done with the rows afterwards.  A redo is looked for after the
 * lock is there: then either its commit is in force or its writer is dead, and
 * both times the record laid over the bytes is the committed state.
 */
#include "snapshot.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "known.h"
#include "location.h"
#include "lock.h"
#include "memory.h"
#include "queue.h"
#include "queuetext.h"
#include "redo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Lays a pending redo over the image, if there is one and it belongs here.
 * *size and *sum: what it has taken from the queue. */
static int overlay_pending(struct relaydb *db, const struct location *location,
    struct snapshot *snapshot, size_t *size, uint64_t *sum)
{
	struct redo redo;
	int fd;
	int code = location_companion(db, location, REDO_SUFFIX, LOCATION_READ, &fd);

	if (code == RELAYDB_NOTFOUND)
		return RELAYDB_OK;
	if (code != RELAYDB_OK)
		return code;
	code = redo_read(db, fd, &redo);
	close(fd);
	if (code != RELAYDB_OK)
		return code;
	snapshot->redone = redo_fits(&redo, &snapshot->image);
	if (snapshot->redone) {
		*size = redo_queue_size(&redo);
		*sum = redo_queue_sum(&redo);
		code = redo_overlay(db, &redo, &snapshot->image);
	}
	redo_free(&redo);
	return code;
}

/* The queue without its first bytes, if they are in the image. */
static int read_queue(struct relaydb *db, const struct location *location, bool writing,
    struct snapshot *snapshot, size_t size, uint64_t sum)
{
	struct image *queue = &snapshot->queue;
	int code = queue_read(db, location, writing, queue);

	if (code == RELAYDB_OK && size > 0 && queue->size >= size &&
	    io_sum(queue->data, size) == sum)
		memset(queue->data, '\n', size);
	return code;
}

/* Under LOCK_SH no commit can be written or cleared: what is in the database
 * and not in the queue, or the other way round, is in one of the two. */
static int copy_locked(
    struct relaydb *db, const struct location *location, bool writing, struct snapshot *snapshot)
{
	size_t taken = 0;
	uint64_t sum = 0;
	bool interrupted;
	int code = lock_wait(db, snapshot->fd, LOCK_SH, "");

	if (code != RELAYDB_OK)
		return code;
	/* then the file may have more, or less, than its first page says */
	interrupted = location_has(location, REDO_SUFFIX);
	if (known_look(snapshot->fd, &snapshot->st, &snapshot->settled) != 0)
		code = db_fail_errno(db, "look at", "", errno);
	else if (!interrupted && memory_recall(db, writing, snapshot))
		snapshot->recalled = true;
	else if (!interrupted)
		code = image_prove_head(db, snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK && !snapshot->recalled)
		code = io_read(db, snapshot->fd, "", &snapshot->st, &snapshot->image);
	/* a record that was not there a moment ago is no commit's, while we
	 * have the lock; and what is remembered is not to be laid over */
	if (code == RELAYDB_OK && interrupted)
		code = overlay_pending(db, location, snapshot, &taken, &sum);
	if (code == RELAYDB_OK)
		code = read_queue(db, location, writing, snapshot, taken, sum);
	lock_release(snapshot->fd);
	return code;
}

/* What was read becomes what the handle remembers, once it is proved. */
static int prove(struct relaydb *db, struct snapshot *snapshot)
{
	int code;

	if (snapshot->borrowed)
		return RELAYDB_OK;
	if (memory_has(db, &snapshot->image, &snapshot->info)) {
		if (!snapshot->redone)
			memory_confirm(db, snapshot);
		return RELAYDB_OK;
	}
	memory_forget(db); /* it would only be in the way of what is read now */
	code = image_prove(db, &snapshot->image, &snapshot->info);
	if (code == RELAYDB_OK && !snapshot->redone && snapshot->image.size > 0)
		memory_keep(db, snapshot);
	return code;
}

int snapshot_take(
    struct relaydb *db, const struct location *location, bool writing, struct snapshot *snapshot)
{
	struct stat directory;
	bool settled;
	int code;

	*snapshot = (struct snapshot){ .fd = -1 };
	if (known_look(location->dir, &directory, &settled) != 0)
		return db_fail_errno(db, "look at the directory of", "", errno);
	code = location_open_map(db, location, writing, false, &snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = copy_locked(db, location, writing, snapshot);
	if (code == RELAYDB_OK)
		code = prove(db, snapshot);
	if (code == RELAYDB_OK && snapshot->borrowed)
		memory_note_directory(db, location, &directory,
		    settled && snapshot->queue.size == 0 && !location_has(location, REDO_SUFFIX) &&
			!queue_exists(location));
	if (code != RELAYDB_OK)
		snapshot_free(snapshot);
	return code;
}

int snapshot_add_queue(struct relaydb *db, struct snapshot *snapshot)
{
	struct bytes queue = { snapshot->queue.data, snapshot->queue.size };
	struct image new = { NULL, 0, false };
	int code;

	if (queue.size == 0)
		return RELAYDB_OK;
	code = queue_apply(db, queue, &snapshot->image, &snapshot->info, &new);
	if (code != RELAYDB_OK || new.data == NULL)
		return code;
	if (!snapshot->borrowed)
		image_free(&snapshot->image);
	snapshot->borrowed = false;
	snapshot->image = new;
	return RELAYDB_OK;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot->borrowed)
		image_free(&snapshot->image);
	image_free(&snapshot->queue);
	lock_close(&snapshot->fd);
}
