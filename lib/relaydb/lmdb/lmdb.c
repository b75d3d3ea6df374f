/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lmdb.c - the form `lmdb': a map of LMDB, as postmap makes it and Postfix
 * reads it
 *
 * A reader locks the file F_RDLCK, reads and proves what it needs (lookup.h,
 * pages.h), and unlocks it.  A writer does one transaction (mdbwrite.h).
 * The file is never unlinked, truncated or replaced: an smtpd keeps it open,
 * mapped, for its life.  So a new one comes into being whole, by rename;
 * PATH.lock orders those who make it.
 */
#include "address.h"
#include "examine.h"
#include "handle.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "lookup.h"
#include "mdbfile.h"
#include "mdbmemory.h"
#include "mdbwrite.h"
#include "pages.h"
#include "rows.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As an MTA looks it up: with NUL, then without. */
static int find(struct relaydb *db, struct lookup *lookup, int fd, const char *address,
    char value[STAMP_SIZE + 1], size_t *size)
{
	struct bytes key = { address, strlen(address) + 1 };
	int code = RELAYDB_NOTFOUND;

	for (int tries = 0; tries < 2 && code == RELAYDB_NOTFOUND; tries++, key.size--)
		code = lookup_find(db, lookup, fd, key, value, STAMP_SIZE + 1, size);
	return code;
}

static int find_in_file(struct relaydb *db, struct lookup *lookup, const char *address,
    char value[STAMP_SIZE + 1], size_t *size)
{
	struct location location;
	struct stat st;
	int fd;
	int code = location_open(db, &location, false);

	if (code != RELAYDB_OK)
		return code;
	code = location_open_map(db, &location, false, false, &fd, &st);
	location_close(&location);
	if (code != RELAYDB_OK)
		return code;
	code = lock_wait_whole(db, fd, F_RDLCK);
	if (code == RELAYDB_OK) {
		code = lookup_begin(db, lookup, fd);
		if (code == RELAYDB_OK)
			code = find(db, lookup, fd, address, value, size);
		lock_release_whole(fd);
	}
	close(fd);
	return code;
}

static int lmdb_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	struct mdbmemory *memory = mdbmemory_of(db);
	char value[STAMP_SIZE + 1];
	int code = LOOKUP_AWAY;
	size_t size = 0;

	if (memory == NULL)
		return RELAYDB_NOMEM;
	if (lookup_unchanged(db, &memory->lookup))
		code = find(db, &memory->lookup, -1, address, value, &size);
	if (code == LOOKUP_AWAY)
		code = find_in_file(db, &memory->lookup, address, value, &size);
	if (code == RELAYDB_NOTFOUND)
		return db_fail(db, code, "%s has no row in %s", address, db->path);
	if (code != RELAYDB_OK)
		return code;
	if (size > 0 && size <= sizeof value && value[size - 1] == '\0')
		size--;
	if (size <= STAMP_SIZE && stamp_read(value, size, stamp))
		return RELAYDB_OK;
	*stamp = RELAYDB_PERMANENT;
	return db_no_entry(db, address);
}

struct collecting {
	struct rows *rows;
	struct bytes stays;
	int64_t since;
};

static int collect(struct bytes key, struct bytes value, void *arg)
{
	const struct collecting *collecting = arg;

	return rows_take(collecting->rows, collecting->since, key, value, collecting->stays);
}

static int lmdb_each(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct rows rows = { .row = NULL };
	struct mdbfile file;
	struct image image;
	struct location location;
	struct stat st;
	int fd;
	int code = location_open(db, &location, false);

	if (code != RELAYDB_OK)
		return code;
	code = location_open_map(db, &location, false, false, &fd, &st);
	location_close(&location);
	if (code != RELAYDB_OK)
		return code;
	code = mdbfile_read(db, fd, &file, &image);
	close(fd);
	if (code != RELAYDB_OK)
		return code;
	if (pages_walk(&image, collect,
		&(struct collecting){ &rows, { image.data, image.size }, since }) != 0)
		code = db_fail(db, RELAYDB_NOMEM, "out of memory");
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		code = rows_deliver(&rows, each, arg);
	}
	rows_free(&rows);
	image_free(&image);
	return code;
}

static int lmdb_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct examine examine = {
		.db = db, .now = now, .each = each, .arg = arg, .reader = "Postfix"
	};
	struct mdbfile file;
	struct image image;
	struct location location;
	struct stat st;
	int fd;
	int code = examine_location(&examine, &location, &fd, &st);

	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	code = mdbfile_read(db, fd, &file, &image);
	close(fd);
	location_close(&location);
	if (code == RELAYDB_NOTDB) {
		examine_damage(&examine);
		return RELAYDB_OK;
	}
	if (code != RELAYDB_OK)
		return code;
	if (image.size == 0)
		examine_report(&examine,
		    (struct relaydb_finding){
			.severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_EMPTY, .path = examine.file },
		    "%s is empty: Postfix cannot open it before the first commit", examine.file);
	pages_walk(&image, examine_row, &examine);
	examine_rows(&examine);
	image_free(&image);
	return RELAYDB_OK;
}

const struct store lmdb_store = {
	.name = "lmdb",
	.suffix = ".lmdb",
	.owner_only = true,
	.get = lmdb_get,
	.each = lmdb_each,
	.commit = mdbwrite_commit,
	.load = mdbwrite_load,
	.check = lmdb_check,
	.settle = location_settle,
	.forget = mdbmemory_forget,
};
