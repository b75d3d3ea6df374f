/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbmemory.h - what a handle remembers of an LMDB file: for commits the state
 * that was proved as a whole, for lookups the pages that they needed
 */
#ifndef RELAYDB_MDBMEMORY_H
#define RELAYDB_MDBMEMORY_H

#include "handle.h"
#include "lookup.h"
#include "mdbfile.h"

struct mdbmemory {
	struct mdbfile file;
	struct lookup lookup;
};

/* What DB remembers; NULL without memory, and DB says so. */
struct mdbmemory *mdbmemory_of(struct relaydb *db);

/* Forgets it. */
void mdbmemory_forget(struct relaydb *db);

#endif
