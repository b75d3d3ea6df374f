/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hash.c - the form `hash': a map of Berkeley DB, as makemap and postmap make it
 *
 * Owns the table of the form and the calls that only read; the others are in commit.c and check.c.
 */
#include "address.h"
#include "check.h"
#include "commit.h"
#include "handle.h"
#include "image.h"
#include "location.h"
#include "queue.h"
#include "rows.h"
#include "snapshot.h"
#include "store.h"
#include "transform.h"

#include <string.h>

/* The snapshot of somebody who only reads. */
static int snapshot_read(struct relaydb *db, struct snapshot *snapshot)
{
	struct place place;
	int code;

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
	bool entry;
	int64_t stamp;
};

/* A row of that address, however it is spelled. */
static int search_row(struct bytes key, struct bytes value, void *arg)
{
	struct search *search = arg;
	struct row row;

	row_parse(key, value, &row);
	if (!row.address_ok || strcmp(row.text, search->address) != 0)
		return 0;
	search->entry = row.entry;
	search->stamp = row.stamp;
	return 1;
}

/* In an image that makemap or postmap has made. */
static int search_all(const struct image *image, struct search *search)
{
	switch (image_walk(image, search_row, search)) {
	case 0:
		return RELAYDB_NOTFOUND;
	case 1:
		return RELAYDB_OK;
	default:
		return RELAYDB_NOMEM;
	}
}

static int search_plain(const struct image *image, struct search *search)
{
	char value[STAMP_SIZE];
	size_t size = 0;
	int code = image_find(image, (struct bytes){ search->address, strlen(search->address) }, value, sizeof value, &size);

	search->entry = code == RELAYDB_OK && size <= sizeof value && stamp_read(value, size, &search->stamp);
	return code;
}

static int image_get(struct relaydb *db, const struct snapshot *snapshot, const char *address, int64_t *stamp)
{
	struct search search = { .address = address };
	int code = snapshot->info.plain ? search_plain(&snapshot->image, &search) : search_all(&snapshot->image, &search);

	if (code == RELAYDB_NOMEM)
		return db_fail(db, code, "out of memory");
	if (code != RELAYDB_OK)
		return db_fail(db, code, "%s has no row in %s", address, db->path);
	*stamp = search.entry ? search.stamp : RELAYDB_PERMANENT;
	return search.entry ? RELAYDB_OK : db_no_entry(db, address);
}

static int hash_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	struct snapshot snapshot;
	int code = snapshot_read(db, &snapshot);

	if (code != RELAYDB_OK)
		return code;
	code = image_get(db, &snapshot, address, stamp);
	snapshot_free(&snapshot);
	return code;
}

static int hash_each(struct relaydb *db, int64_t since, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct snapshot snapshot;
	struct rows rows;
	int code = snapshot_read(db, &snapshot);

	if (code != RELAYDB_OK)
		return code;
	code = transform_rows_since(db, &snapshot.image, since, &rows);
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		code = rows_deliver(&rows, each, arg);
	}
	rows_free(&rows);
	snapshot_free(&snapshot);
	return code;
}

static int hash_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	const struct task task = { .change = batch_transform, .arg = batch, .batch = batch, .create = batch_records(batch) };

	return commit_run(batch->db, now, &task, result);
}

static int hash_load(struct dump *dump, int64_t now, struct relaydb_result *result)
{
	const struct task task = { .change = dump_transform, .arg = dump, .create = true };

	return commit_run(dump->db, now, &task, result);
}

/* Finishes what is under way, if anything is. */
static int hash_settle(struct relaydb *db, int64_t now)
{
	const struct task task = { .create = false };
	struct place place;
	bool nothing;
	int code;

	code = place_open(db, &place, false);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOFILE ? RELAYDB_OK : code;
	nothing = !place_has(&place, REDO_SUFFIX) && !queue_exists(&place);
	place_close(&place);
	if (nothing)
		return RELAYDB_OK;
	code = commit_run(db, now, &task, NULL);
	return code == RELAYDB_NOFILE ? RELAYDB_OK : code;
}

const struct store hash_store = {
	.name = "hash",
	.get = hash_get,
	.each = hash_each,
	.commit = hash_commit,
	.load = hash_load,
	.check = hash_check,
	.settle = hash_settle,
};
