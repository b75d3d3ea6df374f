/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rows.h - what a row says, and every row of a database at once
 */
#ifndef RELAYDB_ROWS_H
#define RELAYDB_ROWS_H

#include "address.h"
#include "handle.h"

/* What a row says to us. */
struct row {
	bool entry;
	bool address_ok; /* the key is an address, however it is spelled */
	bool plain; /* it is spelled in the store's form and without a NUL */
	/* key and value end with the NUL that postmap writes; not counted in
	 * the sizes below */
	bool nul;
	struct address address;
	char text[RELAYDB_ADDRSTRLEN];
	struct bytes key, value;
	int64_t stamp;
};
void row_parse(struct bytes key, struct bytes value, struct row *row);

/* A change of one row. */
struct change {
	struct bytes key;
	struct bytes value;
	bool remove;
};

/* Called now and then; anything but 0 stops the work and is returned. */
struct progress {
	int (*call)(size_t done, size_t total, void *arg);
	void *arg;
};
#define PROGRESS_EVERY 16384

struct stored {
	struct bytes key, value; /* without the NULs of postmap */
	int64_t stamp;
	struct address address;
	bool entry;
};

struct rows {
	struct stored *row;
	size_t count, room;
	bool rewritten; /* a key got the store's form, and may be there twice now */
	struct kept *kept; /* what has no other memory */
};

/* Adds a row as it is found in a database, a key that is an address in the
 * store's form, if it is an entry with a stamp of SINCE or later, or SINCE is
 * EVERY_ROW.  What lies in STAYS is not copied; it must stay as long as ROWS.
 * Returns RELAYDB_OK or NOMEM. */
#define EVERY_ROW INT64_C(-1)
int rows_take(
    struct rows *rows, int64_t since, struct bytes key, struct bytes value, struct bytes stays);
/* Oldest entry first, of one stamp by address, then what is no entry by key; an
 * address that was spelled in several ways is there once, as after a commit. */
void rows_sort_by_stamp(struct rows *rows);
void rows_sort_by_key(struct rows *rows);
int rows_key_compare(const struct stored *a, const struct stored *b);
/* By key; of equal keys one is left: a permanent row if there is one, else the
 * highest stamp. */
void rows_merge(struct rows *rows);
/* The row with this key among rows in the order of keys, NULL if there is
 * none. */
struct stored *rows_find(const struct rows *rows, struct bytes key);
/* Carries the changes out, which must name a key once; the rows are in no order
 * afterwards.  Returns RELAYDB_OK or NOMEM. */
int rows_change(struct relaydb *db, struct rows *rows, const struct change *changes, size_t count);
/* Adds a row of the caller's, copied.  Returns RELAYDB_OK or NOMEM. */
int rows_add(struct relaydb *db, struct rows *rows, const struct row *row);
void rows_free(struct rows *rows);

/* Calls EACH for the rows in their order, as relaydb_each().  Returns 0 or what
 * EACH returned. */
int rows_deliver(
    const struct rows *rows, int (*each)(const struct relaydb_row *row, void *arg), void *arg);

#endif
