/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image.h - the bytes of a database: proved, walked, looked up in
 */
#ifndef RELAYDB_IMAGE_H
#define RELAYDB_IMAGE_H

#include "io.h"

/* a quarter of that, with room for 16 million rows; more rows make longer
 * chains */
#define BUCKETS_MAX (1u << 17)

struct image_info {
	size_t rows;
	uint32_t fill; /* rows a bucket is meant for; 0: not said, as by makemap */
	/* how many rows can be added before Berkeley DB splits a bucket; 0 if
	 * fill is */
	uint64_t room;
	uint64_t buckets;
	/* all keys are in the store's form, each once: no NUL style, no odd
	 * spelling of an address */
	bool plain;
	/* some address is spelled in neither the store's form nor that with a
	 * NUL behind it */
	bool odd;
	/* what is wrong is the system or release that made it: there its rows
	 * can be read */
	bool foreign;
};

/* Proves that Berkeley DB may be trusted with IMAGE: every page, item, chain
 * and free list in bounds and used once, every key in its bucket and in order.
 * An empty image is fine.  WHY gets what is wrong otherwise. */
bool image_check(const struct image *image, struct image_info *info, char *why, size_t why_size);

/* Before FD, whose state is ST, is read into memory: is its first page that of
 * a database of this size?  So a large file that is no database costs nobody
 * its size.  An empty file is fine.  Returns RELAYDB_OK, NOTDB or IO. */
int image_prove_head(struct relaydb *db, int fd, const struct stat *st);

/* image_check() with an error in DB that says what is wrong.  Returns
 * RELAYDB_OK, NOTDB or NOMEM. */
int image_prove(struct relaydb *db, const struct image *image, struct image_info *info);

/* IMAGE was made by a batch with that RESULT: *info, which was that of the old
 * image, becomes that of IMAGE.  A new hash (RESULT->rewritten) is proved as a
 * whole.  Returns RELAYDB_OK, NOTDB or NOMEM. */
int image_made(struct relaydb *db, const struct image *image, const struct relaydb_result *result,
    struct image_info *info);

/* The number of buckets of a checked image. */
uint64_t image_buckets(const struct image *image);

/* Calls EACH for each page of a checked image that Berkeley DB may change when
 * it puts or deletes KEY and splits no bucket, and for SPARE pages of the free
 * list.  EACH returns false to stop.  Returns false if it did, or without
 * memory. */
bool image_pages(const struct image *image, struct bytes key, size_t spare,
    bool (*each)(size_t offset, size_t size, void *arg), void *arg);

/* Calls EACH for every row of a checked image; pointers end with the call.
 * EACH returns 0 to go on.  Returns 0, what EACH returned, or RELAYDB_NOMEM. */
int image_walk(const struct image *image,
    int (*each)(struct bytes key, struct bytes value, void *arg), void *arg);

/* Looks one key up in a checked image, as an MTA would.  Returns RELAYDB_OK
 * with a copy of at most SIZE bytes of the value in OUT and its true size in
 * *value_size, RELAYDB_NOTFOUND or RELAYDB_NOMEM. */
int image_find(
    const struct image *image, struct bytes key, void *out, size_t size, size_t *value_size);

#endif
