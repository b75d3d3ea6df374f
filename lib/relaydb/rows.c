/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rows.c - every row of a database in memory, to be sorted, merged, changed and
 * delivered
 *
 * Rows may point into memory of the caller's; what does not (keys that got the
 * store's form, the lines of a dump) is copied and kept in a list that is freed
 * with the rows.
 */
#include "rows.h"
#include "handle.h"

#include <stdlib.h>
#include <string.h>

struct kept {
	struct kept *next;
	size_t used, size;
	char data[];
};

#define KEPT_SIZE ((size_t)64 * 1024)

void row_parse(struct bytes key, struct bytes value, struct row *row)
{
	const char *k = key.data, *v = value.data;

	*row = (struct row){ .nul = key.size > 0 && k[key.size - 1] == '\0' };
	if (row->nul) {
		key.size--;
		if (value.size > 0 && v[value.size - 1] == '\0')
			value.size--;
	}
	row->key = key;
	row->value = value;
	row->address_ok = address_read(k, key.size, &row->address, row->text);
	row->plain = !row->nul && address_plain(k, key.size);
	row->entry = row->address_ok && stamp_read(v, value.size, &row->stamp);
}

static const char *keep(struct rows *rows, const void *data, size_t size)
{
	struct kept *kept = rows->kept;
	char *copy;

	if (kept == NULL || kept->size - kept->used < size) {
		size_t want = size > KEPT_SIZE ? size : KEPT_SIZE;

		kept = malloc(sizeof *kept + want);
		if (kept == NULL)
			return NULL;
		*kept = (struct kept){ .next = rows->kept, .size = want };
		rows->kept = kept;
	}
	copy = kept->data + kept->used;
	if (size > 0)
		memcpy(copy, data, size);
	kept->used += size;
	return copy;
}

/* One more row; its key and value are set by the caller. */
static struct stored *append(struct rows *rows, const struct row *row)
{
	struct stored *stored;

	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 1024 : rows->room * 2;

		stored = reallocarray(rows->row, room, sizeof *stored);
		if (stored == NULL)
			return NULL;
		rows->row = stored;
		rows->room = room;
	}
	stored = &rows->row[rows->count++];
	*stored = (struct stored){ row->key, row->value, row->stamp, row->address, row->entry };
	return stored;
}

int rows_add(struct relaydb *db, struct rows *rows, const struct row *row)
{
	struct stored *stored = append(rows, row);
	struct bytes key =
	    row->address_ok ? (struct bytes){ row->text, strlen(row->text) } : row->key;

	if (stored != NULL) {
		stored->key = (struct bytes){ keep(rows, key.data, key.size), key.size };
		stored->value.data = keep(rows, row->value.data, row->value.size);
	}
	if (stored == NULL || stored->key.data == NULL || stored->value.data == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	return RELAYDB_OK;
}

static bool inside(struct bytes stays, const void *data)
{
	const unsigned char *p = data, *begin = stays.data;

	return p >= begin && p <= begin + stays.size;
}

static int take(struct rows *rows, const struct row *row, struct bytes stays)
{
	struct stored *stored = append(rows, row);

	if (stored == NULL)
		return RELAYDB_NOMEM;
	if (row->address_ok && !row->plain) {
		rows->rewritten = true;
		stored->key =
		    (struct bytes){ keep(rows, row->text, strlen(row->text)), strlen(row->text) };
	} else if (!inside(stays, row->key.data))
		stored->key.data = keep(rows, row->key.data, row->key.size);
	if (!inside(stays, row->value.data))
		stored->value.data = keep(rows, row->value.data, row->value.size);
	return stored->key.data == NULL || stored->value.data == NULL ? RELAYDB_NOMEM : RELAYDB_OK;
}

int rows_take(
    struct rows *rows, int64_t since, struct bytes key, struct bytes value, struct bytes stays)
{
	struct row row;

	row_parse(key, value, &row);
	if (since != EVERY_ROW && (!row.entry || row.stamp < since))
		return RELAYDB_OK;
	return take(rows, &row, stays);
}

int rows_key_compare(const struct stored *a, const struct stored *b)
{
	size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
	int order = size == 0 ? 0 : memcmp(a->key.data, b->key.data, size);

	return order != 0 ? order : (a->key.size > b->key.size) - (a->key.size < b->key.size);
}

static int by_key(const void *a, const void *b)
{
	return rows_key_compare(a, b);
}

static int by_stamp(const void *x, const void *y)
{
	const struct stored *a = x, *b = y;
	int order;

	if (!a->entry || !b->entry)
		return a->entry != b->entry ? b->entry - a->entry : rows_key_compare(a, b);
	if (a->stamp != b->stamp)
		return a->stamp < b->stamp ? -1 : 1;
	order = memcmp(&a->address, &b->address, sizeof a->address);
	return order != 0 ? order : rows_key_compare(a, b);
}

void rows_sort_by_key(struct rows *rows)
{
	if (rows->count > 0)
		qsort(rows->row, rows->count, sizeof *rows->row, by_key);
}

static bool outlives(const struct stored *a, const struct stored *b)
{
	if (a->entry != b->entry)
		return !a->entry;
	return a->entry && a->stamp > b->stamp;
}

void rows_merge(struct rows *rows)
{
	size_t kept = 0;

	if (rows->count == 0)
		return;
	rows_sort_by_key(rows);
	for (size_t i = 1; i < rows->count; i++) {
		if (rows_key_compare(&rows->row[kept], &rows->row[i]) != 0)
			rows->row[++kept] = rows->row[i];
		else if (outlives(&rows->row[i], &rows->row[kept]))
			rows->row[kept] = rows->row[i];
	}
	rows->count = kept + 1;
}

void rows_sort_by_stamp(struct rows *rows)
{
	if (rows->rewritten)
		rows_merge(rows);
	if (rows->count > 0)
		qsort(rows->row, rows->count, sizeof *rows->row, by_stamp);
}

struct stored *rows_find(const struct rows *rows, struct bytes key)
{
	const struct stored wanted = { .key = key };

	return rows->count == 0
		   ? NULL
		   : bsearch(&wanted, rows->row, rows->count, sizeof *rows->row, by_key);
}

int rows_change(struct relaydb *db, struct rows *rows, const struct change *changes, size_t count)
{
	size_t sorted = rows->count, kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct rows in_order = { .row = rows->row, .count = sorted };
		struct stored *there = rows_find(&in_order, changes[i].key);
		struct row row;

		if (changes[i].remove && there != NULL) {
			there->value.data = NULL; /* its mark until the end */
			continue;
		}
		row_parse(changes[i].key, changes[i].value, &row);
		if (there != NULL)
			there->value = changes[i].value;
		else if (!changes[i].remove && append(rows, &row) == NULL)
			return db_fail(db, RELAYDB_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].value.data != NULL)
			rows->row[kept++] = rows->row[i];
	rows->count = kept;
	return RELAYDB_OK;
}

void rows_free(struct rows *rows)
{
	while (rows->kept != NULL) {
		struct kept *next = rows->kept->next;

		free(rows->kept);
		rows->kept = next;
	}
	free(rows->row);
	*rows = (struct rows){ .row = NULL };
}

static int deliver(
    const struct stored *stored, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct relaydb_row out = { stored->key.data, stored->key.size, stored->value.data,
		stored->value.size, stored->entry, stored->stamp, "" };
	struct row row;

	if (stored->entry) {
		row_parse(stored->key, stored->value, &row);
		memcpy(out.address, row.text, sizeof out.address);
	}
	return each(&out, arg);
}

int rows_deliver(
    const struct rows *rows, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	int answer = 0;

	for (size_t i = 0; answer == 0 && i < rows->count; i++)
		answer = deliver(&rows->row[i], each, arg);
	return answer;
}
