/* SPDX-License-Identifier: BSD-2-Clause
 *
 * store.h - a form of the database: what each must be able to do
 *
 * The face (relaydb.h) does not show forms.  relaydb_open() chooses one by the
 * suffix of the path, for the life of the handle; the public functions check
 * their arguments and hand the work to these.  Each keeps the contract of the
 * public function that has its name, and starts with the sentence forgotten and
 * the deadline set (db_begin).
 */
#ifndef RELAYDB_STORE_H
#define RELAYDB_STORE_H

#include "handle.h"

struct dump;

struct store {
	const char *name; /* as Postfix names the type of map, or Exim the lookup */
	const char *suffix; /* of the paths it is for; NULL: of all others */
	bool owner_only; /* changed by the owner of the directory alone, see location_private() */
	/* ADDRESS is in the store's form */
	int (*get)(struct relaydb *db, const char *address, int64_t *stamp);
	int (*each)(struct relaydb *db, int64_t since,
	    int (*each)(const struct relaydb_row *row, void *arg),
	    void *arg); /* SINCE is EVERY_ROW, or it is relaydb_entries() */
	int (*commit)(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result);
	int (*load)(struct dump *dump, int64_t now, struct relaydb_result *result);
	int (*check)(struct relaydb *db, int64_t now,
	    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg);
	int (*settle)(struct relaydb *db, int64_t now);
	/* frees db->memory, what the handle remembers; NULL: it remembers
	 * nothing */
	void (*forget)(struct relaydb *db);
};

extern const struct store hash_store, lmdb_store, sqlite_store;

#endif
