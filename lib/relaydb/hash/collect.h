/* SPDX-License-Identifier: BSD-2-Clause
 *
 * collect.h - the rows of a hash, collected
 */
#ifndef RELAYDB_COLLECT_H
#define RELAYDB_COLLECT_H

#include "handle.h"
#include "image.h"
#include "rows.h"

/* Collects the rows of IMAGE, which must stay as long as ROWS.  CANONICAL: keys
 * that are addresses get the store's form.  Returns RELAYDB_OK or NOMEM; free
 * with rows_free in both cases. */
int collect_rows(struct relaydb *db, const struct image *image, bool canonical, struct rows *rows);

/* The same for the rows that rows_take_since() takes, as they are spelled. */
int collect_rows_since(
    struct relaydb *db, const struct image *image, int64_t since, struct rows *rows);

#endif
