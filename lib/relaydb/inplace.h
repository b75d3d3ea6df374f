/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inplace.h - a batch or a dump, carried out on rows that are put and deleted
 * one by one
 *
 * For the forms whose library keeps the rows; a hash is changed as a whole
 * (hash/transform.h).  Leaves to the form: the transaction around it.
 */
#ifndef RELAYDB_INPLACE_H
#define RELAYDB_INPLACE_H

#include "batch.h"
#include "dump.h"
#include "plan.h"

/* The rows of a database, which SOURCE finds; its FROM is given to the others,
 * which return RELAYDB_OK or a code that ends it all. */
struct inplace {
	struct plan_source source;
	size_t count; /* of rows */
	bool plain; /* they have the store's form */
	int (*begin)(void *from); /* called before the first change; NULL: need not be */
	int (*put)(void *from, struct bytes key, struct bytes value);
	int (*remove)(void *from, struct bytes key);
	int (*empty)(void *from);
};

/* Carries BATCH out.  result->committed: there is something to commit.  Returns
 * RELAYDB_OK, NOMEM, or what ROWS returned. */
int inplace_batch(
    const struct inplace *rows, struct relaydb_batch *batch, struct relaydb_result *result);

/* The rows become those of DUMP.  The same. */
int inplace_dump(const struct inplace *rows, struct dump *dump, struct relaydb_result *result);

#endif
