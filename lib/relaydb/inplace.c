/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inplace.c - a batch or a dump on rows that are changed one by one, see
 * inplace.h
 */
#include "inplace.h"
#include "handle.h"
#include "rows.h"

static int begin(const struct inplace *rows)
{
	return rows->begin != NULL ? rows->begin(rows->source.from) : RELAYDB_OK;
}

static int put_all(
    const struct inplace *rows, const struct rows *all, const struct progress *progress)
{
	void *from = rows->source.from;
	int code = begin(rows);

	if (code == RELAYDB_OK)
		code = rows->empty(from);
	for (size_t i = 0; code == RELAYDB_OK && i < all->count; i++) {
		code = rows->put(from, all->row[i].key, all->row[i].value);
		if (code == RELAYDB_OK && progress != NULL && progress->call != NULL &&
		    i % PROGRESS_EVERY == 0)
			code = progress->call(i, all->count, progress->arg);
	}
	return code;
}

static int take_row(struct bytes key, struct bytes value, void *arg)
{
	return rows_take(arg, EVERY_ROW, key, value, (struct bytes){ NULL, 0 });
}

/* All rows get the store's form, and the batch is carried out on that. */
static int rewrite(const struct inplace *rows, struct relaydb_batch *batch, struct plan *plan,
    struct relaydb_result *result)
{
	struct rows all = { .row = NULL };
	const struct plan_source source = { .rows = &all };
	int code = rows->source.walk(rows->source.from, take_row, &all);

	if (code == RELAYDB_NOMEM)
		code = db_fail(batch->db, code, "out of memory");
	if (code == RELAYDB_OK) {
		rows_merge(&all);
		code = plan_make(plan, batch, &source, all.count, result);
	}
	if (code == RELAYDB_OK && (plan->count > 0 || batch_records(batch))) {
		result->committed = result->rewritten = true;
		code = rows_change(batch->db, &all, plan->changes, plan->count);
		if (code == RELAYDB_OK)
			code = put_all(rows, &all, NULL);
	}
	rows_free(&all);
	return code;
}

static int change_rows(const struct inplace *rows, const struct plan *plan)
{
	int code = plan->count > 0 ? begin(rows) : RELAYDB_OK;

	for (size_t i = 0; code == RELAYDB_OK && i < plan->count; i++) {
		const struct change *change = &plan->changes[i];

		code = change->remove ? rows->remove(rows->source.from, change->key)
				      : rows->put(rows->source.from, change->key, change->value);
	}
	return code;
}

int inplace_batch(
    const struct inplace *rows, struct relaydb_batch *batch, struct relaydb_result *result)
{
	struct plan plan = { NULL, 0, 0, 0 };
	int code;

	if (!rows->plain)
		code = rewrite(rows, batch, &plan, result);
	else {
		code = plan_make(&plan, batch, &rows->source, rows->count, result);
		result->committed = plan.count > 0;
		if (code == RELAYDB_OK)
			code = change_rows(rows, &plan);
	}
	plan_free(&plan);
	return code;
}

int inplace_dump(const struct inplace *rows, struct dump *dump, struct relaydb_result *result)
{
	int code = dump_compare(dump, &rows->source, rows->count, result);

	if (code != RELAYDB_OK)
		return code;
	if (rows->plain && result->added + result->changed + result->deleted == 0)
		return RELAYDB_OK; /* it is there already */
	result->committed = result->rewritten = true;
	code = put_all(rows, &dump->rows, &dump->progress);
	if (code == RELAYDB_OK)
		db_deadline(dump->db);
	return code;
}
