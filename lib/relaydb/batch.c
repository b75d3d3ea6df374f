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
	bool lost; /* no memory for the table */
	UT_hash_handle hh;
};

struct relaydb_batch {
	struct relaydb *db;
	struct op *ops; /* in the order of their first call */
	size_t count;
	const char **absent; /* of the last commit, in the same order; COUNT have room */
	size_t absent_count;
	int64_t before; /* expire; 0 expires nothing */
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

	HASH_ITER(hh, batch->ops, op, next)
	{
		HASH_DEL(batch->ops, op);
		free(op);
	}
	free(batch->absent);
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
	return i < batch->absent_count ? batch->absent[i] : NULL;
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
}

static int add(struct relaydb_batch *batch, enum kind kind, const char *address, int64_t stamp)
{
	char text[RELAYDB_ADDRSTRLEN];
	struct op *op;

	call_begin(batch->db);
	batch->absent_count = 0;
	if (relaydb_address(address, text) != RELAYDB_OK)
		return fail(batch->db, RELAYDB_BADADDR, "\"%.64s\" is not the IP address of a client", address);
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
		free(copy);
		work->count -= change != NULL;
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
	if (op->kind == DELETE) {
		if (!found)
			work->batch->absent[work->batch->absent_count++] = op->address;
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

/* An entry that no operation of the batch is about (apply_op settles those). */
static int expire_entry(struct work *work, struct bytes key, int64_t stamp)
{
	struct op *op;

	if (stamp >= work->batch->before)
		return RELAYDB_OK;
	HASH_FIND(hh, work->batch->ops, key.data, key.size, op);
	if (op != NULL)
		return RELAYDB_OK;
	work->result->expired++;
	return change_row(work, key, true, 0);
}

static int expire_row(struct bytes key, struct bytes value, void *arg)
{
	struct row row;

	row_read(key, value, &row);
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
			return fail(
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
	for (const struct op *op = batch->ops; code == RELAYDB_OK && op != NULL; op = op->hh.next)
		code = apply_op(work, op);
	if (code == RELAYDB_OK && batch->expire)
		code = expire_all(work);
	work->result->rows = rows + work->result->added - work->result->deleted - work->result->expired;
	return code == RELAYDB_NOMEM ? fail(batch->db, code, "out of memory") : code;
}

/* Is the hash as we make it, with room for what the batch adds, and not far too large for what is left? */
static bool fits(const struct work *work, const struct image_info *info)
{
	uint64_t room_when_made = info->buckets * info->fill / 2;

	return info->fill != 0 && (info->room > work->growth || info->buckets >= BUCKETS_MAX) &&
	       (room_when_made <= 4096 || room_when_made / 32 <= work->result->rows);
}

/* Is there an address that an MTA has to find afterwards? */
static bool records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->hh.next)
		if (op->kind != DELETE)
			return true;
	return false;
}

/* The rows and the changes in a hash of their own, in the store's form.  PLAIN: the changes are gathered already. */
static int rebuild(struct work *work, const struct image *old, bool plain, struct image *new)
{
	struct relaydb *db = work->batch->db;
	struct rows rows;
	int code = rows_collect(db, old, true, &rows);

	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		work->rows = &rows;
		if (!plain)
			code = gather_changes(work, rows.count);
	}
	/* what is recorded already, but in a form that no MTA asks for, is not yet as the batch wants it */
	if (code == RELAYDB_OK && (work->count > 0 || (!plain && records(work->batch)))) {
		work->result->rebuilt = true;
		code = rows_change(db, &rows, work->changes, work->count);
		if (code == RELAYDB_OK)
			code = rows_build(db, &rows, NULL, new);
	}
	work->rows = NULL;
	rows_free(&rows);
	return code;
}

static int batch_transform(struct relaydb *db, const struct image *old, const struct image_info *info, void *arg,
    struct image *new, struct relaydb_result *result)
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

int relaydb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	call_begin(batch->db);
	if (result != NULL)
		*result = (struct relaydb_result){ .committed = false };
	free(batch->absent);
	batch->absent_count = 0;
	batch->absent = calloc(batch->count + 1, sizeof *batch->absent);
	if (batch->absent == NULL)
		return fail(batch->db, RELAYDB_NOMEM, "out of memory");
	return commit_run(batch->db, now, records(batch), batch_transform, batch, result);
}
