/* SPDX-License-Identifier: BSD-2-Clause
 *
 * plan.h - what a batch changes, row by row, whatever the form of the database
 */
#ifndef RELAYDB_PLAN_H
#define RELAYDB_PLAN_H

#include "batch.h"
#include "rows.h"

/* Where the rows are that a batch is about: a database whose keys have the
 * store's form, each once, which FIND and WALK read; or ROWS in order of keys,
 * in memory, and then FIND, WALK and FROM are not used. */
struct plan_source {
	/* A copy of at most SIZE bytes of the value to OUT, its true size to
	 * *value_size.  Returns RELAYDB_OK, NOTFOUND, or a code that ends the
	 * plan. */
	int (*find)(void *from, struct bytes key, void *out, size_t size, size_t *value_size);
	/* Calls EACH for every row until it returns something else than 0,
	 * which is then returned. */
	int (*walk)(
	    void *from, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg);
	void *from;
	const struct rows *rows; /* NULL: ask the functions */
};

struct plan {
	struct change *changes; /* each key once */
	size_t count, room;
	size_t growth; /* rows that are new */
};

/* Makes the changes that BATCH needs of the ROWS rows in SOURCE, counts them in
 * *result, and sets the batch's absent addresses.  Returns RELAYDB_OK (free
 * with plan_free in any case), NOMEM, or what SOURCE returned. */
int plan_make(struct plan *plan, struct relaydb_batch *batch, const struct plan_source *source,
    size_t rows, struct relaydb_result *result);
void plan_free(struct plan *plan);

#endif
