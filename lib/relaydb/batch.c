/* SPDX-License-Identifier: BSD-2-Clause
 *
 * batch.c - changes gathered by address, to be committed at once
 */
#include "batch.h"
#include "handle.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

/* An operation and its place in the table by address. */
struct table {
	struct op op;
	bool lost; /* no memory for the table */
	UT_hash_handle hh;
};

int batch_make(struct relaydb *db, struct relaydb_batch **batch)
{
	*batch = calloc(1, sizeof **batch);
	if (*batch == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	(*batch)->db = db;
	return RELAYDB_OK;
}

int relaydb_batch_new(struct relaydb *db, struct relaydb_batch **batch)
{
	db_begin(db);
	return batch_make(db, batch);
}

void relaydb_batch_clear(struct relaydb_batch *batch)
{
	struct table *entry, *next;

	HASH_ITER(hh, batch->table, entry, next)
	{
		HASH_DEL(batch->table, entry);
		free(entry);
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
	return batch->count + (batch->expire ? 1 : 0);
}

const char *relaydb_batch_absent(const struct relaydb_batch *batch, size_t i)
{
	return i < batch->absent_count ? batch->absent[i] : NULL;
}

static void merge(struct op *op, enum op_kind kind, int64_t stamp)
{
	if (kind == OP_RECORD && op->kind == OP_DELETE)
		kind = OP_PUT; /* what was there is gone */
	else if (kind == OP_RECORD) {
		kind = op->kind;
		stamp = stamp > op->stamp ? stamp : op->stamp;
	}
	op->kind = kind;
	op->stamp = stamp;
}

/* The other way round: what is in OP came later. */
static void merge_before(struct op *op, enum op_kind kind, int64_t stamp)
{
	if (op->kind != OP_RECORD)
		return; /* it says what the row is, whatever there was */
	if (kind != OP_RECORD)
		op->kind = OP_PUT;
	if (kind != OP_DELETE && stamp > op->stamp)
		op->stamp = stamp;
}

static int enter(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp,
    void (*join)(struct op *op, enum op_kind kind, int64_t stamp))
{
	char text[RELAYDB_ADDRSTRLEN];
	struct table *entry;

	batch->absent_count = 0;
	if (relaydb_address(address, text) != RELAYDB_OK)
		return db_fail(batch->db, RELAYDB_BADADDR, "\"%.64s\" is not the IP address of a client", address);
	if (stamp < 0 || stamp > RELAYDB_STAMP_MAX)
		return db_fail(batch->db, RELAYDB_BADSTAMP, "%lld is not a stamp, expected 0 to %lld", (long long)stamp,
		    (long long)RELAYDB_STAMP_MAX);
	HASH_FIND_STR(batch->table, text, entry);
	if (entry != NULL) {
		join(&entry->op, kind, stamp);
		return RELAYDB_OK;
	}
	entry = calloc(1, sizeof *entry);
	if (entry == NULL)
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	memcpy(entry->op.address, text, sizeof text);
	entry->op.kind = kind;
	entry->op.stamp = stamp;
	HASH_ADD_STR(batch->table, op.address, entry);
	if (entry->lost) {
		free(entry);
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	}
	*(batch->last != NULL ? &batch->last->next : &batch->ops) = &entry->op;
	batch->last = &entry->op;
	batch->count++;
	return RELAYDB_OK;
}

int batch_add(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
{
	return enter(batch, kind, address, stamp, merge);
}

int batch_add_before(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
{
	return enter(batch, kind, address, stamp, merge_before);
}

static int add(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
{
	db_begin(batch->db);
	return batch_add(batch, kind, address, stamp);
}

int relaydb_batch_record(struct relaydb_batch *batch, const char *address, int64_t stamp)
{
	return add(batch, OP_RECORD, address, stamp);
}

int relaydb_batch_put(struct relaydb_batch *batch, const char *address, int64_t stamp)
{
	return add(batch, OP_PUT, address, stamp);
}

int relaydb_batch_delete(struct relaydb_batch *batch, const char *address)
{
	return add(batch, OP_DELETE, address, 0);
}

int batch_expire(struct relaydb_batch *batch, int64_t before)
{
	if (before < 0 || before > RELAYDB_STAMP_MAX + 1)
		return db_fail(batch->db, RELAYDB_BADSTAMP, "%lld is not a stamp, expected 0 to %lld", (long long)before,
		    (long long)RELAYDB_STAMP_MAX + 1);
	if (!batch->expire || before > batch->before)
		batch->before = before;
	batch->expire = true;
	return RELAYDB_OK;
}

int relaydb_batch_expire(struct relaydb_batch *batch, int64_t before)
{
	db_begin(batch->db);
	return batch_expire(batch, before);
}

const struct op *batch_find(const struct relaydb_batch *batch, struct bytes key)
{
	const struct table *entry;

	HASH_FIND(hh, batch->table, key.data, key.size, entry);
	return entry != NULL ? &entry->op : NULL;
}

bool batch_records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->next)
		if (op->kind != OP_DELETE)
			return true;
	return false;
}

bool batch_only_records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->next)
		if (op->kind != OP_RECORD)
			return false;
	return !batch->expire;
}

int relaydb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	struct relaydb_result unwanted;

	if (result == NULL)
		result = &unwanted;
	db_begin(batch->db);
	*result = (struct relaydb_result){ .committed = false };
	free(batch->absent);
	batch->absent_count = 0;
	batch->absent = calloc(batch->count + 1, sizeof *batch->absent);
	if (batch->absent == NULL)
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	return batch->db->store->commit(batch, now, result);
}
