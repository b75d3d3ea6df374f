/* SPDX-License-Identifier: BSD-2-Clause
 *
 * io.c - whole files and whole blocks: read(2) and write(2) without their
 * halves
 */
#include "io.h"
#include "handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* a database, or the record of one that is new in all its blocks */
#define READ_MAX (IMAGE_MAX + IMAGE_MAX / 16)
#define SPARSE_FROM (4 << 20)
#define SPARSE_PART 32

/* Does hardly anything of the file exist?  A file like that costs who made it
 * nothing, and would cost us its whole size.  Below a size that nobody minds it
 * is not asked, and a file system that compresses may make a good deal of a
 * sound file vanish. */
static bool sparse(const struct stat *st)
{
	return st->st_size > SPARSE_FROM && (st->st_blocks * 512) < st->st_size / SPARSE_PART;
}

int io_read(
    struct relaydb *db, int fd, const char *suffix, const struct stat *st, struct image *image)
{
	size_t size = (size_t)st->st_size, done = 0;
	void *data;

	*image = (struct image){ NULL, 0, false };
	if (size > READ_MAX)
		return db_fail(
		    db, RELAYDB_NOTDB, "%s%s is larger than any relay database", db->path, suffix);
	if (size > db->size_max + db->size_max / 16)
		return db_fail(db, RELAYDB_NOMEM,
		    "%s%s has %zu bytes, and this program takes %zu at most", db->path, suffix,
		    size, db->size_max);
	if (sparse(st))
		return db_fail(db, RELAYDB_NOTDB,
		    "%s%s has %lld bytes, but hardly any of them are on the disk", db->path, suffix,
		    (long long)st->st_size);
	if (size == 0)
		return RELAYDB_OK;
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return db_fail(
		    db, RELAYDB_NOMEM, "out of memory: %s%s has %zu bytes", db->path, suffix, size);
	/* large pages where there are some, and all at once: one by one they
	 * would cost as much as the reading */
	madvise(data, size, MADV_HUGEPAGE);
	madvise(data, size, MADV_POPULATE_WRITE);
	*image = (struct image){ data, size, true };
	while (done < size) {
		ssize_t n = pread(fd, image->data + done, size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = errno;

			image_free(image);
			return n < 0 ? db_fail_errno(db, "read", suffix, error)
				     : db_fail(db, RELAYDB_IO,
					   "%s%s was cut short while it was read, by somebody "
					   "without a lock",
					   db->path, suffix);
		}
		done += (size_t)n;
	}
	return RELAYDB_OK;
}

int io_room(struct relaydb *db, size_t size)
{
	size_t most = db->size_max < IMAGE_MAX ? db->size_max : IMAGE_MAX;

	if (size <= most)
		return RELAYDB_OK;
	return db_fail(db, RELAYDB_NOMEM,
	    "%s would have %zu MiB, and this program takes %zu at most", db->path, size >> 20,
	    most >> 20);
}

int io_above_standard(int fd)
{
	int above, error;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	error = errno;
	close(fd);
	errno = error;
	return above;
}

uint64_t io_sum(const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

int io_write(int fd, const void *data, size_t size, off_t offset)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = pwrite(fd, p, size, offset);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			p += n;
			offset += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

void image_free(struct image *image)
{
	if (image->mapped)
		munmap(image->data, image->size);
	else
		free(image->data);
	*image = (struct image){ NULL, 0, false };
}
