/* SPDX-License-Identifier: BSD-2-Clause
 *
 * batch.c - changes gathered by address, to be committed at once
 */
#include "batch.h"
#include "handle.h"
#include "store.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The tree holds struct op.  Not a hash table: PATH.queue is written by others,
 * who could choose addresses that all fall into one slot of it. */
static int by_address(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	return strcmp(x->address, y->address);
}

static const char *const verbs[] = {
	[OP_RECORD] = "record",
	[OP_REFRESH] = "refresh",
	[OP_PUT] = "put",
	[OP_DELETE] = "delete",
	[OP_DELETE_UNTIL] = "delete-until",
};

const char *batch_verb(enum op_kind kind)
{
	return verbs[kind];
}

bool batch_kind(const char *verb, enum op_kind *kind)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(verb, verbs[i]) == 0) {
			*kind = (enum op_kind)i;
			return true;
		}
	}
	return false;
}

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
	tdestroy(batch->tree, free);
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

/* ---- joining two changes of an address ---- */

static void keep_later(int64_t *stamp, int64_t other)
{
	if (other > *stamp)
		*stamp = other;
}

static void set(struct op *op, enum op_kind kind, int64_t stamp)
{
	op->kind = kind == OP_DELETE_UNTIL ? OP_REFRESH : kind;
	op->stamp = stamp;
	op->until = kind == OP_DELETE_UNTIL ? stamp : -1;
	op->least = kind == OP_RECORD || kind == OP_REFRESH ? stamp : 0;
}

static void merge_record(struct op *op, int64_t stamp)
{
	if (op->kind == OP_DELETE) {
		set(op, OP_PUT, stamp); /* what was there is gone */
		return;
	}
	if (op->kind == OP_REFRESH) {
		op->kind = OP_RECORD;
		op->stamp = stamp;
	}
	keep_later(&op->stamp, stamp);
	keep_later(&op->least, stamp);
}

static void merge_delete_until(struct op *op, int64_t until)
{
	if (op->kind == OP_PUT && op->stamp <= until)
		set(op, OP_DELETE, 0);
	if (op->kind == OP_RECORD && op->stamp <= until)
		op->kind = OP_REFRESH; /* a row that is new would go */
	if (op->kind == OP_REFRESH && op->least <= until) {
		keep_later(&op->until, until);
		op->least = 0;
	}
}

/* KIND comes after what is in OP. */
static void merge(struct op *op, enum op_kind kind, int64_t stamp)
{
	switch (kind) {
	case OP_RECORD:
		merge_record(op, stamp);
		break;
	case OP_REFRESH:
		if (op->kind == OP_DELETE)
			break; /* there is nothing to refresh */
		keep_later(&op->stamp, stamp);
		keep_later(&op->least, stamp);
		break;
	case OP_DELETE_UNTIL:
		merge_delete_until(op, stamp);
		break;
	case OP_PUT:
	case OP_DELETE:
		set(op, kind, stamp);
	}
}

/* OP, a record or refresh, comes to a row with the stamp PUT, or to none if
 * that is -1, whatever there was before. */
static void merge_put_before(struct op *op, int64_t put)
{
	if (put > op->until)
		set(op, OP_PUT, put > op->least ? put : op->least);
	else if (op->kind == OP_RECORD)
		set(op, OP_PUT, op->stamp);
	else
		set(op, OP_DELETE, 0);
}

/* The other way round: what is in OP comes after KIND. */
static void merge_before(struct op *op, enum op_kind kind, int64_t stamp)
{
	if (op->kind != OP_RECORD && op->kind != OP_REFRESH)
		return; /* it says what the row is, whatever there was */
	switch (kind) {
	case OP_RECORD:
		if (stamp > op->until)
			set(op, OP_RECORD, stamp > op->least ? stamp : op->least);
		break;
	case OP_REFRESH:
		if (stamp > op->until) {
			keep_later(&op->least, stamp);
			op->until = -1;
		}
		break;
	case OP_DELETE_UNTIL:
		keep_later(&op->until, stamp);
		break;
	case OP_PUT:
	case OP_DELETE:
		merge_put_before(op, kind == OP_PUT ? stamp : -1);
	}
}

/* ---- filling ---- */

static int enter(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp,
    void (*join)(struct op *op, enum op_kind kind, int64_t stamp))
{
	struct op *op, wanted;
	struct op *const *there;

	batch->absent_count = 0;
	if (relaydb_address(address, wanted.address) != RELAYDB_OK)
		return db_fail(batch->db, RELAYDB_BADADDR,
		    "\"%.64s\" is not the IP address of a client", address);
	if (stamp < 0 || stamp > RELAYDB_STAMP_MAX)
		return db_fail(batch->db, RELAYDB_BADSTAMP,
		    "%lld is not a stamp, expected 0 to %lld", (long long)stamp,
		    (long long)RELAYDB_STAMP_MAX);
	there = tfind(&wanted, &batch->tree, by_address);
	if (there != NULL) {
		join(*there, kind, stamp);
		return RELAYDB_OK;
	}
	op = malloc(sizeof *op);
	if (op == NULL)
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	op->queued = 0;
	op->next = NULL;
	set(op, kind, stamp);
	memcpy(op->address, wanted.address, sizeof op->address);
	if (tsearch(op, &batch->tree, by_address) == NULL) {
		free(op);
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	}
	*(batch->last != NULL ? &batch->last->next : &batch->ops) = op;
	batch->last = op;
	batch->count++;
	return RELAYDB_OK;
}

int batch_add(struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
{
	return enter(batch, kind, address, stamp, merge);
}

int batch_add_before(
    struct relaydb_batch *batch, enum op_kind kind, const char *address, int64_t stamp)
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

int relaydb_batch_refresh(struct relaydb_batch *batch, const char *address, int64_t stamp)
{
	return add(batch, OP_REFRESH, address, stamp);
}

int relaydb_batch_put(struct relaydb_batch *batch, const char *address, int64_t stamp)
{
	return add(batch, OP_PUT, address, stamp);
}

int relaydb_batch_delete(struct relaydb_batch *batch, const char *address)
{
	return add(batch, OP_DELETE, address, 0);
}

int relaydb_batch_delete_until(struct relaydb_batch *batch, const char *address, int64_t until)
{
	return add(batch, OP_DELETE_UNTIL, address, until);
}

int batch_expire(struct relaydb_batch *batch, int64_t before)
{
	if (before < 0 || before > RELAYDB_STAMP_MAX + 1)
		return db_fail(batch->db, RELAYDB_BADSTAMP,
		    "%lld is not a stamp, expected 0 to %lld", (long long)before,
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

struct op *batch_find(const struct relaydb_batch *batch, struct bytes key)
{
	struct op *const *there;
	struct op wanted;

	if (batch->tree == NULL || key.size >= sizeof wanted.address ||
	    memchr(key.data, '\0', key.size) != NULL)
		return NULL;
	memcpy(wanted.address, key.data, key.size);
	wanted.address[key.size] = '\0';
	there = tfind(&wanted, &batch->tree, by_address);
	return there != NULL ? *there : NULL;
}

bool batch_records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->next)
		if (op->kind == OP_RECORD || op->kind == OP_PUT || op->least > 0)
			return true;
	return false;
}

bool batch_only_records(const struct relaydb_batch *batch)
{
	for (const struct op *op = batch->ops; op != NULL; op = op->next)
		if ((op->kind != OP_RECORD && op->kind != OP_REFRESH) || op->until >= 0)
			return false;
	return !batch->expire;
}

int relaydb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	struct relaydb_result unwanted;
	int code, guard;

	if (result == NULL)
		result = &unwanted;
	db_begin(batch->db);
	*result = (struct relaydb_result){ .committed = false };
	free(batch->absent);
	batch->absent_count = 0;
	batch->absent = calloc(batch->count + 1, sizeof *batch->absent);
	if (batch->absent == NULL)
		return db_fail(batch->db, RELAYDB_NOMEM, "out of memory");
	guard = db_begin_guard();
	code = batch->db->store->commit(batch, now, result);
	db_end_guard(guard);
	return code;
}
