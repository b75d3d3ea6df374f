/* SPDX-License-Identifier: BSD-2-Clause
 *
 * collect.c - the rows of a hash, collected, see collect.h
 */
#include "collect.h"

struct collecting {
	struct rows *rows;
	struct bytes stays;
	int64_t since;
};

static int take(struct bytes key, struct bytes value, void *arg)
{
	const struct collecting *collecting = arg;

	return rows_take(collecting->rows, collecting->since, key, value, collecting->stays);
}

int collect_rows(struct relaydb *db, const struct image *image, int64_t since, struct rows *rows)
{
	struct collecting collecting = { rows, { image->data, image->size }, since };

	*rows = (struct rows){ .row = NULL };
	if (image_walk(image, take, &collecting) != 0)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	return RELAYDB_OK;
}
