/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bucket.c - the rows of a bucket, see bucket.h
 */
#include "bucket.h"
#include "address.h"
#include "handle.h"

#include <errno.h>
#include <stdlib.h>

/* The key before, on the same page. */
struct last {
	struct bytes key;
	void *data; /* of a key on overflow pages */
};

/* As Berkeley DB orders keys on a page: of two that begin alike the longer is
 * first.  Where one of them is on overflow pages it puts such a pair in either
 * order. */
static bool in_order(const struct last *last, struct bytes key, bool overflow)
{
	size_t size = last->key.size < key.size ? last->key.size : key.size;
	int order =
	    last->key.data == NULL || size == 0 ? 0 : memcmp(last->key.data, key.data, size);

	if (order != 0 || last->key.data == NULL)
		return order <= 0;
	return last->key.size > key.size ||
	       ((last->data != NULL || overflow) && last->key.size != key.size);
}

static bool page_fits(struct look *look, const struct page *page)
{
	if (page->type == TYPE_FREE)
		return hashpage_unused(look, page);
	if (page->type != TYPE_HASH && page->type != TYPE_HASH_UNSORTED)
		return hashpage_wrong(look, "page %u is not a page of a hash", page->number);
	if (page->items % 2 != 0 || HEAD_SIZE + 2 * page->items > look->meta.page_size)
		return hashpage_wrong(
		    look, "page %u has an impossible number of items", page->number);
	/* Berkeley DB puts the next item below this mark */
	if (page->low > look->meta.page_size || page->low < HEAD_SIZE + 2 * page->items ||
	    (page->items == 0
		    ? page->low != look->meta.page_size
		    : get16(page->bytes + HEAD_SIZE + 2 * (page->items - 1)) != page->low))
		return hashpage_wrong(
		    look, "page %u has a wrong mark of its free space", page->number);
	return true;
}

/* Of two keys that differ the sum may be the same: then a sound database is
 * rebuilt once, with all its rows. */
static bool sum_add(struct look *look, struct bytes key)
{
	uint64_t *more;

	if (look->sum_count == look->sum_room) {
		look->sum_room = look->sum_room == 0 ? 256 : look->sum_room * 2;
		more = reallocarray(look->sums, look->sum_room, sizeof *more);
		if (more == NULL) {
			errno = ENOMEM;
			return hashpage_wrong(look, "out of memory");
		}
		look->sums = more;
	}
	look->sums[look->sum_count++] = io_sum(key.data, key.size);
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

/* One key and value.  Returns 0 to go on, -1 when WHY says, or what EACH
 * returned. */
static int pair_visit(
    struct look *look, const struct page *page, unsigned index, uint32_t bucket, struct last *last)
{
	void *key_data, *value_data = NULL;
	struct bytes key = { NULL, 0 }, value = { NULL, 0 };
	int answer = -1;

	if (!hashpage_item(look, page, index, &key, &key_data))
		goto out;
	if (!hashpage_item(look, page, index + 1, &value, &value_data))
		goto out;
	if (look->seen != NULL) {
		if (hashpage_bucket_of(&look->meta, key) != bucket) {
			hashpage_wrong(
			    look, "a key on page %u stands in the wrong bucket", page->number);
			goto out;
		}
		if (page->type == TYPE_HASH && !in_order(last, key, key_data != NULL)) {
			hashpage_wrong(look, "the keys on page %u are out of order", page->number);
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

int bucket_visit(struct look *look, uint32_t bucket)
{
	uint64_t number = hashpage_of_bucket(&look->meta, bucket);
	uint32_t previous = 0;
	struct page page;
	int answer;

	do {
		if (!hashpage_get(look, number, &page) || !page_fits(look, &page))
			return -1;
		if (page.type != TYPE_FREE && get32(page.bytes + PAGE_PREVIOUS) != previous) {
			hashpage_wrong(
			    look, "page %u does not point back to page %u", page.number, previous);
			return -1;
		}
		/* a page in order has no key twice */
		if (previous == 0)
			look->summing = look->seen != NULL &&
					(page.next != 0 || page.type == TYPE_HASH_UNSORTED);
		answer = page_visit(look, &page, bucket);
		previous = page.number;
		number = page.next;
	} while (answer == 0 && number != 0);
	if (look->summing && any_twice(look))
		look->plain = false;
	return answer;
}
