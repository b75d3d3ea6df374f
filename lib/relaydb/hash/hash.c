/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hash.c - the form `hash': a map of Berkeley DB, as makemap and postmap make
 * it
 *
 * Owns the table of the form and the calls that only read; the others are in
 * commit.c and check.c.
 */
#include "address.h"
#include "check.h"
#include "collect.h"
#include "commit.h"
#include "dump.h"
#include "handle.h"
#include "image.h"
#include "location.h"
#include "memory.h"
#include "queue.h"
#include "rows.h"
#include "snapshot.h"
#include "store.h"
#include "transform.h"

#include <string.h>

/* The snapshot of somebody who only reads. */
static int snapshot_read(struct relaydb *db, struct snapshot *snapshot)
{
	struct location location;
	int code;

	code = location_open(db, &location, false);
	if (code != RELAYDB_OK)
		return code;
	code = snapshot_take(db, &location, false, snapshot);
	location_close(&location);
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

/* In an image whose addresses are all spelled as we or as postmap spells
 * them. */
static int search_spelled(
    const struct image *image, const struct image_info *info, struct search *search)
{
	struct bytes key = { search->address, strlen(search->address) }, value;
	char text[STAMP_SIZE + 1];
	struct row row;
	int code;

	value = (struct bytes){ text, 0 };
	code = image_find(image, key, text, sizeof text, &value.size);
	if (code == RELAYDB_NOTFOUND && !info->plain) {
		key.size++;
		code = image_find(image, key, text, sizeof text, &value.size);
	}
	if (code != RELAYDB_OK || value.size > sizeof text)
		return code;
	row_parse(key, value, &row);
	search->entry = row.entry;
	search->stamp = row.stamp;
	return code;
}

/* Among the rows of an image that spells some of them otherwise: in order of
 * keys, each once. */
static int search_rows(const struct rows *rows, struct search *search)
{
	const struct stored *stored =
	    rows_find(rows, (struct bytes){ search->address, strlen(search->address) });

	if (stored == NULL)
		return RELAYDB_NOTFOUND;
	search->entry = stored->entry;
	search->stamp = stored->stamp;
	return RELAYDB_OK;
}

static int search_odd(struct relaydb *db, const struct image *image, struct search *search)
{
	const struct rows *remembered = memory_rows(db, image);
	struct rows rows;
	int code;

	if (remembered != NULL)
		return search_rows(remembered, search);
	code = collect_rows(db, image, EVERY_ROW, &rows);
	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		code = search_rows(&rows, search);
	}
	rows_free(&rows);
	return code;
}

static int image_get(struct relaydb *db, const struct image *image, const struct image_info *info,
    const char *address, int64_t *stamp)
{
	struct search search = { .address = address };
	int code =
	    info->odd ? search_odd(db, image, &search) : search_spelled(image, info, &search);

	if (code == RELAYDB_NOMEM)
		return db_fail(db, code, "out of memory");
	if (code != RELAYDB_OK)
		return db_fail(db, code, "%s has no row in %s", address, db->path);
	*stamp = search.entry ? search.stamp : RELAYDB_PERMANENT;
	return search.entry ? RELAYDB_OK : db_no_entry(db, address);
}

static int hash_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	const struct image_info *info;
	const struct image *image;
	struct snapshot snapshot;
	int code;

	if (memory_unchanged(db, &image, &info))
		return image_get(db, image, info, address, stamp);
	code = snapshot_read(db, &snapshot);
	if (code != RELAYDB_OK)
		return code;
	code = image_get(db, &snapshot.image, &snapshot.info, address, stamp);
	snapshot_free(&snapshot);
	return code;
}

static int hash_each(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct snapshot snapshot;
	struct memory *taken;
	struct rows rows;
	int code = snapshot_read(db, &snapshot);

	if (code != RELAYDB_OK)
		return code;
	code = collect_rows(db, &snapshot.image, since, &rows);
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		taken = memory_take(db); /* EACH may use the handle, and the rows are in there */
		code = rows_deliver(&rows, each, arg);
		memory_return(db, taken);
	}
	rows_free(&rows);
	snapshot_free(&snapshot);
	return code;
}

static int hash_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	const struct task task = { .change = batch_transform,
		.arg = batch,
		.batch = batch,
		.create = batch_records(batch) };

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
	struct location location;
	bool nothing;
	int code;

	code = location_open(db, &location, false);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOFILE ? RELAYDB_OK : code;
	nothing = !location_has(&location, REDO_SUFFIX) && !queue_exists(&location);
	location_close(&location);
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
	.forget = memory_forget,
};
