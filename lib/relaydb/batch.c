/* SPDX-License-Identifier: BSD-2-Clause
 *
 * batch.c - changes gathered by address, to be committed at once
 */
#include "batch.h"
#include "commit.h"
#include "queue.h"

#include <stdlib.h>
#include <string.h>

int batch_make(struct relaydb *db, struct relaydb_batch **batch)
{
	*batch = calloc(1, sizeof **batch);
	if (*batch == NULL)
		return fail(db, RELAYDB_NOMEM, "out of memory");
	(*batch)->db = db;
	return RELAYDB_OK;
}

int relaydb_batch_new(struct relaydb *db, struct relaydb_batch **batch)
{
	call_begin(db);
	return batch_make(db, batch);
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

int batch_add(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
{
	char text[RELAYDB_ADDRSTRLEN];
	struct op *op;

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

static int add(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
{
	call_begin(batch->db);
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
		return fail(batch->db, RELAYDB_BADSTAMP, "%lld is not a stamp, expected 0 to %lld", (long long)before,
		    (long long)RELAYDB_STAMP_MAX + 1);
	if (!batch->expire || before > batch->before)
		batch->before = before;
	batch->expire = true;
	return RELAYDB_OK;
}

int relaydb_batch_expire(struct relaydb_batch *batch, int64_t before)
{
	call_begin(batch->db);
	return batch_expire(batch, before);
}

bool batch_records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->hh.next)
		if (op->kind != OP_DELETE)
			return true;
	return false;
}

bool batch_only_records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->hh.next)
		if (op->kind != OP_RECORD)
			return false;
	return !batch->expire;
}

int relaydb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	struct task task = { .change = batch_transform, .arg = batch, .batch = batch, .create = batch_records(batch) };

	call_begin(batch->db);
	if (result != NULL)
		*result = (struct relaydb_result){ .committed = false };
	free(batch->absent);
	batch->absent_count = 0;
	batch->absent = calloc(batch->count + 1, sizeof *batch->absent);
	if (batch->absent == NULL)
		return fail(batch->db, RELAYDB_NOMEM, "out of memory");
	return commit_run(batch->db, now, &task, result);
}
