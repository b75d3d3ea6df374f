/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbmemory.c - what a handle remembers of an LMDB file, see mdbmemory.h
 */
#include "mdbmemory.h"

#include <stdlib.h>

struct mdbmemory *mdbmemory_of(struct relaydb *db)
{
	if (db->memory == NULL)
		db->memory = calloc(1, sizeof(struct mdbmemory));
	if (db->memory == NULL)
		db_fail(db, RELAYDB_NOMEM, "out of memory");
	return db->memory;
}

void mdbmemory_forget(struct relaydb *db)
{
	struct mdbmemory *memory = db->memory;

	if (memory != NULL)
		lookup_forget(&memory->lookup);
	free(memory);
	db->memory = NULL;
}
