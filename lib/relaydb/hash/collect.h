/* SPDX-License-Identifier: BSD-2-Clause
 *
 * collect.h - the rows of a hash, collected
 */
#ifndef RELAYDB_COLLECT_H
#define RELAYDB_COLLECT_H

#include "handle.h"
#include "image.h"
#include "rows.h"

/* Collects the rows of IMAGE that rows_take() takes with SINCE; IMAGE must stay
 * as long as ROWS.  Returns RELAYDB_OK or NOMEM; free with rows_free in both
 * cases. */
int collect_rows(struct relaydb *db, const struct image *image, int64_t since, struct rows *rows);

#endif
