/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_relaydb_load.c - any bytes as a dump: refused with a sentence, or the
 * rows of a sound database
 */
#include "../lib/relaydb/dump.c"
#include "image.h"
#include "transform.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(struct dump *load)
{
	struct image image;
	struct image_info info;
	char why[128];

	if (transform_build(load->db, &load->rows, NULL, &image) != RELAYDB_OK)
		abort();
	if (!image_check(&image, &info, why, sizeof why) || info.rows != load->rows.count ||
	    !info.plain)
		abort();
	for (size_t i = 0; i < load->rows.count; i++) {
		const struct stored *row = &load->rows.row[i];
		char *value = malloc(row->value.size + 1);
		size_t found;

		if (image_find(&image, row->key, value, row->value.size, &found) != RELAYDB_OK ||
		    found != row->value.size || memcmp(value, row->value.data, found) != 0)
			abort();
		free(value);
	}
	image_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relaydb_options options = { .path = "/nonexistent" };
	struct dump load = { .db = NULL };
	int code, fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size ||
	    relaydb_open(&load.db, &options) != RELAYDB_OK)
		abort();
	code = dump_read(&load, fd);
	if (code == RELAYDB_OK)
		build(&load);
	else if ((code != RELAYDB_BADADDR && code != RELAYDB_BADSTAMP) ||
		 strncmp(relaydb_error(load.db), "line ", 5) != 0)
		abort();
	rows_free(&load.rows);
	image_free(&load.input);
	close(fd);
	relaydb_close(&load.db);
	return 0;
}
