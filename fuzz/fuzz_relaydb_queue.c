/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_relaydb_queue.c - any bytes in PATH.queue: what is carried out leaves a
 * sound database, and the same one each time
 */
#include "batch.h"
#include "bdb.h"
#include "handle.h"
#include "image.h"
#include "queue.h"
#include "queuetext.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct change rows[] = { { { "192.0.2.1", 9 }, { "1000", 4 }, false },
		{ { "192.0.2.2", 9 }, { "OK", 2 }, false } };
	const struct relaydb_options options = { .path = "/nonexistent" };
	struct image old, new, again;
	struct image_info info;
	struct relaydb *db;
	char why[128];

	if (relaydb_open(&db, &options) != RELAYDB_OK ||
	    bdb_build(db, rows, 2, NULL, &old) != RELAYDB_OK ||
	    !image_check(&old, &info, why, sizeof why))
		abort();
	if (queue_apply(db, (struct bytes){ data, size }, &old, &info, &new) != RELAYDB_OK)
		abort();
	if (new.data != NULL) {
		if (!image_check(&new, &info, why, sizeof why) || !info.plain)
			abort();
		/* replayed after a crash, at worst */
		if (queue_apply(db, (struct bytes){ data, size }, &new, &info, &again) !=
		    RELAYDB_OK)
			abort();
		image_free(&again);
	}
	image_free(&new);
	image_free(&old);
	relaydb_close(&db);
	return 0;
}
