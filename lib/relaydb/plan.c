/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plan.c - what a batch changes, row by row, see plan.h
 */
#include "plan.h"
#include "address.h"
#include "batch.h"
#include "handle.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
	struct plan *plan;
	struct relaydb_batch *batch;
	const struct plan_source *source;
	struct relaydb_result *result;
};

static struct change *change_add(struct plan *plan)
{
	if (plan->count == plan->room) {
		size_t room = plan->room == 0 ? 64 : plan->room * 2;
		struct change *grown = reallocarray(plan->changes, room, sizeof *grown);

		if (grown == NULL)
			return NULL;
		plan->changes = grown;
		plan->room = room;
	}
	return &plan->changes[plan->count++];
}

/* A change of one row.  STAMP is ignored by REMOVE. */
static int change_row(struct plan *plan, struct bytes key, bool remove, int64_t stamp)
{
	struct change *change = change_add(plan);
	char *copy = malloc(key.size + 32);
	int digits;

	if (change == NULL || copy == NULL) {
		if (change != NULL)
			plan->count--; /* it was added, but stays empty */
		free(copy);
		return RELAYDB_NOMEM;
	}
	memcpy(copy, key.data, key.size);
	digits = remove ? 0 : snprintf(copy + key.size, 32, "%lld", (long long)stamp);
	*change =
	    (struct change){ { copy, key.size }, { copy + key.size, (size_t)digits }, remove };
	return RELAYDB_OK; // cppcheck-suppress memleak ; plan_free() frees the copy
}

/* What an operation finds at its address. */
struct found {
	bool row;
	bool entry; /* the row has a time, STAMP; otherwise it is permanent */
	int64_t stamp;
};

/* Returns RELAYDB_OK (a row or none), or what the source returned. */
static int look_up(const struct plan_source *source, struct bytes key, struct found *found)
{
	const struct stored *stored;
	char value[STAMP_SIZE];
	size_t size = 0;
	int code;

	*found = (struct found){ .row = false };
	if (source->rows != NULL) {
		stored = rows_find(source->rows, key);
		if (stored != NULL)
			*found = (struct found){ true, stored->entry, stored->stamp };
		return RELAYDB_OK;
	}
	code = source->find(source->from, key, value, sizeof value, &size);
	if (code == RELAYDB_NOTFOUND)
		return RELAYDB_OK;
	found->row = code == RELAYDB_OK;
	found->entry = found->row && size <= sizeof value && stamp_read(value, size, &found->stamp);
	return code;
}

/* The address is to have no row. */
static int delete_row(struct work *work, const struct op *op, const struct found *found)
{
	struct bytes key = { op->address, strlen(op->address) };

	if (!found->row) {
		if (work->batch->absent != NULL)
			work->batch->absent[work->batch->absent_count++] = op->address;
		work->result->absent++;
		return RELAYDB_OK;
	}
	work->result->deleted++;
	return change_row(work->plan, key, true, 0);
}

/* The address is to have STAMP, or no row if the batch would expire that. */
static int put_row(struct work *work, const struct op *op, const struct found *found, int64_t stamp)
{
	const struct relaydb_batch *batch = work->batch;
	struct bytes key = { op->address, strlen(op->address) };

	if (batch->expire && !batch->others && stamp < batch->before) {
		if (!found->row)
			return RELAYDB_OK;
		work->result->expired++;
		return change_row(work->plan, key, true, 0);
	}
	if (found->entry && found->stamp == stamp)
		return RELAYDB_OK;
	if (found->row) {
		work->result->changed++;
	} else {
		work->result->added++;
		work->plan->growth++;
	}
	return change_row(work->plan, key, false, stamp);
}

/* A login, or the refresh of one.  An entry up to op->until is gone before: a
 * login makes a new one, a refresh does not. */
static int log_in(struct work *work, const struct op *op, const struct found *found)
{
	bool gone = found->stamp <= op->until;

	if (found->row && !found->entry)
		return RELAYDB_OK; /* permanent */
	if (found->row && !gone)
		return put_row(
		    work, op, found, found->stamp > op->least ? found->stamp : op->least);
	if (op->kind == OP_RECORD)
		return put_row(work, op, found, op->stamp);
	return found->row ? delete_row(work, op, found) : RELAYDB_OK;
}

static int apply_op(struct work *work, const struct op *op)
{
	struct bytes key = { op->address, strlen(op->address) };
	struct found found;
	int code = look_up(work->source, key, &found);

	if (code != RELAYDB_OK)
		return code;
	if (op->kind == OP_DELETE)
		return delete_row(work, op, &found);
	if (op->kind == OP_PUT)
		return put_row(work, op, &found, op->stamp);
	return log_in(work, op, &found);
}

/* An entry that no operation of the batch is about (apply_op settles those). */
static int expire_entry(struct work *work, struct bytes key, int64_t stamp)
{
	if (stamp >= work->batch->before || batch_find(work->batch, key) != NULL)
		return RELAYDB_OK;
	work->result->expired++;
	return change_row(work->plan, key, true, 0);
}

static int expire_row(struct bytes key, struct bytes value, void *arg)
{
	struct row row;

	row_parse(key, value, &row);
	return row.entry ? expire_entry(arg, row.key, row.stamp) : RELAYDB_OK;
}

static int expire_all(struct work *work)
{
	const struct rows *rows = work->source->rows;
	int code = RELAYDB_OK;

	if (rows == NULL)
		return work->source->walk(work->source->from, expire_row, work);
	for (size_t i = 0; code == RELAYDB_OK && i < rows->count; i++)
		if (rows->row[i].entry)
			code = expire_entry(work, rows->row[i].key, rows->row[i].stamp);
	return code;
}

int plan_make(struct plan *plan, struct relaydb_batch *batch, const struct plan_source *source,
    size_t rows, struct relaydb_result *result)
{
	struct work work = { plan, batch, source, result };
	int code = RELAYDB_OK;

	batch->absent_count = 0;
	for (const struct op *op = batch->ops; code == RELAYDB_OK && op != NULL; op = op->next)
		code = apply_op(&work, op);
	if (code == RELAYDB_OK && batch->expire)
		code = expire_all(&work);
	result->rows = rows + result->added - result->deleted - result->expired;
	return code == RELAYDB_NOMEM ? db_fail(batch->db, code, "out of memory") : code;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free((void *)(uintptr_t)plan->changes[i].key.data);
	free(plan->changes);
	*plan = (struct plan){ NULL, 0, 0, 0 };
}
