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

enum { ITEM_DATA = 1, ITEM_OVERFLOW = 3 };

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

static bool meta_format(struct look *look, const unsigned char *p)
{
	if (get32(p + 12) == __builtin_bswap32(MAGIC))
		return hashpage_wrong(
		    look, "it was made on a machine of the other byte order, where " THERE);
	if (get32(p) == MAGIC_185 || get32(p) == __builtin_bswap32(MAGIC_185))
		return hashpage_wrong(
		    look, "it is a hash of db 1.85, as FreeBSD and macOS have it, where " THERE);
	if (get32(p + 12) != MAGIC || p[25] != TYPE_META)
		return hashpage_wrong(look, "it is not a Berkeley DB hash");
	if (get32(p + 16) != 8 && get32(p + 16) != 9)
		return hashpage_wrong(look,
		    "it is a Berkeley DB hash of version %u, expected 8 or 9; with the release "
		    "that made it, " THERE,
		    get32(p + 16));
	if (p[24] != 0 || p[26] != 0)
		return hashpage_wrong(look, "it is encrypted, checksummed or partitioned");
	if (get32(p + 48) != 0)
		return hashpage_wrong(look, "it has duplicate keys or databases inside");
	if (get32(p + 92) != hash((struct bytes){ "%$sniglet^&", 12 }))
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
	meta->page_size = get32(p + 20);
	if (!power_of_two(meta->page_size) || meta->page_size < 512 || meta->page_size > 32768)
		return hashpage_wrong(look, "its page size is %u", meta->page_size);
	if (look->image->size % meta->page_size != 0 || look->image->size > IMAGE_MAX)
		return hashpage_wrong(look, "it ends in the middle of a page");
	meta->pages = (uint32_t)(look->image->size / meta->page_size);
	if (get32(p + 8) != 0 || get32(p + 32) + 1ULL != meta->pages)
		return hashpage_wrong(
		    look, "it has %u pages, expected %llu", meta->pages, get32(p + 32) + 1ULL);
	meta->free = get32(p + 28);
	meta->max_bucket = get32(p + 72);
	meta->high_mask = get32(p + 76);
	meta->low_mask = get32(p + 80);
	meta->fill = get32(p + 84);
	meta->rows = get32(p + 88);
	memcpy(meta->spares, p + 96, sizeof meta->spares);
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
	page->next = get32(p + 16);
	page->items = get16(p + 20);
	page->low = get16(p + 22);
	page->type = p[25];
	/* a bucket that was never used is a page of zeros */
	if (get32(p + 8) != number && (page->type != TYPE_FREE || get32(p + 8) != 0))
		return hashpage_wrong(
		    look, "page %llu says it is page %u", (unsigned long long)number, get32(p + 8));
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
	if (*p != ITEM_OVERFLOW || end - begin != 12)
		return hashpage_wrong(
		    look, "item %u of page %u is of an unknown kind", index, page->number);
	size = get32(p + 8);
	if (size == 0 || size > look->image->size)
		return hashpage_wrong(
		    look, "item %u of page %u has an impossible size", index, page->number);
	*data = malloc(size);
	if (*data == NULL) {
		errno = ENOMEM;
		return hashpage_wrong(look, "out of memory");
	}
	*item = (struct bytes){ *data, size };
	return chain_read(look, get32(p + 4), size, *data);
}

bool hashpage_unused(struct look *look, const struct page *page)
{
	bool zeros = page->bytes[0] == 0 &&
		     memcmp(page->bytes, page->bytes + 1, look->meta.page_size - 1) == 0;
	bool empty = page->type == TYPE_HASH && get32(page->bytes + 8) == page->number &&
		     page->next == 0 && page->items == 0 && page->low == look->meta.page_size;

	return zeros || empty || hashpage_wrong(look, "page %u is free and in use", page->number);
}
