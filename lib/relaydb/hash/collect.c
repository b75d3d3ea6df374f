/* SPDX-License-Identifier: BSD-2-Clause
 *
 * collect.c - the rows of a hash, collected, see collect.h
 */
#include "collect.h"

struct collecting {
	struct rows *rows;
	struct bytes stays;
	int64_t since;
	bool canonical;
};

static int take(struct bytes key, struct bytes value, void *arg)
{
	const struct collecting *collecting = arg;

	return rows_take(collecting->rows, key, value, collecting->stays, collecting->canonical);
}

static int take_since(struct bytes key, struct bytes value, void *arg)
{
	const struct collecting *collecting = arg;

	return rows_take_since(collecting->rows, collecting->since, key, value, collecting->stays);
}

int collect_rows(struct relaydb *db, const struct image *image, bool canonical, struct rows *rows)
{
	struct collecting collecting = { rows, { image->data, image->size }, EVERY_ROW, canonical };

	*rows = (struct rows){ .row = NULL };
	if (image_walk(image, take, &collecting) != 0)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	return RELAYDB_OK;
}

int collect_rows_since(
    struct relaydb *db, const struct image *image, int64_t since, struct rows *rows)
{
	struct collecting collecting = { rows, { image->data, image->size }, since, false };

	*rows = (struct rows){ .row = NULL };
	if (image_walk(image, take_since, &collecting) != 0)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	return RELAYDB_OK;
}
