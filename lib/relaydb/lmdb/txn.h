/* SPDX-License-Identifier: BSD-2-Clause
 *
 * txn.h - one transaction of liblmdb that writes
 */
#ifndef RELAYDB_TXN_H
#define RELAYDB_TXN_H

#include "handle.h"

/* What a call returns besides the codes of relaydb.h when the map is too small:
 * begin again, larger. */
#define TXN_FULL (1 << 29)

#define TXN_KEY_MAX 510 /* of a key without its NUL */

struct txn;

/* Begins a transaction on the file FD, which is proved (pages.h), private
 * (location_private) and locked F_WRLCK, with a map of SIZE bytes.  An empty file
 * becomes a database.
 * Returns RELAYDB_OK (end it with txn_commit or txn_abort), NOTDB, PERM, IO,
 * NOMEM. */
int txn_begin(struct relaydb *db, int fd, size_t size, struct txn **out);

/* How many rows there are. */
size_t txn_rows(struct txn *txn);

/* The value of KEY, given without NUL, as an MTA would find it: first with NUL,
 * then without.  Returns RELAYDB_OK with at most SIZE bytes of it, less its
 * NUL, and its size so; NOTFOUND, IO. */
int txn_find(struct txn *txn, struct bytes key, void *out, size_t size, size_t *value_size);

/* Calls EACH for every row as it is stored.  Returns 0, what EACH returned, or
 * RELAYDB_IO. */
int txn_walk(
    struct txn *txn, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg);

/* The row becomes KEY and VALUE, both given without NUL and stored with one; a
 * row of the same key without is removed.  Returns RELAYDB_OK, TXN_FULL, NOTDB
 * (the key is too long), IO, NOMEM. */
int txn_put(struct txn *txn, struct bytes key, struct bytes value);

/* The row with KEY goes, with NUL and without.  Returns RELAYDB_OK, TXN_FULL,
 * IO, NOMEM. */
int txn_delete(struct txn *txn, struct bytes key);

/* All rows go.  Returns as txn_delete(). */
int txn_empty(struct txn *txn);

/* Commits, syncs and ends it.  Returns RELAYDB_OK; or TXN_FULL, IO, NOMEM:
 * nothing was changed. */
int txn_commit(struct txn **txn);
void txn_abort(struct txn **txn);

#endif
