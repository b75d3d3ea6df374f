/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dump.h - a dump in memory: the rows that are to be the whole database
 */
#ifndef RELAYDB_DUMP_H
#define RELAYDB_DUMP_H

#include "io.h"
#include "plan.h"
#include "rows.h"

struct dump {
	struct relaydb *db;
	struct progress progress;
	struct image input;
	struct rows rows; /* in order of keys, each once */
	bool built; /* a form has built a database of them once */
	/* rows that are no address with a time, and where the first of them
	 * is */
	size_t permanent, permanent_line;
};

/* Counts what the dump changes of the ROWS rows in SOURCE, which are in the
 * store's form.  Returns RELAYDB_OK, NOMEM, or what SOURCE returned. */
int dump_compare(const struct dump *dump, const struct plan_source *source, size_t rows,
    struct relaydb_result *result);

#endif
