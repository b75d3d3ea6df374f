/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plan.c - what a batch makes of the bytes of a database
 *
 * First the batch becomes changes of single rows.  Where the hash has room for them they are made in a copy of it; a hash that is
 * too small, far too large or not in the store's form is built again, with all its rows.
 */
#include "plan.h"
#include "address.h"
#include "batch.h"
#include "bdb.h"
#include "handle.h"
#include "image.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
	struct relaydb_batch *batch;
	const struct image *image; /* where rows are looked up, unless ROWS has them, in the store's form and order */
	const struct rows *rows;
	struct change *changes;
	size_t count, room, growth;
	struct relaydb_result *result;
};

static struct change *change_add(struct work *work)
{
	if (work->count == work->room) {
		size_t room = work->room == 0 ? 64 : work->room * 2;
		struct change *grown = reallocarray(work->changes, room, sizeof *grown);

		if (grown == NULL)
			return NULL;
		work->changes = grown;
		work->room = room;
	}
	return &work->changes[work->count++];
}

/* A change of one row.  STAMP is ignored by REMOVE. */
static int change_row(struct work *work, struct bytes key, bool remove, int64_t stamp)
{
	struct change *change = change_add(work);
	char *copy = malloc(key.size + 32);
	int digits;

	if (change == NULL || copy == NULL) {
		if (change != NULL)
			work->count--; /* it was added, but stays empty */
		free(copy);
		return RELAYDB_NOMEM;
	}
	memcpy(copy, key.data, key.size);
	digits = remove ? 0 : snprintf(copy + key.size, 32, "%lld", (long long)stamp);
	*change = (struct change){ { copy, key.size }, { copy + key.size, (size_t)digits }, remove };
	return RELAYDB_OK; // cppcheck-suppress memleak ; forget_changes() frees the copy
}

/* What there is for an operation's address.  Returns RELAYDB_OK (entry or not), NOTFOUND, NOMEM. */
static int look_up(const struct work *work, struct bytes key, bool *entry, int64_t *stamp)
{
	const struct stored *stored;
	char value[STAMP_SIZE];
	size_t size = 0;
	int code;

	if (work->rows != NULL) {
		stored = rows_find(work->rows, key);
		if (stored == NULL)
			return RELAYDB_NOTFOUND;
		*entry = stored->entry;
		*stamp = stored->stamp;
		return RELAYDB_OK;
	}
	code = image_find(work->image, key, value, sizeof value, &size);
	if (code == RELAYDB_OK)
		*entry = size <= sizeof value && stamp_read(value, size, stamp);
	return code;
}

static int apply_op(struct work *work, const struct op *op)
{
	struct bytes key = { op->address, strlen(op->address) };
	int64_t there = 0, stamp = op->stamp;
	bool entry = false;
	int code = look_up(work, key, &entry, &there);
	bool found = code == RELAYDB_OK;

	if (code == RELAYDB_NOMEM)
		return code;
	if (op->kind == OP_DELETE) {
		if (!found && work->batch->absent != NULL)
			work->batch->absent[work->batch->absent_count++] = op->address;
		work->result->absent += !found;
		work->result->deleted += found;
		return found ? change_row(work, key, true, 0) : RELAYDB_OK;
	}
	if (op->kind == OP_RECORD && found && (!entry || there > stamp)) {
		stamp = there;
		if (!entry)
			return RELAYDB_OK; /* permanent */
	}
	if (work->batch->expire && stamp < work->batch->before) {
		work->result->expired += found;
		return found ? change_row(work, key, true, 0) : RELAYDB_OK;
	}
	if (found && entry && there == stamp)
		return RELAYDB_OK;
	work->result->added += !found;
	work->result->changed += found;
	work->growth += !found;
	return change_row(work, key, false, stamp);
}

/* An entry that no operation of the batch is about (apply_op settles those). */
static int expire_entry(struct work *work, struct bytes key, int64_t stamp)
{
	if (stamp >= work->batch->before || batch_find(work->batch, key) != NULL)
		return RELAYDB_OK;
	work->result->expired++;
	return change_row(work, key, true, 0);
}

static int expire_row(struct bytes key, struct bytes value, void *arg)
{
	struct row row;

	row_parse(key, value, &row);
	return row.entry ? expire_entry(arg, key, row.stamp) : RELAYDB_OK;
}

static int expire_all(struct work *work)
{
	int code = RELAYDB_OK;

	if (work->rows == NULL)
		return image_walk(work->image, expire_row, work);
	for (size_t i = 0; code == RELAYDB_OK && i < work->rows->count; i++)
		if (work->rows->row[i].entry)
			code = expire_entry(work, work->rows->row[i].key, work->rows->row[i].stamp);
	return code;
}

/* An MTA finds in the new bytes what the changes say, and nothing where they remove. */
static int prove_changes(const struct work *work, const struct image *new)
{
	for (size_t i = 0; i < work->count; i++) {
		const struct change *change = &work->changes[i];
		char value[32];
		size_t size = 0;
		int code = image_find(new, change->key, value, sizeof value, &size);
		bool right = change->remove ? code == RELAYDB_NOTFOUND
					    : code == RELAYDB_OK && size == change->value.size &&
						  memcmp(value, change->value.data, size) == 0;

		if (!right)
			return db_fail(
			    work->batch->db, RELAYDB_IO, "Berkeley DB lost a change in a copy of %s", work->batch->db->path);
	}
	return RELAYDB_OK;
}

static void forget_changes(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		free((void *)(uintptr_t)work->changes[i].key.data);
	work->count = 0;
}

/* ROWS is how many there are before. */
static int gather_changes(struct work *work, size_t rows)
{
	struct relaydb_batch *batch = work->batch;
	int code = RELAYDB_OK;

	batch->absent_count = 0;
	for (const struct op *op = batch->ops; code == RELAYDB_OK && op != NULL; op = op->next)
		code = apply_op(work, op);
	if (code == RELAYDB_OK && batch->expire)
		code = expire_all(work);
	work->result->rows = rows + work->result->added - work->result->deleted - work->result->expired;
	return code == RELAYDB_NOMEM ? db_fail(batch->db, code, "out of memory") : code;
}

/* Is the hash as we make it, with room for what the batch adds, and not far too large for what is left? */
static bool fits(const struct work *work, const struct image_info *info)
{
	uint64_t room_when_made = info->buckets * info->fill / 2;

	return info->fill != 0 && (info->room > work->growth || info->buckets >= BUCKETS_MAX) &&
	       (room_when_made <= 4096 || room_when_made / 32 <= work->result->rows);
}

/* The rows and the changes in a hash of their own, in the store's form.  With PLANNED the changes are there, from the image;
 * without, they are made here from the rows, once those have the store's form. */
static int rebuild(struct work *work, const struct image *old, bool planned, struct image *new)
{
	struct relaydb *db = work->batch->db;
	struct rows rows;
	int code = rows_collect(db, old, true, &rows);

	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		work->rows = &rows;
		if (!planned)
			code = gather_changes(work, rows.count);
	}
	/* what is recorded already, but in a form that no MTA asks for, is not yet as the batch wants it */
	if (code == RELAYDB_OK && (work->count > 0 || (!planned && batch_records(work->batch)))) {
		work->result->rewritten = true;
		code = rows_change(db, &rows, work->changes, work->count);
		if (code == RELAYDB_OK)
			code = rows_build(db, &rows, NULL, new);
	}
	work->rows = NULL;
	rows_free(&rows);
	return code;
}

int batch_transform(struct relaydb *db, const struct image *old, const struct image_info *info, void *arg, struct image *new,
    struct relaydb_result *result)
{
	struct work work = { .batch = arg, .image = old, .result = result };
	int code = RELAYDB_OK;

	if (info->plain)
		code = gather_changes(&work, info->rows);
	if (code == RELAYDB_OK && (!info->plain || (work.count > 0 && !fits(&work, info))))
		code = rebuild(&work, old, info->plain, new);
	else if (code == RELAYDB_OK && work.count > 0)
		code = bdb_apply(db, old, work.changes, work.count, new);
	if (code == RELAYDB_OK && work.count > 0)
		code = prove_changes(&work, new);
	forget_changes(&work);
	free(work.changes);
	return code;
}
