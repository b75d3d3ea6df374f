/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_relaydb_image.c - any bytes as a database: refused, or read without
 * harm, and then changed by Berkeley DB without harm
 *
 * Berkeley DB is not instrumented: a crash of its is seen, and a new image that
 * is not sound.
 */
#include "bdb.h"
#include "handle.h"
#include "image.h"
#include "rows.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of what Berkeley DB forgets when it gives up. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

struct walk {
	const struct image *image;
	size_t rows;
};

static int find_again(struct bytes key, struct bytes value, void *arg)
{
	struct walk *walk = arg;
	char out[64];
	size_t size;

	(void)value;
	walk->rows++;
	if (image_find(walk->image, key, out, sizeof out, &size) != RELAYDB_OK)
		abort();
	return 0;
}

static void change(struct relaydb *db, const struct image *image)
{
	static const char long_value[3000];
	const struct change changes[] = {
		{ { "10.0.0.1", 8 }, { "906502527", 9 }, false },
		{ { "10.0.0.2", 8 }, { "906502527", 9 }, false },
		{ { "10.0.0.3", 8 }, { "906502527", 9 }, false },
		{ { "new", 3 }, { long_value, sizeof long_value }, false },
		{ { "10.0.0.2", 8 }, { NULL, 0 }, true },
		{ { "long", 4 }, { NULL, 0 }, true },
	};
	struct image_info info;
	struct image out;
	char why[128];

	if (bdb_apply(db, image, changes, sizeof changes / sizeof *changes, &out) != RELAYDB_OK)
		return;
	if (!image_check(&out, &info, why, sizeof why))
		abort();
	image_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relaydb_options options = { .path = "/nonexistent" };
	struct image image = { malloc(size > 0 ? size : 1), size, false };
	struct walk walk = { .image = &image };
	struct image_info info;
	struct relaydb *db;
	char why[128];

	memcpy(image.data, data, size);
	if (image_check(&image, &info, why, sizeof why) &&
	    relaydb_open(&db, &options) == RELAYDB_OK) {
		if (image_walk(&image, find_again, &walk) != 0 || walk.rows != info.rows)
			abort();
		/* as batch.c does: else the rows are merged into a new hash */
		if (info.plain && info.fill != 0 && info.room > 8)
			change(db, &image);
		relaydb_close(&db);
	}
	image_free(&image);
	return 0;
}
