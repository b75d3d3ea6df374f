/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbwrite.h - changes a file of LMDB: a batch, or all rows of a dump, in one
 * transaction
 *
 * A writer proves the whole file as a reader does, then locks it F_WRLCK, sees
 * that it is still the one that was proved, and lets liblmdb (txn.h) do one
 * transaction.  What our own transaction leaves is proved by what it began
 * with, and the handle remembers its state, so that a daemon's commit costs the
 * same at any size.
 * Limit: one transaction grows the map by doubling up to twice IMAGE_MAX.
 */
#ifndef RELAYDB_MDBWRITE_H
#define RELAYDB_MDBWRITE_H

#include "batch.h"
#include "dump.h"

/* As relaydb_commit(). */
int mdbwrite_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result);

/* As relaydb_load(). */
int mdbwrite_load(struct dump *dump, int64_t now, struct relaydb_result *result);

#endif
