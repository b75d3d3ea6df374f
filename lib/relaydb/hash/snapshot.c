/* SPDX-License-Identifier: BSD-2-Clause
 *
 * snapshot.c - one consistent state of the database, and the public calls that only read
 *
 * The lock is held for as long as it takes to copy the file into memory, whatever is done with the rows afterwards.  A redo is
 * looked for after the lock is there: then either its commit is in force or its writer is dead, and both times the record
 * laid over the bytes is the committed state.
 */
#include "snapshot.h"
#include "address.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "queue.h"
#include "redo.h"
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Lays a pending redo over the image, if there is one and it belongs here.  *size and *sum: what it has taken from the queue. */
static int overlay_pending(
    struct relaydb *db, const struct place *place, struct snapshot *snapshot, size_t *size, uint64_t *sum)
{
	struct redo redo;
	int fd, code = place_companion(db, place, REDO_SUFFIX, PLACE_READ, &fd);

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
static int read_queue(
    struct relaydb *db, const struct place *place, bool writing, struct snapshot *snapshot, size_t size, uint64_t sum)
{
	struct image *queue = &snapshot->queue;
	int code = queue_read(db, place, writing, queue);

	if (code == RELAYDB_OK && size > 0 && queue->size >= size && queue_sum(queue->data, size) == sum)
		memset(queue->data, '\n', size);
	return code;
}

/* Under LOCK_SH no commit can be written or cleared: what is in the database and not in the queue, or the other way round, is
 * in one of the two. */
static int copy_locked(struct relaydb *db, const struct place *place, bool writing, struct snapshot *snapshot)
{
	size_t taken = 0;
	uint64_t sum = 0;
	int code = lock_wait(db, snapshot->fd, LOCK_SH, "");

	if (code != RELAYDB_OK)
		return code;
	if (fstat(snapshot->fd, &snapshot->st) != 0)
		code = db_fail_errno(db, "look at", "", errno);
	if (code == RELAYDB_OK)
		code = io_read(db, snapshot->fd, "", &snapshot->st, &snapshot->image);
	if (code == RELAYDB_OK)
		code = overlay_pending(db, place, snapshot, &taken, &sum);
	if (code == RELAYDB_OK)
		code = read_queue(db, place, writing, snapshot, taken, sum);
	lock_release(snapshot->fd);
	return code;
}

int snapshot_take(struct relaydb *db, const struct place *place, bool writing, struct snapshot *snapshot)
{
	int code;

	*snapshot = (struct snapshot){ .fd = -1 };
	code = place_open_map(db, place, writing, false, &snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = copy_locked(db, place, writing, snapshot);
	if (code == RELAYDB_OK)
		code = image_prove(db, &snapshot->image, &snapshot->info);
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
	image_free(&snapshot->image);
	snapshot->image = new;
	return image_prove(db, &snapshot->image, &snapshot->info);
}

void snapshot_free(struct snapshot *snapshot)
{
	image_free(&snapshot->image);
	image_free(&snapshot->queue);
	lock_close(&snapshot->fd);
}

/* The snapshot of somebody who only reads. */
static int snapshot_read(struct relaydb *db, struct snapshot *snapshot)
{
	struct place place;
	int code;

	db_begin(db);
	code = place_open(db, &place, false);
	if (code != RELAYDB_OK)
		return code;
	code = snapshot_take(db, &place, false, snapshot);
	place_close(&place);
	if (code != RELAYDB_OK)
		return code;
	code = snapshot_add_queue(db, snapshot);
	if (code != RELAYDB_OK)
		snapshot_free(snapshot);
	return code;
}

struct search {
	const char *address;
	int64_t *stamp;
};

/* A row of that address, however it is spelled. */
static int search_row(struct bytes key, struct bytes value, void *arg)
{
	const struct search *search = arg;
	struct row row;

	row_parse(key, value, &row);
	if (!row.address_ok || strcmp(row.text, search->address) != 0)
		return 0;
	*search->stamp = row.entry ? row.stamp : RELAYDB_PERMANENT;
	return 1;
}

static int image_get(struct relaydb *db, const struct snapshot *snapshot, const char *address, int64_t *stamp)
{
	struct search search = { address, stamp };
	char value[STAMP_SIZE];
	size_t size = 0;
	int code;

	if (snapshot->info.plain)
		code = image_find(&snapshot->image, (struct bytes){ address, strlen(address) }, value, sizeof value, &size);
	else if ((code = image_walk(&snapshot->image, search_row, &search)) != RELAYDB_NOMEM)
		code = code == 1 ? RELAYDB_OK : RELAYDB_NOTFOUND;
	if (code == RELAYDB_NOMEM)
		return db_fail(db, code, "out of memory");
	if (code != RELAYDB_OK)
		return db_fail(db, code, "%s has no row in %s", address, db->path);
	if (snapshot->info.plain && (size > sizeof value || !stamp_read(value, size, stamp)))
		*stamp = RELAYDB_PERMANENT;
	return RELAYDB_OK;
}

int relaydb_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	char text[RELAYDB_ADDRSTRLEN];
	struct snapshot snapshot;
	int code;

	db_begin(db);
	if (relaydb_address(address, text) != RELAYDB_OK)
		return db_fail(db, RELAYDB_BADADDR, "\"%.64s\" is not the IP address of a client", address);
	code = snapshot_read(db, &snapshot);
	if (code != RELAYDB_OK)
		return code;
	code = image_get(db, &snapshot, text, stamp);
	snapshot_free(&snapshot);
	return code;
}

static int deliver(const struct stored *stored, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct relaydb_row out = { stored->key.data, stored->key.size, stored->value.data, stored->value.size, stored->entry,
		stored->stamp, "" };
	struct row row;

	if (stored->entry) {
		row_parse(stored->key, stored->value, &row);
		memcpy(out.address, row.text, sizeof out.address);
	}
	return each(&out, arg);
}

int relaydb_each(struct relaydb *db, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct snapshot snapshot;
	struct rows rows;
	int code = snapshot_read(db, &snapshot);

	if (code != RELAYDB_OK)
		return code;
	code = rows_collect(db, &snapshot.image, false, &rows);
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		for (size_t i = 0; code == 0 && i < rows.count; i++)
			code = deliver(&rows.row[i], each, arg);
	}
	rows_free(&rows);
	snapshot_free(&snapshot);
	return code;
}
