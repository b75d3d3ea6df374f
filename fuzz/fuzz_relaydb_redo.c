/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_relaydb_redo.c - any bytes as the record of a commit, laid over any
 * bytes as a database
 *
 * The first two bytes are the size of the database that follows them, the rest
 * is the record; its sum is put right, since no fuzzer would find it.
 */
#include "../lib/relaydb/hash/redo.c"

#include <fcntl.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

static void lay_over(struct relaydb *db, const struct redo *redo, struct image *image, int fd)
{
	size_t size = redo_new_size(redo);
	bool fits = redo_fits(redo, image);
	unsigned char *written;

	if (size > (size_t)1 << 24) /* nothing is wrong with it, but it takes long */
		return;
	written = malloc(size);
	if (written == NULL || redo_overlay(db, redo, image) != RELAYDB_OK || image->size != size ||
	    redo_apply(redo, fd) != 0)
		abort();
	if (pread(fd, written, size, 0) != (ssize_t)size || memcmp(written, image->data, size) != 0)
		abort(); /* a reader sees what the writer makes */
	if (fits && !redo_fits(redo, image))
		abort(); /* again and again */
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relaydb_options options = { .path = "/nonexistent" };
	struct relaydb *db;
	struct image image = { NULL, 0, false };
	struct redo redo;
	struct stat st;
	size_t map;
	int fd, map_fd;

	if (size < 2 || relaydb_open(&db, &options) != RELAYDB_OK)
		return 0;
	map = (size_t)data[0] << 8 | data[1];
	map = map < size - 2 ? map : size - 2;
	map_fd = file_of(data + 2, map);
	fd = file_of(data + 2 + map, size - 2 - map);
	if (size - 2 - map >= sizeof(struct head)) {
		struct redo all = { { malloc(size), size - 2 - map, false } };

		memcpy(all.record.data, data + 2 + map, all.record.size);
		if (all.record.size % 8 == 0) {
			head_of(&all)->sum = record_sum(&all);
			if (pwrite(fd, all.record.data, sizeof(struct head), 0) < 0)
				abort();
		}
		redo_free(&all);
	}
	if (fstat(map_fd, &st) == 0 && io_read(db, map_fd, "", &st, &image) == RELAYDB_OK &&
	    redo_read(db, fd, &redo) == RELAYDB_OK) {
		lay_over(db, &redo, &image, map_fd);
		redo_free(&redo);
	}
	image_free(&image);
	close(fd);
	close(map_fd);
	relaydb_close(&db);
	return 0;
}
