/* SPDX-License-Identifier: BSD-2-Clause
 *
 * batch.c - changes gathered by address, and what they make of a database
 */
#include "relaydb_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(op) ((op)->lost = true)
#include <uthash.h>

enum kind { RECORD, PUT, DELETE };

struct op {
	char address[RELAYDB_ADDRSTRLEN];
	enum kind kind;
	int64_t stamp;
	bool absent;	/* to delete, and not there */
	bool lost;	/* no memory for the table */
	UT_hash_handle hh;
};

struct relaydb_batch {
	struct relaydb *db;
	struct op *ops; /* in the order of their first call */
	size_t count;
	int64_t before;	/* expire; 0 expires nothing */
	bool expire;
};

int relaydb_batch_new(struct relaydb *db, struct relaydb_batch **batch)
{
	call_begin(db);
	*batch = calloc(1, sizeof **batch);
	if (*batch == NULL)
		return fail(db, RELAYDB_NOMEM, "out of memory");
	(*batch)->db = db;
	return RELAYDB_OK;
}

void relaydb_batch_clear(struct relaydb_batch *batch)
{
	struct op *op, *next;

	HASH_ITER(hh, batch->ops, op, next) {
		HASH_DEL(batch->ops, op);
		free(op);
	}
	*batch = (struct relaydb_batch){ .db = batch->db };
}

void relaydb_batch_free(struct relaydb_batch **batch)
{
	if (*batch != NULL)
		relaydb_batch_clear(*batch);
	free(*batch);
	*batch = NULL;
}

size_t relaydb_batch_count(const struct relaydb_batch *batch)
{
	return batch->count + batch->expire;
}

const char *relaydb_batch_absent(const struct relaydb_batch *batch, size_t i)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->hh.next)
		if (op->absent && i-- == 0)
			return op->address;
	return NULL;
}

static void merge(struct op *op, enum kind kind, int64_t stamp)
{
	if (kind == RECORD && op->kind == DELETE)
		kind = PUT; /* what was there is gone */
	else if (kind == RECORD) {
		kind = op->kind;
		stamp = stamp > op->stamp ? stamp : op->stamp;
	}
	op->kind = kind;
	op->stamp = stamp;
	op->absent = false;
}

static int add(struct relaydb_batch *batch, enum kind kind, const char *address, int64_t stamp)
{
	char text[RELAYDB_ADDRSTRLEN];
	struct op *op;

	call_begin(batch->db);
	if (relaydb_address(address, text) != RELAYDB_OK)
		return fail(batch->db, RELAYDB_BADADDR, "not an IP address");
	if (stamp < 0 || stamp > RELAYDB_STAMP_MAX)
		return fail(batch->db, RELAYDB_BADSTAMP, "%lld is not a stamp, expected 0 to %lld", (long long)stamp,
		    (long long)RELAYDB_STAMP_MAX);
	HASH_FIND_STR(batch->ops, text, op);
	if (op != NULL) {
		merge(op, kind, stamp);
		return RELAYDB_OK;
	}
	op = calloc(1, sizeof *op);
	if (op == NULL)
		return fail(batch->db, RELAYDB_NOMEM, "out of memory");
	memcpy(op->address, text, sizeof text);
	op->kind = kind;
	op->stamp = stamp;
	HASH_ADD_STR(batch->ops, address, op);
	if (op->lost) {
		free(op);
		return fail(batch->db, RELAYDB_NOMEM, "out of memory");
	}
	batch->count++;
	return RELAYDB_OK;
}

int relaydb_batch_record(struct relaydb_batch *batch, const char *address, int64_t stamp)
{
	return add(batch, RECORD, address, stamp);
}

int relaydb_batch_put(struct relaydb_batch *batch, const char *address, int64_t stamp)
{
	return add(batch, PUT, address, stamp);
}

int relaydb_batch_delete(struct relaydb_batch *batch, const char *address)
{
	return add(batch, DELETE, address, 0);
}

int relaydb_batch_expire(struct relaydb_batch *batch, int64_t before)
{
	call_begin(batch->db);
	if (before < 0 || before > RELAYDB_STAMP_MAX + 1)
		return fail(batch->db, RELAYDB_BADSTAMP, "%lld is not a stamp, expected 0 to %lld", (long long)before,
		    (long long)RELAYDB_STAMP_MAX + 1);
	if (!batch->expire || before > batch->before)
		batch->before = before;
	batch->expire = true;
	return RELAYDB_OK;
}

/* ---- what a batch makes of a database ---- */

struct work {
	struct relaydb_batch *batch;
	const struct image *base;	/* in the store's form */
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
		free(copy);
		work->count -= change != NULL;
		return RELAYDB_NOMEM;
	}
	memcpy(copy, key.data, key.size);
	digits = remove ? 0 : snprintf(copy + key.size, 32, "%lld", (long long)stamp);
	*change = (struct change){ { copy, key.size }, { copy + key.size, (size_t)digits }, remove };
	return RELAYDB_OK;
}

/* What the base has for an operation's address.  Returns RELAYDB_OK (entry or not), NOTFOUND, NOMEM. */
static int look_up(const struct work *work, struct bytes key, bool *entry, int64_t *stamp)
{
	char value[32];
	size_t size = 0;
	int code = image_find(work->base, key, value, sizeof value, &size);

	if (code == RELAYDB_OK)
		*entry = size <= sizeof value && stamp_read(value, size, stamp);
	return code;
}

static int apply_op(struct work *work, struct op *op)
{
	struct bytes key = { op->address, strlen(op->address) };
	int64_t there = 0, stamp = op->stamp;
	bool entry = false;
	int code = look_up(work, key, &entry, &there);
	bool found = code == RELAYDB_OK;

	op->absent = false;
	if (code == RELAYDB_NOMEM)
		return code;
	if (op->kind == DELETE) {
		op->absent = !found;
		work->result->absent += !found;
		work->result->deleted += found;
		return found ? change_row(work, key, true, 0) : RELAYDB_OK;
	}
	if (op->kind == RECORD && found && (!entry || there > stamp)) {
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

static int expire_row(struct bytes key, struct bytes value, void *arg)
{
	struct work *work = arg;
	struct op *op;
	struct row row;

	row_read(key, value, &row);
	if (!row.entry || row.stamp >= work->batch->before)
		return 0;
	HASH_FIND(hh, work->batch->ops, row.text, strlen(row.text), op);
	if (op != NULL)
		return 0; /* apply_op has settled it */
	work->result->expired++;
	return change_row(work, key, true, 0);
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
			return fail(work->batch->db, RELAYDB_IO, "Berkeley DB lost a change in a copy of %s; nothing was changed",
			    work->batch->db->path);
	}
	return RELAYDB_OK;
}

static void forget_changes(struct work *work)
{
	for (size_t i = 0; i < work->count; i++)
		free((void *)(uintptr_t)work->changes[i].key.data);
	work->count = work->growth = 0;
}

static int gather_changes(struct work *work)
{
	int code = RELAYDB_OK;

	for (struct op *op = work->batch->ops; code == RELAYDB_OK && op != NULL; op = op->hh.next)
		code = apply_op(work, op);
	if (code == RELAYDB_OK && work->batch->expire)
		code = image_walk(work->base, expire_row, work);
	work->result->rows += work->result->added - work->result->deleted - work->result->expired;
	return code == RELAYDB_NOMEM ? fail(work->batch->db, code, "out of memory") : code;
}

/* Is the hash as we make it, with room for what the batch adds, and not far too large for what is left? */
static bool fits(const struct work *work, const struct image_info *info)
{
	uint64_t room_when_made = info->buckets * info->fill / 2;

	return info->fill != 0 && info->room > work->growth &&
	    (room_when_made <= 4096 || room_when_made / 32 <= work->result->rows);
}

/* Gathers the changes again on top of the same rows in the store's form, in a hash that has room. */
static int rebuild(struct work *work, const struct image *old, struct image *rebuilt)
{
	struct relaydb *db = work->batch->db;
	struct rows rows;
	int code = rows_collect(db, old, true, &rows);

	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		code = rows_build(db, &rows, work->batch->count, NULL, rebuilt);
	}
	if (code == RELAYDB_OK) {
		forget_changes(work);
		*work->result = (struct relaydb_result){ .rows = rows.count, .mtime = work->result->mtime };
		work->base = rebuilt;
		code = gather_changes(work);
		work->result->rebuilt = work->count > 0;
	}
	rows_free(&rows);
	return code;
}

static int batch_transform(struct relaydb *db, const struct image *old, const struct image_info *info, void *arg,
    struct image *new, struct relaydb_result *result)
{
	struct work work = { .batch = arg, .base = old, .result = result };
	struct image rebuilt = { NULL, 0, false };
	int code = RELAYDB_OK;

	if (info->plain)
		code = gather_changes(&work);
	if (code == RELAYDB_OK && (!info->plain || (work.count > 0 && !fits(&work, info))))
		code = rebuild(&work, old, &rebuilt);
	if (code == RELAYDB_OK && work.count > 0)
		code = bdb_apply(db, work.base, work.changes, work.count, new);
	if (code == RELAYDB_OK && work.count > 0)
		code = prove_changes(&work, new);
	forget_changes(&work);
	free(work.changes);
	image_free(&rebuilt);
	return code;
}

int relaydb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	bool create = false;

	for (const struct op *op = batch->ops; op != NULL; op = op->hh.next)
		create = create || op->kind != DELETE;
	return commit_run(batch->db, now, create, batch_transform, batch, result);
}
