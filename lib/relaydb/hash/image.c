/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image.c - reads the bytes of a Berkeley DB hash, and proves them before anybody trusts them
 *
 * Berkeley DB believes the file it is given: of 1,000 databases with a few flipped bits it crashed on 95 when reading and on
 * 285 when writing (tests/unit/test_relaydb_image.c repeats that), and its own verify takes several times as long as a look
 * at the pages.  The file may be damaged, or belong to somebody who wants root's next command to crash; and we run inside
 * login processes.  So nothing is given to Berkeley DB that has not passed image_check(), and reading needs nothing but what
 * image_check() has to know anyway.
 *
 * The format is Berkeley DB's hash, version 8 (4.0 to 4.5, rows unordered) and 9 (since 4.6, rows in order), which db.h of
 * 5.3 reads without an upgrade.  Page 0 is the meta page; bucket B starts on page B + spares[ceil(log2(B + 1))] and goes
 * on through next; on a page an array of offsets grows up from the head and the items grow down from the end; an item is a type
 * byte and the data, or the number of the first of a chain of overflow pages.
 * Refused: the other byte order, checksums and encryption, duplicate keys, subdatabases: makemap and postmap make none of these
 * (makemap -d allows duplicates; a relay database has no use for them).
 */
#include "image.h"
#include "address.h"
#include "handle.h"
#include "rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define META_SIZE 512
#define HEAD_SIZE 26 /* of a page */
#define MAGIC 0x061561u

enum { TYPE_FREE = 0, TYPE_HASH_UNSORTED = 2, TYPE_OVERFLOW = 7, TYPE_META = 8, TYPE_HASH = 13 };
enum { ITEM_DATA = 1, ITEM_OVERFLOW = 3 };

struct meta {
	uint32_t page_size, pages, max_bucket, high_mask, low_mask, fill, rows, free;
	uint32_t spares[32];
};

struct page {
	const unsigned char *bytes;
	uint32_t number, next;
	unsigned items, low, type;
};

/* The state of one look over an image. */
struct look {
	const struct image *image;
	struct meta meta;
	unsigned char *seen; /* a bit a page; NULL once the image is known to be sound */
	char *why;
	size_t why_size;
	int (*each)(struct bytes key, struct bytes value, void *arg);
	void *arg;
	size_t rows;
	bool plain, odd;
	bool (*page)(size_t offset, size_t size, void *arg); /* called for every page that is looked at, with ARG */
	uint64_t *sums; /* of the keys of a bucket in which Berkeley DB could overlook that two are the same */
	size_t sum_count, sum_room;
	bool summing;
};

static uint16_t get16(const unsigned char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof n);
	return n;
}

static uint32_t get32(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof n);
	return n;
}

static bool wrong(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct look *look, const char *format, ...)
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

static uint32_t bucket_of(const struct meta *meta, struct bytes key)
{
	uint32_t bucket = hash(key) & meta->high_mask;

	return bucket > meta->max_bucket ? bucket & meta->low_mask : bucket;
}

/* ceil(log2(n)), n > 0 */
static unsigned log2_up(uint32_t n)
{
	unsigned bits = 0;

	while (bits < 32 && (UINT64_C(1) << bits) < n)
		bits++;
	return bits;
}

static uint64_t page_of_bucket(const struct meta *meta, uint32_t bucket)
{
	return (uint64_t)bucket + meta->spares[log2_up(bucket + 1)];
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
		return wrong(look, "it was made on a machine of the other byte order, where " THERE);
	if (get32(p) == MAGIC_185 || get32(p) == __builtin_bswap32(MAGIC_185))
		return wrong(look, "it is a hash of db 1.85, as FreeBSD and macOS have it, where " THERE);
	if (get32(p + 12) != MAGIC || p[25] != TYPE_META)
		return wrong(look, "it is not a Berkeley DB hash");
	if (get32(p + 16) != 8 && get32(p + 16) != 9)
		return wrong(look,
		    "it is a Berkeley DB hash of version %u, expected 8 or 9; with the release that made it, " THERE,
		    get32(p + 16));
	if (p[24] != 0 || p[26] != 0)
		return wrong(look, "it is encrypted, checksummed or partitioned");
	if (get32(p + 48) != 0)
		return wrong(look, "it has duplicate keys or databases inside");
	if (get32(p + 92) != hash((struct bytes){ "%$sniglet^&", 12 }))
		return wrong(look, "it was made with a foreign hash function");
	return true;
}

static bool meta_read(struct look *look)
{
	const unsigned char *p = look->image->data;
	struct meta *meta = &look->meta;

	if (look->image->size < META_SIZE)
		return wrong(look, "it is too short for a Berkeley DB hash");
	if (!meta_format(look, p))
		return false;
	meta->page_size = get32(p + 20);
	if (!power_of_two(meta->page_size) || meta->page_size < 512 || meta->page_size > 32768)
		return wrong(look, "its page size is %u", meta->page_size);
	if (look->image->size % meta->page_size != 0 || look->image->size > IMAGE_MAX)
		return wrong(look, "it ends in the middle of a page");
	meta->pages = (uint32_t)(look->image->size / meta->page_size);
	if (get32(p + 8) != 0 || get32(p + 32) + 1ULL != meta->pages)
		return wrong(look, "it has %u pages, expected %llu", meta->pages, get32(p + 32) + 1ULL);
	meta->free = get32(p + 28);
	meta->max_bucket = get32(p + 72);
	meta->high_mask = get32(p + 76);
	meta->low_mask = get32(p + 80);
	meta->fill = get32(p + 84);
	meta->rows = get32(p + 88);
	memcpy(meta->spares, p + 96, sizeof meta->spares);
	if (meta->max_bucket >= meta->pages || meta->high_mask == UINT32_MAX || !power_of_two(meta->high_mask + 1) ||
	    meta->high_mask < meta->max_bucket || meta->low_mask != meta->high_mask >> 1 || meta->max_bucket < meta->low_mask)
		return wrong(look, "its table of buckets makes no sense");
	return true;
}

/* Every page has one use. */
static bool claim(struct look *look, uint64_t number)
{
	if (number == 0 || number >= look->meta.pages)
		return wrong(look, "it refers to page %llu of %u", (unsigned long long)number, look->meta.pages);
	if (look->seen == NULL)
		return true;
	if (look->seen[number / 8] & (1u << (number % 8)))
		return wrong(look, "page %llu is used twice", (unsigned long long)number);
	look->seen[number / 8] |= (unsigned char)(1u << (number % 8));
	return true;
}

static bool page_get(struct look *look, uint64_t number, struct page *page)
{
	const unsigned char *p;

	if (!claim(look, number))
		return false;
	p = look->image->data + number * look->meta.page_size;
	if (look->page != NULL && !look->page((size_t)(p - look->image->data), look->meta.page_size, look->arg)) {
		errno = ENOMEM;
		return wrong(look, "out of memory");
	}
	page->bytes = p;
	page->number = (uint32_t)number;
	page->next = get32(p + 16);
	page->items = get16(p + 20);
	page->low = get16(p + 22);
	page->type = p[25];
	/* a bucket that was never used is a page of zeros */
	if (get32(p + 8) != number && (page->type != TYPE_FREE || get32(p + 8) != 0))
		return wrong(look, "page %llu says it is page %u", (unsigned long long)number, get32(p + 8));
	return true;
}

/* Adds up, and with OUT copies, a chain of overflow pages that must hold exactly SIZE bytes. */
static bool chain_read(struct look *look, uint32_t number, size_t size, unsigned char *out)
{
	uint32_t room = look->meta.page_size - HEAD_SIZE;
	struct page page;

	do {
		if (!page_get(look, number, &page))
			return false;
		if (page.type != TYPE_OVERFLOW || page.low == 0 || page.low > room || page.low > size || page.items != 1)
			return wrong(look, "page %u is no overflow page of the item that needs it", number);
		if (out != NULL) {
			memcpy(out, page.bytes + HEAD_SIZE, page.low);
			out += page.low;
		}
		size -= page.low;
		number = page.next;
	} while (size > 0);
	return number == 0 || wrong(look, "an overflow chain is too long");
}

/* Item INDEX of a hash page.  *data is set if it had to be put together from overflow pages: the caller frees it. */
static bool item_read(struct look *look, const struct page *page, unsigned index, struct bytes *item, void **data)
{
	uint32_t end = index == 0 ? look->meta.page_size : get16(page->bytes + HEAD_SIZE + 2 * (index - 1));
	uint32_t begin = get16(page->bytes + HEAD_SIZE + 2 * index);
	const unsigned char *p = page->bytes + begin;
	uint32_t size;

	*data = NULL;
	if (begin >= end || begin < HEAD_SIZE + 2 * page->items)
		return wrong(look, "item %u of page %u lies outside", index, page->number);
	if (*p == ITEM_DATA) {
		*item = (struct bytes){ p + 1, end - begin - 1 };
		return true;
	}
	if (*p != ITEM_OVERFLOW || end - begin != 12)
		return wrong(look, "item %u of page %u is of an unknown kind", index, page->number);
	size = get32(p + 8);
	if (size == 0 || size > look->image->size)
		return wrong(look, "item %u of page %u has an impossible size", index, page->number);
	*data = malloc(size);
	if (*data == NULL) {
		errno = ENOMEM;
		return wrong(look, "out of memory");
	}
	*item = (struct bytes){ *data, size };
	return chain_read(look, get32(p + 4), size, *data);
}

/* The key before, on the same page. */
struct last {
	struct bytes key;
	void *data; /* of a key on overflow pages */
};

/* As Berkeley DB orders keys on a page: of two that begin alike the longer is first.  Where one of them is on overflow pages it
 * puts such a pair in either order. */
static bool in_order(const struct last *last, struct bytes key, bool overflow)
{
	size_t size = last->key.size < key.size ? last->key.size : key.size;
	int order = last->key.data == NULL || size == 0 ? 0 : memcmp(last->key.data, key.data, size);

	if (order != 0 || last->key.data == NULL)
		return order <= 0;
	return last->key.size > key.size || ((last->data != NULL || overflow) && last->key.size != key.size);
}

/* A page that a bucket will get: zeros, or, as the last of a group, the head of an empty page.  Berkeley DB clears a page of
 * zeros at its first use, and believes all of a head that has a number. */
static bool page_is_unused(struct look *look, const struct page *page)
{
	bool zeros = page->bytes[0] == 0 && memcmp(page->bytes, page->bytes + 1, look->meta.page_size - 1) == 0;
	bool empty = page->type == TYPE_HASH && get32(page->bytes + 8) == page->number && page->next == 0 && page->items == 0 &&
		     page->low == look->meta.page_size;

	return zeros || empty || wrong(look, "page %u is free and in use", page->number);
}

static bool page_fits(struct look *look, const struct page *page)
{
	if (page->type == TYPE_FREE)
		return page_is_unused(look, page);
	if (page->type != TYPE_HASH && page->type != TYPE_HASH_UNSORTED)
		return wrong(look, "page %u is not a page of a hash", page->number);
	if (page->items % 2 != 0 || HEAD_SIZE + 2 * page->items > look->meta.page_size)
		return wrong(look, "page %u has an impossible number of items", page->number);
	/* Berkeley DB puts the next item below this mark */
	if (page->low > look->meta.page_size || page->low < HEAD_SIZE + 2 * page->items ||
	    (page->items == 0 ? page->low != look->meta.page_size
			      : get16(page->bytes + HEAD_SIZE + 2 * (page->items - 1)) != page->low))
		return wrong(look, "page %u has a wrong mark of its free space", page->number);
	return true;
}

/* FNV-1a; of two keys that differ it may be the same: then a sound database is made anew once, with all its rows. */
static bool sum_add(struct look *look, struct bytes key)
{
	const unsigned char *p = key.data;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	uint64_t *more;

	if (look->sum_count == look->sum_room) {
		look->sum_room = look->sum_room == 0 ? 256 : look->sum_room * 2;
		if ((more = reallocarray(look->sums, look->sum_room, sizeof *more)) == NULL) {
			errno = ENOMEM;
			return wrong(look, "out of memory");
		}
		look->sums = more;
	}
	for (size_t i = 0; i < key.size; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	look->sums[look->sum_count++] = sum;
	return true;
}

static int compare_sums(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Is one of the keys that were added up there twice?  Forgets them. */
static bool any_twice(struct look *look)
{
	bool twice = false;

	if (look->sum_count > 1)
		qsort(look->sums, look->sum_count, sizeof *look->sums, compare_sums);
	for (size_t i = 1; i < look->sum_count; i++)
		twice = twice || look->sums[i] == look->sums[i - 1];
	look->sum_count = 0;
	return twice;
}

/* One key and value.  Returns 0 to go on, -1 when WHY tells, or what EACH returned. */
static int pair_visit(struct look *look, const struct page *page, unsigned index, uint32_t bucket, struct last *last)
{
	void *key_data, *value_data = NULL;
	struct bytes key = { NULL, 0 }, value = { NULL, 0 };
	int answer = -1;

	if (!item_read(look, page, index, &key, &key_data))
		goto out;
	if (!item_read(look, page, index + 1, &value, &value_data))
		goto out;
	if (look->seen != NULL) {
		if (bucket_of(&look->meta, key) != bucket) {
			wrong(look, "a key on page %u stands in the wrong bucket", page->number);
			goto out;
		}
		if (page->type == TYPE_HASH && !in_order(last, key, key_data != NULL)) {
			wrong(look, "the keys on page %u are out of order", page->number);
			goto out;
		}
		free(last->data);
		*last = (struct last){ key, key_data };
		key_data = NULL; /* LAST has it */
		if (!address_plain(key.data, key.size)) {
			look->plain = false;
			look->odd = look->odd || !address_plain(key.data, key.size - 1);
		}
		if (look->summing && !sum_add(look, key))
			goto out;
	}
	look->rows++;
	answer = look->each != NULL ? look->each(key, value, look->arg) : 0;
out:
	free(key_data);
	free(value_data);
	return answer;
}

static int page_visit(struct look *look, const struct page *page, uint32_t bucket)
{
	struct last last = { { NULL, 0 }, NULL };
	int answer = 0;

	for (unsigned i = 0; answer == 0 && i < page->items; i += 2)
		answer = pair_visit(look, page, i, bucket, &last);
	free(last.data);
	return answer;
}

static int bucket_visit(struct look *look, uint32_t bucket)
{
	uint64_t number = page_of_bucket(&look->meta, bucket);
	uint32_t previous = 0;
	struct page page;
	int answer;

	do {
		if (!page_get(look, number, &page) || !page_fits(look, &page))
			return -1;
		if (page.type != TYPE_FREE && get32(page.bytes + 12) != previous) {
			wrong(look, "page %u does not point back to page %u", page.number, previous);
			return -1;
		}
		/* a page in order has no key twice */
		if (previous == 0)
			look->summing = look->seen != NULL && (page.next != 0 || page.type == TYPE_HASH_UNSORTED);
		answer = page_visit(look, &page, bucket);
		previous = page.number;
		number = page.next;
	} while (answer == 0 && number != 0);
	if (look->summing && any_twice(look))
		look->plain = false;
	return answer;
}

/* Every page has a use; what nothing leads to is damage, or hidden there. */
static bool rest_check(struct look *look)
{
	for (uint32_t number = 1; number < look->meta.pages; number++)
		if ((look->seen[number / 8] & (1u << (number % 8))) == 0)
			return wrong(look, "nothing leads to page %u", number);
	return true;
}

static bool free_list_check(struct look *look)
{
	struct page page;

	for (uint32_t number = look->meta.free; number != 0; number = page.next) {
		if (!page_get(look, number, &page))
			return false;
		if (page.type != TYPE_FREE || get32(page.bytes + 8) != number)
			return wrong(look, "page %u is in use and in the list of free pages", number);
	}
	return true;
}

/* The pages that Berkeley DB will give to the buckets to come: the rest of the last group, and no group after it. */
static bool reserve_check(struct look *look)
{
	struct page page;

	for (uint64_t bucket = (uint64_t)look->meta.max_bucket + 1; bucket <= look->meta.high_mask; bucket++)
		if (!page_get(look, page_of_bucket(&look->meta, (uint32_t)bucket), &page) || !page_is_unused(look, &page))
			return false;
	for (unsigned i = log2_up(look->meta.high_mask + 1) + 1; i < 32; i++)
		if (look->meta.spares[i] != 0)
			return wrong(look, "its table of buckets makes no sense");
	return true;
}

bool image_check(const struct image *image, struct image_info *info, char *why, size_t why_size)
{
	struct look look = { .image = image, .plain = true };
	uint64_t full;
	bool sound;

	look.why = why;
	look.why_size = why_size;
	*info = (struct image_info){ .plain = true };
	if (image->size == 0)
		return true;
	if (!meta_read(&look))
		return false;
	look.seen = calloc(1, look.meta.pages / 8 + 1);
	if (look.seen == NULL) {
		errno = ENOMEM;
		return wrong(&look, "out of memory");
	}
	sound = reserve_check(&look) && free_list_check(&look);
	for (uint32_t bucket = 0; sound && bucket <= look.meta.max_bucket; bucket++)
		sound = bucket_visit(&look, bucket) == 0;
	sound = sound && rest_check(&look);
	free(look.seen);
	free(look.sums);
	if (!sound)
		return false;
	full = (uint64_t)look.meta.fill * ((uint64_t)look.meta.max_bucket + 1);
	*info = (struct image_info){ .rows = look.rows,
		.fill = look.meta.fill,
		.room = full > look.meta.rows ? full - look.meta.rows : 0,
		.buckets = (uint64_t)look.meta.max_bucket + 1,
		.plain = look.plain,
		.odd = look.odd };
	return true;
}

int image_made(struct relaydb *db, const struct image *image, const struct relaydb_result *result, struct image_info *info)
{
	struct look look = { .image = image };
	uint64_t full;

	if (result->rewritten || !meta_read(&look))
		return image_prove(db, image, info);
	full = (uint64_t)look.meta.fill * ((uint64_t)look.meta.max_bucket + 1);
	info->rows = result->rows;
	info->room = full > look.meta.rows ? full - look.meta.rows : 0;
	info->buckets = (uint64_t)look.meta.max_bucket + 1;
	return RELAYDB_OK;
}

uint64_t image_buckets(const struct image *image)
{
	struct look look = { .image = image };

	return meta_read(&look) ? (uint64_t)look.meta.max_bucket + 1 : 0;
}

bool image_pages(
    const struct image *image, struct bytes key, size_t spare, bool (*each)(size_t offset, size_t size, void *arg), void *arg)
{
	struct look look = { .image = image, .arg = arg };
	struct page page;

	if (!meta_read(&look) || !each(0, look.meta.page_size, arg))
		return false;
	look.page = each;
	if (bucket_visit(&look, bucket_of(&look.meta, key)) != 0)
		return false;
	for (uint32_t number = look.meta.free; spare > 0 && number != 0; number = page.next, spare--)
		if (!page_get(&look, number, &page))
			return false;
	return true;
}

int image_prove_head(struct relaydb *db, int fd, const struct stat *st)
{
	unsigned char head[META_SIZE];
	struct image image = { head, (size_t)st->st_size, false };
	char why[128];
	struct look look = { .image = &image, .why = why, .why_size = sizeof why };
	ssize_t size = pread(fd, head, sizeof head, 0);

	if (size < 0)
		return db_fail_errno(db, "read", "", errno);
	if ((size_t)size < image.size && (size_t)size < sizeof head)
		image.size = (size_t)size;
	if (image.size == 0 || meta_read(&look))
		return RELAYDB_OK;
	return db_fail(db, RELAYDB_NOTDB, "%s is not a relay database: %s", db->path, why);
}

int image_prove(struct relaydb *db, const struct image *image, struct image_info *info)
{
	char why[128];

	errno = 0;
	if (image_check(image, info, why, sizeof why))
		return RELAYDB_OK;
	return errno == ENOMEM ? db_fail(db, RELAYDB_NOMEM, "out of memory")
			       : db_fail(db, RELAYDB_NOTDB, "%s is not a relay database: %s", db->path, why);
}

int image_walk(const struct image *image, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	struct look look = { .image = image, .each = each, .arg = arg };
	int answer = 0;

	if (image->size == 0 || !meta_read(&look))
		return 0;
	for (uint32_t bucket = 0; answer == 0 && bucket <= look.meta.max_bucket; bucket++) {
		errno = 0;
		answer = bucket_visit(&look, bucket);
		if (answer == -1 && errno == ENOMEM)
			return RELAYDB_NOMEM;
	}
	return answer;
}

struct search {
	struct bytes key;
	void *out;
	size_t size, value_size;
};

static int search_pair(struct bytes key, struct bytes value, void *arg)
{
	struct search *search = arg;

	if (key.size != search->key.size || memcmp(key.data, search->key.data, key.size) != 0)
		return 0;
	search->value_size = value.size;
	memcpy(search->out, value.data, value.size < search->size ? value.size : search->size);
	return 1;
}

int image_find(const struct image *image, struct bytes key, void *out, size_t size, size_t *value_size)
{
	struct search search = { .key = key, .out = out, .size = size };
	struct look look = { .image = image, .each = search_pair, .arg = &search };

	if (image->size == 0 || !meta_read(&look))
		return RELAYDB_NOTFOUND;
	switch (bucket_visit(&look, bucket_of(&look.meta, key))) {
	case 0:
		return RELAYDB_NOTFOUND;
	case 1:
		*value_size = search.value_size;
		return RELAYDB_OK;
	default:
		return RELAYDB_NOMEM;
	}
}
