/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bdb.h - new bytes of a database, made with Berkeley DB
 */
#ifndef RELAYDB_BDB_H
#define RELAYDB_BDB_H

#include "image.h"
#include "rows.h"

/* Applies CHANGES to a checked image, which stays as it is; *out gets the new
 * bytes.
 * Returns RELAYDB_OK, NOMEM, IO, or STEP_AGAIN: what the handle remembers of
 * the database is spent. */
int bdb_apply(struct relaydb *db, const struct image *image, const struct change *changes,
    size_t count, struct image *out);

/* Makes a database of the rows, sized for twice as many.  Of equal keys the
 * last wins.  PROGRESS may be NULL.  Returns as bdb_apply(), or what PROGRESS
 * returned. */
int bdb_build(struct relaydb *db, const struct change *rows, size_t count,
    const struct progress *progress, struct image *out);

#endif
