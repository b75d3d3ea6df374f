/* SPDX-License-Identifier: BSD-2-Clause
 *
 * hashpage.c - decodes the pages of a Berkeley DB hash, see hashpage.h
 */
#include "hashpage.h"
#include "handle.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAGIC 0x061561u

/* where the numbers of the meta page begin: struct DBMETA and struct HMETA of
 * Berkeley DB's dbinc/db_page.h */
enum {
	META_MAGIC = 12,
	META_VERSION = 16,
	META_PAGE_SIZE = 20,
	META_ENCRYPTION = 24,
	META_CHECKSUM = 26, /* and other flags of all pages */
	META_FREE = 28, /* the first page of the free list */
	META_LAST_PAGE = 32,
	META_FLAGS = 48, /* duplicates, subdatabases */
	META_MAX_BUCKET = 72,
	META_HIGH_MASK = 76,
	META_LOW_MASK = 80,
	META_FILL = 84,
	META_ROWS = 88,
	META_HASH_OF_CHARKEY = 92,
	META_SPARES = 96
};

/* What a database's hash function makes of this text, with its NUL, is kept in
 * its meta page, so that it is never opened with another. */
#define CHARKEY "%$sniglet^&"

enum { ITEM_DATA = 1, ITEM_OVERFLOW = 3 };

/* an item that is on overflow pages, from its type byte on */
enum { ITEM_FIRST_PAGE = 4, ITEM_TOTAL = 8, ITEM_OVERFLOW_SIZE = 12 };

bool hashpage_wrong(struct look *look, const char *format, ...)
{
	va_list args;

	if (look->why != NULL) {
		va_start(args, format);
		vsnprintf(look->why, look->why_size, format, args);
		va_end(args);
	}
	return false;
}

/* Berkeley DB's hash function: FNV-1 with a start of 0. */
static uint32_t hash(struct bytes key)
{
	const unsigned char *p = key.data;
	uint32_t h = 0;

	for (size_t i = 0; i < key.size; i++)
		h = (h * 16777619u) ^ p[i];
	return h;
}

uint32_t hashpage_bucket_of(const struct meta *meta, struct bytes key)
{
	uint32_t bucket = hash(key) & meta->high_mask;

	return bucket > meta->max_bucket ? bucket & meta->low_mask : bucket;
}

unsigned hashpage_log2(uint32_t n)
{
	unsigned bits = 0;

	while (bits < 32 && (UINT64_C(1) << bits) < n)
		bits++;
	return bits;
}

uint64_t hashpage_of_bucket(const struct meta *meta, uint32_t bucket)
{
	return (uint64_t)bucket + meta->spares[hashpage_log2(bucket + 1)];
}

static bool power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

#define MAGIC_185 0x061561 /* at the very beginning; db(3) of 4.4BSD */
#define THERE "`makemap -u hash FILE' prints its rows"

/* Its rows are sound, and are not to be thrown away. */
static bool foreign(struct look *look, const char *what)
{
	look->foreign = true;
	return hashpage_wrong(look, "it is %s " THERE, what);
}

static bool meta_format(struct look *look, const unsigned char *p)
{
	uint32_t magic = get32(p + META_MAGIC), version = get32(p + META_VERSION);
	char what[128];

	if (magic == __builtin_bswap32(MAGIC))
		return foreign(look, "of a machine of the other byte order, where");
	if (get32(p) == MAGIC_185 || get32(p) == __builtin_bswap32(MAGIC_185))
		return foreign(look, "a hash of db 1.85, as FreeBSD and macOS have it, where");
	if (magic != MAGIC || p[PAGE_TYPE] != TYPE_META)
		return hashpage_wrong(look, "it is not a Berkeley DB hash");
	if (version != 8 && version != 9) {
		snprintf(what, sizeof what,
		    "a Berkeley DB hash of version %u, expected 8 or 9; with the release that made "
		    "it,",
		    version);
		return foreign(look, what);
	}
	if (p[META_ENCRYPTION] != 0 || p[META_CHECKSUM] != 0)
		return hashpage_wrong(look, "it is encrypted, checksummed or partitioned");
	if (get32(p + META_FLAGS) != 0)
		return hashpage_wrong(look, "it has duplicate keys or databases inside");
	if (get32(p + META_HASH_OF_CHARKEY) != hash((struct bytes){ CHARKEY, sizeof CHARKEY }))
		return hashpage_wrong(look, "it was made with a foreign hash function");
	return true;
}

bool hashpage_meta(struct look *look)
{
	const unsigned char *p = look->image->data;
	struct meta *meta = &look->meta;

	if (look->image->size < META_SIZE)
		return hashpage_wrong(look, "it is too short for a Berkeley DB hash");
	if (!meta_format(look, p))
		return false;
	meta->page_size = get32(p + META_PAGE_SIZE);
	if (!power_of_two(meta->page_size) || meta->page_size < 512 || meta->page_size > 32768)
		return hashpage_wrong(look, "its page size is %u", meta->page_size);
	if (look->image->size % meta->page_size != 0 || look->image->size > IMAGE_MAX)
		return hashpage_wrong(look, "it ends in the middle of a page");
	meta->pages = (uint32_t)(look->image->size / meta->page_size);
	if (get32(p + PAGE_NUMBER) != 0 || get32(p + META_LAST_PAGE) + 1ULL != meta->pages)
		return hashpage_wrong(look, "it has %u pages, expected %llu", meta->pages,
		    get32(p + META_LAST_PAGE) + 1ULL);
	meta->free = get32(p + META_FREE);
	meta->max_bucket = get32(p + META_MAX_BUCKET);
	meta->high_mask = get32(p + META_HIGH_MASK);
	meta->low_mask = get32(p + META_LOW_MASK);
	meta->fill = get32(p + META_FILL);
	meta->rows = get32(p + META_ROWS);
	memcpy(meta->spares, p + META_SPARES, sizeof meta->spares);
	if (meta->max_bucket >= meta->pages || meta->high_mask == UINT32_MAX ||
	    !power_of_two(meta->high_mask + 1) || meta->high_mask < meta->max_bucket ||
	    meta->low_mask != meta->high_mask >> 1 || meta->max_bucket < meta->low_mask)
		return hashpage_wrong(look, "its table of buckets makes no sense");
	return true;
}

/* Every page has one use. */
static bool claim(struct look *look, uint64_t number)
{
	if (number == 0 || number >= look->meta.pages)
		return hashpage_wrong(look, "it refers to page %llu of %u",
		    (unsigned long long)number, look->meta.pages);
	if (look->seen == NULL)
		return true;
	if (look->seen[number / 8] & (1u << (number % 8)))
		return hashpage_wrong(look, "page %llu is used twice", (unsigned long long)number);
	look->seen[number / 8] |= (unsigned char)(1u << (number % 8));
	return true;
}

bool hashpage_get(struct look *look, uint64_t number, struct page *page)
{
	const unsigned char *p;

	*page = (struct page){ .bytes = NULL };
	if (!claim(look, number))
		return false;
	p = look->image->data + number * look->meta.page_size;
	if (look->page != NULL &&
	    !look->page((size_t)(p - look->image->data), look->meta.page_size, look->arg)) {
		errno = ENOMEM;
		return hashpage_wrong(look, "out of memory");
	}
	page->bytes = p;
	page->number = (uint32_t)number;
	page->next = get32(p + PAGE_NEXT);
	page->items = get16(p + PAGE_ITEMS);
	page->low = get16(p + PAGE_LOW);
	page->type = p[PAGE_TYPE];
	/* a bucket that was never used is a page of zeros */
	if (get32(p + PAGE_NUMBER) != number &&
	    (page->type != TYPE_FREE || get32(p + PAGE_NUMBER) != 0))
		return hashpage_wrong(look, "page %llu says it is page %u",
		    (unsigned long long)number, get32(p + PAGE_NUMBER));
	return true;
}

/* Adds up, and with OUT copies, a chain of overflow pages that must hold
 * exactly SIZE bytes. */
static bool chain_read(struct look *look, uint32_t number, size_t size, unsigned char *out)
{
	uint32_t room = look->meta.page_size - HEAD_SIZE;
	struct page page;

	do {
		if (!hashpage_get(look, number, &page))
			return false;
		if (page.type != TYPE_OVERFLOW || page.low == 0 || page.low > room ||
		    page.low > size || page.items != 1)
			return hashpage_wrong(
			    look, "page %u is no overflow page of the item that needs it", number);
		if (out != NULL) {
			memcpy(out, page.bytes + HEAD_SIZE, page.low);
			out += page.low;
		}
		size -= page.low;
		number = page.next;
	} while (size > 0);
	return number == 0 || hashpage_wrong(look, "an overflow chain is too long");
}

bool hashpage_item(
    struct look *look, const struct page *page, unsigned index, struct bytes *item, void **data)
{
	uint32_t end =
	    index == 0 ? look->meta.page_size : get16(page->bytes + HEAD_SIZE + 2 * (index - 1));
	uint32_t begin = get16(page->bytes + HEAD_SIZE + 2 * index);
	const unsigned char *p = page->bytes + begin;
	uint32_t size;

	*data = NULL;
	if (begin >= end || begin < HEAD_SIZE + 2 * page->items)
		return hashpage_wrong(look, "item %u of page %u lies outside", index, page->number);
	if (*p == ITEM_DATA) {
		*item = (struct bytes){ p + 1, end - begin - 1 };
		return true;
	}
	if (*p != ITEM_OVERFLOW || end - begin != ITEM_OVERFLOW_SIZE)
		return hashpage_wrong(
		    look, "item %u of page %u is of an unknown kind", index, page->number);
	size = get32(p + ITEM_TOTAL);
	if (size == 0 || size > look->image->size)
		return hashpage_wrong(
		    look, "item %u of page %u has an impossible size", index, page->number);
	*data = malloc(size);
	if (*data == NULL) {
		errno = ENOMEM;
		return hashpage_wrong(look, "out of memory");
	}
	*item = (struct bytes){ *data, size };
	return chain_read(look, get32(p + ITEM_FIRST_PAGE), size, *data);
}

bool hashpage_unused(struct look *look, const struct page *page)
{
	bool zeros = page->bytes[0] == 0 &&
		     memcmp(page->bytes, page->bytes + 1, look->meta.page_size - 1) == 0;
	bool empty = page->type == TYPE_HASH && get32(page->bytes + PAGE_NUMBER) == page->number &&
		     page->next == 0 && page->items == 0 && page->low == look->meta.page_size;

	return zeros || empty || hashpage_wrong(look, "page %u is free and in use", page->number);
}
