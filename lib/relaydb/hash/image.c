/* SPDX-License-Identifier: BSD-2-Clause
 *
 * image.c - reads the bytes of a Berkeley DB hash, and proves them before
 * anybody trusts them
 *
 * Berkeley DB believes the file it is given: of 1,000 databases with a few
 * flipped bits it crashed on 95 when reading and on 285 when writing
 * (tests/unit/test_relaydb_image.c repeats that), and its own verify takes
 * several times as long as a look at the pages.  The file may be damaged, or
 * belong to somebody who wants root's next command to crash; and we run inside
 * login processes.  So nothing is given to Berkeley DB that has not passed
 * image_check(), and reading needs nothing but what image_check() has to know
 * anyway.
 */
#include "image.h"
#include "bucket.h"
#include "handle.h"
#include "hashpage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every page has a use; what nothing leads to is damage, or hidden there. */
static bool rest_check(struct look *look)
{
	for (uint32_t number = 1; number < look->meta.pages; number++)
		if ((look->seen[number / 8] & (1u << (number % 8))) == 0)
			return hashpage_wrong(look, "nothing leads to page %u", number);
	return true;
}

static bool free_list_check(struct look *look)
{
	struct page page;

	for (uint32_t number = look->meta.free; number != 0; number = page.next) {
		if (!hashpage_get(look, number, &page))
			return false;
		if (page.type != TYPE_FREE || get32(page.bytes + PAGE_NUMBER) != number)
			return hashpage_wrong(
			    look, "page %u is in use and in the list of free pages", number);
	}
	return true;
}

/* The pages that Berkeley DB will give to the buckets to come: the rest of the
 * last group, and no group after it. */
static bool reserve_check(struct look *look)
{
	struct page page;

	for (uint64_t bucket = (uint64_t)look->meta.max_bucket + 1; bucket <= look->meta.high_mask;
	     bucket++)
		if (!hashpage_get(look, hashpage_of_bucket(&look->meta, (uint32_t)bucket), &page) ||
		    !hashpage_unused(look, &page))
			return false;
	for (unsigned i = hashpage_log2(look->meta.high_mask + 1) + 1; i < 32; i++)
		if (look->meta.spares[i] != 0)
			return hashpage_wrong(look, "its table of buckets makes no sense");
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
	if (!hashpage_meta(&look)) {
		info->foreign = look.foreign;
		return false;
	}
	look.seen = calloc(1, look.meta.pages / 8 + 1);
	if (look.seen == NULL) {
		errno = ENOMEM;
		return hashpage_wrong(&look, "out of memory");
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

int image_made(struct relaydb *db, const struct image *image, const struct relaydb_result *result,
    struct image_info *info)
{
	struct look look = { .image = image };
	uint64_t full;

	if (result->rewritten || !hashpage_meta(&look))
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

	return hashpage_meta(&look) ? (uint64_t)look.meta.max_bucket + 1 : 0;
}

bool image_pages(const struct image *image, struct bytes key, size_t spare,
    bool (*each)(size_t offset, size_t size, void *arg), void *arg)
{
	struct look look = { .image = image, .arg = arg };
	struct page page;

	if (!hashpage_meta(&look) || !each(0, look.meta.page_size, arg))
		return false;
	look.page = each;
	if (bucket_visit(&look, hashpage_bucket_of(&look.meta, key)) != 0)
		return false;
	for (uint32_t number = look.meta.free; spare > 0 && number != 0;
	     number = page.next, spare--)
		if (!hashpage_get(&look, number, &page))
			return false;
	return true;
}

static int not_a_database(struct relaydb *db, const char *why, bool foreign)
{
	db_fail(db, RELAYDB_NOTDB, "%s is not a relay database: %s", db->path, why);
	db->foreign = foreign;
	return RELAYDB_NOTDB;
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
	if (image.size == 0 || hashpage_meta(&look))
		return RELAYDB_OK;
	return not_a_database(db, why, look.foreign);
}

int image_prove(struct relaydb *db, const struct image *image, struct image_info *info)
{
	char why[128];

	errno = 0;
	if (image_check(image, info, why, sizeof why))
		return RELAYDB_OK;
	return errno == ENOMEM ? db_fail(db, RELAYDB_NOMEM, "out of memory")
			       : not_a_database(db, why, info->foreign);
}

int image_walk(const struct image *image,
    int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	struct look look = { .image = image, .each = each, .arg = arg };
	int answer = 0;

	if (image->size == 0 || !hashpage_meta(&look))
		return 0;
	for (uint32_t bucket = 0; answer == 0 && bucket <= look.meta.max_bucket; bucket++) {
		errno = 0;
		answer = bucket_visit(&look, bucket);
		if (answer == -1 && errno == ENOMEM)
			return RELAYDB_NOMEM;
	}
	return answer;
}

struct key_search {
	struct bytes key;
	void *out;
	size_t size, value_size;
};

static int search_pair(struct bytes key, struct bytes value, void *arg)
{
	struct key_search *search = arg;

	if (key.size != search->key.size || memcmp(key.data, search->key.data, key.size) != 0)
		return 0;
	search->value_size = value.size;
	memcpy(search->out, value.data, value.size < search->size ? value.size : search->size);
	return 1;
}

int image_find(
    const struct image *image, struct bytes key, void *out, size_t size, size_t *value_size)
{
	struct key_search search = { .key = key, .out = out, .size = size };
	struct look look = { .image = image, .each = search_pair, .arg = &search };

	if (image->size == 0 || !hashpage_meta(&look))
		return RELAYDB_NOTFOUND;
	switch (bucket_visit(&look, hashpage_bucket_of(&look.meta, key))) {
	case 0:
		return RELAYDB_NOTFOUND;
	case 1:
		*value_size = search.value_size;
		return RELAYDB_OK;
	default:
		return RELAYDB_NOMEM;
	}
}
