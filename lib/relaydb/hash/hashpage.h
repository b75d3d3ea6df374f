/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hashpage.h - the pages of a Berkeley DB hash: the meta page, what stands on a
 * page, and where
 *
 * The format is Berkeley DB's hash, version 8 (4.0 to 4.5, rows unordered) and
 * 9 (since 4.6, rows in order), which db.h of 5.3 reads without an upgrade.
 * Page 0 is the meta page; bucket B starts on page B + spares[ceil(log2(B +
 * 1))] and goes on through next; on a page an array of offsets grows up from
 * the head and the items grow down from the end; an item is a type byte and the
 * data, or the number of the first of a chain of overflow pages.
 * Refused: the other byte order, checksums and encryption, duplicate keys,
 * subdatabases: makemap and postmap make none of these (makemap -d allows
 * duplicates; a relay database has no use for them).
 */
#ifndef RELAYDB_HASHPAGE_H
#define RELAYDB_HASHPAGE_H

#include "io.h"

#include <string.h>

#define META_SIZE 512
#define HEAD_SIZE 26 /* of a page */

/* where the numbers of a page's head begin; the meta page has the
 * first and the last of them */
enum {
	PAGE_NUMBER = 8,
	PAGE_PREVIOUS = 12,
	PAGE_NEXT = 16,
	PAGE_ITEMS = 20,
	PAGE_LOW = 22, /* the lowest item, or the size of a piece on an overflow page */
	PAGE_TYPE = 25
};

enum { TYPE_FREE = 0, TYPE_HASH_UNSORTED = 2, TYPE_OVERFLOW = 7, TYPE_META = 8, TYPE_HASH = 13 };

struct meta {
	uint32_t page_size, pages, max_bucket, high_mask, low_mask, fill, rows, free;
	uint32_t spares[32];
};

struct page {
	const unsigned char *bytes;
	uint32_t number, next;
	unsigned items, low, type;
};

/* One look over an image: to walk over its rows, to find one, or, with SEEN, to
 * prove it.  What is not wanted is NULL. */
struct look {
	const struct image *image;
	struct meta meta; /* hashpage_meta() fills it in, before anything else */

	/* whatever is looked for: called for every row, and every page, that
	 * is come by */
	int (*each)(struct bytes key, struct bytes value, void *arg);
	bool (*page)(size_t offset, size_t size, void *arg);
	void *arg; /* of both */
	char *why; /* gets what is wrong */
	size_t why_size;

	/* a proof: a bit for each page that has its use */
	unsigned char *seen;
	/* what it finds out, see struct image_info */
	size_t rows;
	bool plain, odd, foreign;
	/* of the keys of a bucket in which Berkeley DB could overlook that two
	 * are the same */
	uint64_t *sums;
	size_t sum_count, sum_room;
	bool summing;
};

static inline uint16_t get16(const unsigned char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof n);
	return n;
}

static inline uint32_t get32(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof n);
	return n;
}

/* Keeps in WHY what is wrong with the image, where somebody wants to know.
 * Returns false. */
bool hashpage_wrong(struct look *look, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The bucket of KEY, and the page on which BUCKET begins. */
uint32_t hashpage_bucket_of(const struct meta *meta, struct bytes key);
uint64_t hashpage_of_bucket(const struct meta *meta, uint32_t bucket);

/* ceil(log2(n)), n > 0 */
unsigned hashpage_log2(uint32_t n);

/* Reads the meta page of the image into LOOK, and proves it.  This and the next
 * three return false if something is wrong. */
bool hashpage_meta(struct look *look);

/* Page NUMBER, which must not have been used before. */
bool hashpage_get(struct look *look, uint64_t number, struct page *page);

/* Item INDEX of a hash page.  *data is set if it had to be put together from
 * overflow pages: the caller frees it.  Without memory errno is ENOMEM. */
bool hashpage_item(
    struct look *look, const struct page *page, unsigned index, struct bytes *item, void **data);

/* Is it a page that a bucket will get: zeros, or, as the last of a group, the
 * head of an empty page?  Berkeley DB clears a page of zeros at its first use,
 * and believes all of a head that has a number. */
bool hashpage_unused(struct look *look, const struct page *page);

#endif
