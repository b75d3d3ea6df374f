/* SPDX-License-Identifier: BSD-2-Clause
 *
 * transform.c - what a commit makes of the bytes of a hash, see transform.h
 *
 * Where the hash has room for the changes they are made in a copy of it; a hash
 * that is too small, far too large or not in the store's form is built again,
 * with all its rows.
 */
#include "transform.h"
#include "bdb.h"
#include "collect.h"
#include "dump.h"
#include "handle.h"
#include "image.h"
#include "plan.h"
#include "rows.h"

#include <stdlib.h>
#include <string.h>

int transform_build(
    struct relaydb *db, const struct rows *rows, const struct progress *progress, struct image *out)
{
	struct change *puts = calloc(rows->count + 1, sizeof *puts);
	int code;

	*out = (struct image){ NULL, 0, false };
	if (puts == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	for (size_t i = 0; i < rows->count; i++)
		puts[i] = (struct change){ rows->row[i].key, rows->row[i].value, false };
	code = bdb_build(db, puts, rows->count, progress, out);
	free(puts);
	return code;
}

static int find(void *from, struct bytes key, void *out, size_t size, size_t *value_size)
{
	return image_find(from, key, out, size, value_size);
}

static int walk(void *from, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	return image_walk(from, each, arg);
}

/* An MTA finds in the new bytes what the changes say, and nothing where they
 * remove. */
static int prove_changes(struct relaydb *db, const struct plan *plan, const struct image *new)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct change *change = &plan->changes[i];
		char value[32];
		size_t size = 0;
		int code = image_find(new, change->key, value, sizeof value, &size);
		bool right = change->remove ? code == RELAYDB_NOTFOUND
					    : code == RELAYDB_OK && size == change->value.size &&
						  memcmp(value, change->value.data, size) == 0;

		if (!right)
			return db_fail(
			    db, RELAYDB_IO, "Berkeley DB lost a change in a copy of %s", db->path);
	}
	return RELAYDB_OK;
}

/* Is the hash as we make it, with room for what the batch adds, and not far too
 * large for the ROWS that are left? */
static bool fits(const struct plan *plan, const struct image_info *info, size_t rows)
{
	uint64_t room_when_made = info->buckets * info->fill / 2;

	return info->fill != 0 && (info->room > plan->growth || info->buckets >= BUCKETS_MAX) &&
	       (room_when_made <= 4096 || room_when_made / 32 <= rows);
}

/* The rows and the changes in a hash of their own, in the store's form.  With
 * PLANNED the changes are there, from the image; without, they are made here
 * from the rows, once those have the store's form. */
static int rebuild(struct plan *plan, struct relaydb_batch *batch, const struct image *old,
    bool planned, struct image *new, struct relaydb_result *result)
{
	struct relaydb *db = batch->db;
	struct rows rows;
	const struct plan_source source = { .rows = &rows };
	int code = collect_rows(db, old, EVERY_ROW, &rows);

	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		if (!planned)
			code = plan_make(plan, batch, &source, rows.count, result);
	}
	/* what is recorded already, but in a form that no MTA asks for, is not
	 * yet as the batch wants it */
	if (code == RELAYDB_OK && (plan->count > 0 || (!planned && batch_records(batch)))) {
		result->rewritten = true;
		code = rows_change(db, &rows, plan->changes, plan->count);
		if (code == RELAYDB_OK)
			code = transform_build(db, &rows, NULL, new);
	}
	rows_free(&rows);
	return code;
}

int batch_transform(struct relaydb *db, const struct image *old, const struct image_info *info,
    void *arg, struct image *new, struct relaydb_result *result)
{
	const struct plan_source source = { find, walk, (void *)(uintptr_t)old, NULL };
	struct relaydb_batch *batch = arg;
	struct plan plan = { NULL, 0, 0, 0 };
	int code = RELAYDB_OK;

	if (info->plain)
		code = plan_make(&plan, batch, &source, info->rows, result);
	if (code == RELAYDB_OK &&
	    (!info->plain || (plan.count > 0 && !fits(&plan, info, result->rows))))
		code = rebuild(&plan, batch, old, info->plain, new, result);
	else if (code == RELAYDB_OK && plan.count > 0)
		code = bdb_apply(db, old, plan.changes, plan.count, new);
	if (code == RELAYDB_OK && plan.count > 0)
		code = prove_changes(db, &plan, new);
	plan_free(&plan);
	return code;
}

int dump_transform(struct relaydb *db, const struct image *old, const struct image_info *info,
    void *arg, struct image *new, struct relaydb_result *result)
{
	const struct plan_source source = { find, walk, (void *)(uintptr_t)old, NULL };
	struct dump *dump = arg;
	int code = dump_compare(dump, &source, info->rows, result);

	if (code != RELAYDB_OK)
		return code;
	if (info->fill != 0 && result->added + result->changed + result->deleted == 0)
		return RELAYDB_OK; /* it is there already, and in a hash of ours */
	result->rewritten = true;
	code = transform_build(db, &dump->rows, &dump->progress, new);
	/* the deadline is for waiting, and building takes seconds of it; but
	 * only once, if somebody rewrites the file meanwhile */
	if (code == RELAYDB_OK && !dump->built)
		db_deadline(db);
	dump->built = true;
	return code;
}
