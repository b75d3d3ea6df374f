/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tblblob.h - the table of a database of SQLite, in memory
 */
#ifndef RELAYDB_TBLBLOB_H
#define RELAYDB_TBLBLOB_H

#include "io.h"

/* The row that is always there.  Exim asks for it to tell a table that it
 * cannot read from an address that is not there: to SQLite's lookups both are
 * "no". */
#define TABLE_SENTINEL "@"

struct table;

struct table_info {
	size_t rows; /* without the sentinel */
	/* the sentinel is there, keys and values are blobs, addresses have the
	 * store's form */
	bool plain;
};

/* Makes a table of IMAGE, the bytes of a file, which are copied; of an empty
 * one a new table, without rows.  Proves it: nothing but the one table, in the
 * form that Exim's dbm lookups read, no trigger or view, not in WAL mode, and
 * sound.
 * Returns RELAYDB_OK (free with table_free), NOTDB, IO, NOMEM. */
int table_new(
    struct relaydb *db, const struct image *image, struct table **out, struct table_info *info);
void table_free(struct table **table);

/* The value of KEY.  Returns RELAYDB_OK with at most SIZE bytes of it and its
 * size; NOTFOUND, IO, NOMEM. */
int table_find(struct table *table, struct bytes key, void *out, size_t size, size_t *value_size);

/* Calls EACH for every row except the sentinel.  Returns 0, what EACH returned,
 * or IO, NOMEM. */
int table_walk(
    struct table *table, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg);

/* Changes, between table_begin and table_end, which adds the sentinel.  There
 * is no way back: after a failure the table is only good for table_free().
 * Each returns RELAYDB_OK, IO, NOMEM. */
int table_begin(struct table *table);
int table_put(struct table *table, struct bytes key, struct bytes value);
int table_delete(struct table *table, struct bytes key);
int table_empty(struct table *table);
int table_end(struct table *table);

/* The bytes of a file with this table; they belong to TABLE, until its next
 * change. */
int table_bytes(struct table *table, struct bytes *bytes);

#endif
