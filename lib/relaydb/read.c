/* SPDX-License-Identifier: BSD-2-Clause
 *
 * read.c - one consistent state of the database, and the public calls that only read
 *
 * The lock is held for as long as it takes to copy the file into memory, whatever is done with the rows afterwards.  A redo is
 * looked for after the lock is there: then either its commit is in force or its writer is dead, and both times the record
 * laid over the bytes is the committed state.
 */
#include "relaydb_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int read_whole(struct relaydb *db, int fd, const char *suffix, size_t size, struct image *image)
{
	size_t done = 0;

	*image = (struct image){ NULL, 0, false };
	if (size > IMAGE_MAX)
		return fail(db, RELAYDB_NOTDB, "%s%s is larger than any relay database", db->path, suffix);
	image->data = malloc(size + 1);
	if (image->data == NULL)
		return fail(db, RELAYDB_NOMEM, "out of memory: %s%s has %zu bytes", db->path, suffix, size);
	while (done < size) {
		ssize_t n = pread(fd, image->data + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			image_free(image);
			return n < 0 ? fail_errno(db, "read", suffix, errno)
				     : fail(db, RELAYDB_IO, "%s%s was cut short while it was read, by somebody without a lock",
					   db->path, suffix);
		}
		done += (size_t)n;
	}
	image->size = size;
	return RELAYDB_OK;
}

/* Lays a pending redo over the image, if there is one and it belongs here. */
static int overlay_pending(struct relaydb *db, const struct place *place, struct snapshot *snapshot)
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
	snapshot->redone = redo_fits(&redo, &snapshot->image, snapshot->image.size);
	if (snapshot->redone)
		code = redo_overlay(db, &redo, &snapshot->image);
	redo_free(&redo);
	return code;
}

static int copy_locked(struct relaydb *db, const struct place *place, struct snapshot *snapshot)
{
	int code = lock_wait(db, snapshot->fd, LOCK_SH, "");

	if (code != RELAYDB_OK)
		return code;
	if (fstat(snapshot->fd, &snapshot->st) != 0)
		code = fail_errno(db, "look at", "", errno);
	if (code == RELAYDB_OK)
		code = read_whole(db, snapshot->fd, "", (size_t)snapshot->st.st_size, &snapshot->image);
	if (code == RELAYDB_OK)
		code = overlay_pending(db, place, snapshot);
	lock_release(snapshot->fd);
	return code;
}

int snapshot_take(struct relaydb *db, const struct place *place, bool writing, bool create, struct snapshot *snapshot)
{
	char why[128];
	int code;

	*snapshot = (struct snapshot){ .fd = -1 };
	code = place_open_map(db, place, writing, create, &snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = copy_locked(db, place, snapshot);
	if (code == RELAYDB_OK) {
		errno = 0;
		if (!image_check(&snapshot->image, &snapshot->info, why, sizeof why))
			code = fail(db, errno == ENOMEM ? RELAYDB_NOMEM : RELAYDB_NOTDB, "%s is not a relay database: %s",
			    db->path, why);
	}
	if (code != RELAYDB_OK)
		snapshot_free(snapshot);
	return code;
}

void snapshot_free(struct snapshot *snapshot)
{
	image_free(&snapshot->image);
	if (snapshot->fd >= 0)
		close(snapshot->fd);
	snapshot->fd = -1;
}

/* The snapshot of somebody who only reads. */
static int snapshot_read(struct relaydb *db, struct snapshot *snapshot)
{
	struct place place;
	int code;

	call_begin(db);
	code = place_open(db, &place, false);
	if (code != RELAYDB_OK)
		return code;
	code = snapshot_take(db, &place, false, false, snapshot);
	place_close(&place);
	return code;
}

int relaydb_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	char text[RELAYDB_ADDRSTRLEN], value[32];
	struct snapshot snapshot;
	size_t size = 0;
	int code;

	call_begin(db);
	if (relaydb_address(address, text) != RELAYDB_OK)
		return fail(db, RELAYDB_BADADDR, "not an IP address");
	code = snapshot_read(db, &snapshot);
	if (code != RELAYDB_OK)
		return code;
	code = image_find(&snapshot.image, (struct bytes){ text, strlen(text) }, value, sizeof value, &size);
	if (code == RELAYDB_NOTFOUND) /* as postmap writes it */
		code = image_find(&snapshot.image, (struct bytes){ text, strlen(text) + 1 }, value, sizeof value, &size);
	snapshot_free(&snapshot);
	if (code != RELAYDB_OK)
		return fail(db, code, code == RELAYDB_NOTFOUND ? "%s has no row in %s" : "out of memory: %s in %s", text, db->path);
	if (size > 0 && size <= sizeof value && value[size - 1] == '\0')
		size--;
	if (size > sizeof value || !stamp_read(value, size, stamp))
		*stamp = RELAYDB_PERMANENT;
	return RELAYDB_OK;
}

static int deliver(const struct stored *stored, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct relaydb_row out = { stored->key.data, stored->key.size, stored->value.data, stored->value.size, stored->entry,
		stored->stamp, "" };
	struct row row;

	if (stored->entry) {
		row_read(stored->key, stored->value, &row);
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
