/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relaydb_scratch.h - what the tests of lib/relaydb share: a fresh directory
 * for each test, rows put there, rows seen there
 *
 * Use scratch_make() and scratch_remove() as set-up and tear-down of each test;
 * `path` is then the database's name in it.
 */
#ifndef RELAYDB_SCRATCH_H
#define RELAYDB_SCRATCH_H

#include "address.h"
#include "assert_code.h"
#include "bdb.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "redo.h"
#include "rows.h"
#include "scratch.h"
#include "snapshot.h"
#include "step.h"
#include "transform.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CLOCK INT64_C(906502527) /* a stamp */
/* what commits are told: files get their first mtime from the kernel */
#define NOW ((int64_t)time(NULL))
#define COUNT(array) (sizeof(array) / sizeof *(array))

static char path[96];

static inline int scratch_make(void **state)
{
	(void)state;
	if (scratch_directory() != 0)
		return -1;
	snprintf(path, sizeof path, "%s/relayers.db", directory);
	return 0;
}

static inline int scratch_remove(void **state)
{
	const struct dirent *entry;
	DIR *dir = opendir(directory);

	(void)state;
	if (dir == NULL)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	closedir(dir);
	return rmdir(directory);
}

#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)

/* path + SUFFIX; valid until the next call. */
static inline const char *beside(const char *suffix)
{
	static char name[128];

	snprintf(name, sizeof name, "%s%s", path, suffix);
	return name;
}

static inline bool exists(const char *suffix)
{
	struct stat st;

	return lstat(beside(suffix), &st) == 0;
}

static inline struct relaydb *database_with(int timeout_ms)
{
	const struct relaydb_options options = { .path = path, .timeout_ms = timeout_ms };
	struct relaydb *db;

	assert_int_equal(relaydb_open(&db, &options), RELAYDB_OK);
	return db;
}

static inline struct relaydb *database(void)
{
	return database_with(5000);
}

#define assert_says(db, words)                                                                     \
	do {                                                                                       \
		if (strstr(relaydb_error(db), words) == NULL)                                      \
			fail_msg("no \"%s\" in \"%s\"", words, relaydb_error(db));                 \
	} while (0)

/* The N-th of many addresses. */
static inline const char *nth(unsigned n)
{
	static char text[32];

	snprintf(text, sizeof text, "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
	return text;
}

/* Puts the addresses FIRST to LAST with STAMP, in one commit. */
static inline void put_many(struct relaydb *db, unsigned first, unsigned last, int64_t stamp)
{
	struct relaydb_batch *batch;

	assert_code(db, relaydb_batch_new(db, &batch), RELAYDB_OK);
	for (unsigned n = first; n <= last; n++)
		assert_code(db, relaydb_batch_put(batch, nth(n), stamp), RELAYDB_OK);
	assert_code(db, relaydb_commit(batch, NOW, NULL), RELAYDB_OK);
	relaydb_batch_free(&batch);
}

/* ---- a file with chosen bytes ---- */

/* A row as it is to stand in a file; sizes of -1 mean strlen. */
struct raw {
	const char *key, *value;
	int key_size, value_size;
};

static inline struct bytes raw_bytes(const char *text, int size)
{
	return (struct bytes){ text, size < 0 ? strlen(text) : (size_t)size };
}

static inline struct image raw_image(const struct raw *rows, size_t count)
{
	struct change *changes = calloc(count + 1, sizeof *changes);
	struct relaydb *db = database();
	struct image image;

	for (size_t i = 0; i < count; i++)
		changes[i] = (struct change){ raw_bytes(rows[i].key, rows[i].key_size),
			raw_bytes(rows[i].value, rows[i].value_size), false };
	assert_code(db, bdb_build(db, changes, count, NULL, &image), RELAYDB_OK);
	free(changes);
	relaydb_close(&db);
	return image;
}

/* Makes path+SUFFIX a file of these bytes, mode 0660. */
static inline void write_file(const char *suffix, const void *data, size_t size)
{
	int fd = open(beside(suffix), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(fchmod(fd, 0660), 0);
	close(fd);
}

static inline void write_rows(const struct raw *rows, size_t count)
{
	struct image image = raw_image(rows, count);

	write_file("", image.data, image.size);
	image_free(&image);
}

/* The bytes of the database, from malloc. */
static inline struct image read_file(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct image image = { .data = NULL };
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	image.size = (size_t)st.st_size;
	image.data = malloc(image.size + 1);
	assert_int_equal(read(fd, image.data, image.size), image.size);
	close(fd);
	return image;
}

/* ---- what is there ---- */

/* All rows, one after the other as "KEY VALUE\n"; a NUL as "$". */
struct listing {
	char text[8192];
	size_t used, rows;
};

static inline void listing_bytes(struct listing *listing, const char *data, size_t size, char end)
{
	for (size_t i = 0; i < size && listing->used < sizeof listing->text - 2; i++)
		listing->text[listing->used++] = data[i] == '\0' ? '$' : data[i];
	listing->text[listing->used++] = end;
	listing->text[listing->used] = '\0';
}

static inline int listing_row(const struct relaydb_row *row, void *arg)
{
	struct listing *listing = arg;

	listing->rows++;
	if (listing->used + row->key_size + row->value_size + 4 < sizeof listing->text) {
		listing_bytes(listing, row->key, row->key_size, ' ');
		listing_bytes(listing, row->value, row->value_size, '\n');
	}
	return 0;
}

static inline const char *list(struct relaydb *db)
{
	static struct listing listing;

	listing = (struct listing){ .used = 0 };
	assert_code(db, relaydb_each(db, listing_row, &listing), RELAYDB_OK);
	return listing.text;
}

static inline int count_row(const struct relaydb_row *row, void *arg)
{
	(void)row;
	++*(size_t *)arg;
	return 0;
}

static inline size_t count_rows(struct relaydb *db)
{
	size_t rows = 0;

	assert_code(db, relaydb_each(db, count_row, &rows), RELAYDB_OK);
	return rows;
}

/* ---- chance that is the same each time: xorshift64 ---- */

static uint64_t chance = UINT64_C(88172645463325252);

static inline uint32_t random_below(uint32_t limit)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (uint32_t)((chance >> 32) % limit);
}

#endif
