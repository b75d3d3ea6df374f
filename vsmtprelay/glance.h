/* SPDX-License-Identifier: BSD-2-Clause
 *
 * glance.h - the database at a glance, and the row of one address
 */
#ifndef VSMTPRELAY_GLANCE_H
#define VSMTPRELAY_GLANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relaydb.h"

#define GLANCE_VALUE 64

struct glance {
	int code; /* of relaydb.h; if not RELAYDB_OK, why is ERROR */
	char error[512];
	size_t rows, entries;
	int64_t newest, oldest; /* stamps of entries up to now; 0: there is none */
	size_t future; /* entries with a later one */
	bool found; /* the address has a row */
	bool entry; /* with a time, which is STAMP; else with VALUE, printable */
	int64_t stamp;
	char value[GLANCE_VALUE];
};

/* Reads all rows of DB, as its owner where it must be (owner.h).  ADDRESS, in
 * the store's form or NULL, is the one to look for.  Nothing is logged. */
void glance_take(struct relaydb *db, const char *address, int64_t now, struct glance *survey);

#endif
