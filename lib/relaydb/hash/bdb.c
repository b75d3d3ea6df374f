/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bdb.c - makes the new bytes of a database with Berkeley DB; the only file
 * that knows <db.h>
 *
 * Works on a file in memory (memfd) and never on the database itself: old bytes
 * in, new bytes out, and what stands between is nobody else's.  Where the
 * handle remembers the database, that file is the memory's, and only what
 * changes is looked at.
 * One handle, no environment: Berkeley DB then neither shares a cache with
 * another handle (a copy carries the same file id, so the put would land in the
 * other file) nor reads a DB_CONFIG from wherever it is (Debian's does not; one
 * without the fix for CVE-2017-10140 reads the current directory's).
 * The bytes must have passed image_check().  Needs /proc, to name a descriptor
 * to Berkeley DB.
 * Limit: Berkeley DB 5.3 does not survive each failed allocation of its own,
 * and reports some of them on stderr.
 *
 * Sizing: Berkeley DB ignores the number of rows a hash is made for unless a
 * fill factor is set too, and it starts to count rows at the number it was made
 * for.  So a hash of N buckets is made for FILL / 2 * N + 1 rows, which rounds
 * up to just N buckets and leaves room for FILL / 2 * N - 1 rows before the
 * first split.
 */
#include "bdb.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "memory.h"
#include "turn.h"

#include <db.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_SIZE 4096u
#define FILL 256u /* half of it is what a page holds of IPv4 rows */
#define BUCKETS_MIN 32u /* room for 4,095 rows in 33 pages */
#define CACHE_MIN (1u << 20)
#define CACHE_MAX (256u << 20)

/* Berkeley DB would write to stderr, which is not ours. */
static void silence(const DB_ENV *env, const char *prefix, const char *text)
{
	(void)env;
	(void)prefix;
	(void)text;
}

static void silence_message(const DB_ENV *env, const char *text)
{
	silence(env, NULL, text);
}

static int failed(struct relaydb *db, int error)
{
	if (error == ENOMEM)
		return db_fail(
		    db, RELAYDB_NOMEM, "out of memory while changing a copy of %s", db->path);
	return db_fail(db, RELAYDB_IO, "Berkeley DB cannot change a copy of %s in memory: %s%s",
	    db->path, db_strerror(error), error == ENOENT ? " (is /proc mounted?)" : "");
}

/* Opens the hash in FD, or makes one if BUCKETS is not 0.  *out is to be closed
 * if it is not NULL, whatever the answer. */
static int hash_open(int fd, uint32_t buckets, size_t cache, DB **out)
{
	char path[64];
	int error;

	error = db_create(out, NULL, 0);
	if (error != 0) {
		*out = NULL;
		return error;
	}
	(*out)->set_errcall(*out, silence);
	(*out)->set_msgcall(*out, silence_message);
	if (cache > CACHE_MAX)
		cache = CACHE_MAX;
	error = (*out)->set_cachesize(*out, 0, (u_int32_t)cache, 1);
	if (error == 0 && buckets != 0) {
		error = (*out)->set_pagesize(*out, PAGE_SIZE);
		if (error == 0)
			error = (*out)->set_h_ffactor(*out, FILL);
		if (error == 0)
			error = (*out)->set_h_nelem(*out, FILL / 2 * buckets + 1);
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return error != 0
		   ? error
		   : (*out)->open(*out, NULL, path, NULL, DB_HASH, buckets != 0 ? DB_CREATE : 0, 0);
}

static bool touch(size_t offset, size_t size, void *arg)
{
	return memory_touch(arg, offset, size);
}

static int change_apply(DB *hash, const struct change *change)
{
	DBT key = { .data = (void *)(uintptr_t)change->key.data,
		.size = (u_int32_t)change->key.size };
	DBT value = { .data = (void *)(uintptr_t)change->value.data,
		.size = (u_int32_t)change->value.size };
	int error = change->remove ? hash->del(hash, NULL, &key, 0)
				   : hash->put(hash, NULL, &key, &value, 0);

	return error == DB_NOTFOUND ? 0 : error;
}

/* FD's bytes as an image. */
static int image_from(int fd, int flags, struct image *out)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) != 0)
		return errno;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, fd, 0);
	if (data == MAP_FAILED)
		return errno;
	*out = (struct image){ data, (size_t)st.st_size, true };
	return 0;
}

/* In the file that the memory has of IMAGE, and no page of it is looked at that
 * the changes do not need. */
static int change_in_place(struct relaydb *db, int fd, const struct image *image,
    const struct change *changes, size_t count, struct image *out)
{
	/* IMAGE itself may show what Berkeley DB makes of FD */
	uint64_t buckets = image_buckets(image);
	DB *hash = NULL;
	int error = 0, closed;

	*out = (struct image){ NULL, 0, false };
	for (size_t i = 0; i < count; i++)
		if (!image_pages(image, changes[i].key, i == 0 ? count + 1 : 0, touch, db))
			return failed(db, ENOMEM);
	error = hash_open(fd, 0, CACHE_MIN, &hash);
	for (size_t i = 0; error == 0 && i < count; i++)
		error = change_apply(hash, &changes[i]);
	if (hash != NULL) {
		closed = hash->close(hash, 0);
		error = error != 0 ? error : closed;
	}
	if (error == 0)
		error = image_from(fd, 0, out);
	if (error != 0) {
		memory_doubt(db); /* a bucket may have been split before, see below */
		return failed(db, error);
	}
	memory_changed(db, out);
	if (image_buckets(out) == buckets)
		return RELAYDB_OK;
	/* a chain became longer, and a bucket somewhere was split for it:
	 * whatever page that was, its old bytes are lost */
	memory_doubt(db);
	image_free(out);
	return STEP_AGAIN;
}

/* OLD may be NULL: then a new hash of BUCKETS is made. */
static int change_all(struct relaydb *db, const struct image *old, uint32_t buckets, size_t cache,
    const struct change *changes, size_t count, const struct progress *progress, struct image *out)
{
	DB *hash = NULL;
	int error, closed, stop = 0, fd = io_above_standard(memfd_create("relaydb", MFD_CLOEXEC));

	*out = (struct image){ NULL, 0, false };
	if (fd < 0)
		return failed(db, errno);
	error = old != NULL ? io_write(fd, old->data, old->size, 0) : 0;
	if (error == 0)
		error = hash_open(fd, buckets, cache, &hash);
	for (size_t i = 0; error == 0 && stop == 0 && i < count; i++) {
		error = change_apply(hash, &changes[i]);
		if (progress != NULL && progress->call != NULL && i % PROGRESS_EVERY == 0)
			stop = progress->call(i, count, progress->arg);
	}
	if (hash != NULL) {
		closed = hash->close(hash, error == 0 && stop == 0 ? 0 : DB_NOSYNC);
		error = error != 0 ? error : closed;
	}
	if (error == 0 && stop == 0)
		error = image_from(fd, MAP_POPULATE, out);
	if (error == 0 && stop == 0)
		memory_made(db, fd, out);
	else
		close(fd);
	if (error == 0)
		return stop;
	image_free(out);
	return failed(db, error);
}

int bdb_apply(struct relaydb *db, const struct image *image, const struct change *changes,
    size_t count, struct image *out)
{
	int fd = memory_file(db, image);

	if (fd >= 0)
		return change_in_place(db, fd, image, changes, count, out);
	return change_all(
	    db, image, 0, count < 100 ? CACHE_MIN : image->size, changes, count, NULL, out);
}

int bdb_build(struct relaydb *db, const struct change *rows, size_t count,
    const struct progress *progress, struct image *out)
{
	uint32_t buckets = BUCKETS_MIN;
	int code;

	while ((uint64_t)buckets * (FILL / 2) < 2 * (uint64_t)count && buckets < BUCKETS_MAX)
		buckets *= 2;
	*out = (struct image){ NULL, 0, false };
	code = io_room(db, (size_t)buckets * PAGE_SIZE); /* before the work, and not behind it */
	if (code != RELAYDB_OK)
		return code;
	return change_all(
	    db, NULL, buckets, (size_t)buckets * PAGE_SIZE * 2, rows, count, progress, out);
}
