/* SPDX-License-Identifier: BSD-2-Clause
 *
 * page.c - reads and proves one page of an LMDB file, see page.h
 *
 * The format is version 1 of LMDB 0.9, in the byte order and word size of the
 * host.  Pages 0 and 1 are meta pages; the transaction number says which is
 * newer, and transaction N is on page N mod 2.  Each has the roots of two
 * B+trees: of free pages (key: transaction, value: a list of page numbers) and
 * of rows.  On a page offsets grow up from the head, nodes grow down from the
 * end without a gap.  A large value is on overflow pages in one piece.  A
 * change copies the pages on its way up to a new root, so what the newer meta
 * page reaches is one consistent state.
 * Refused: duplicate keys, integer keys, subdatabases, fixed addresses: postmap
 * makes none of these.
 */
#include "page.h"
#include "io.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NODE_SIZE 8u
#define TREE_SIZE (8 + 5 * WORD)
#define MAGIC 0xBEEFC0DEu
#define VERSION 1u
#define KEY_MAX 511u

enum { NODE_BIG = 1 };
enum { TREE_INTEGER_KEY = 8, TREE_DUPLICATES = 0x36 };

bool page_wrong(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (size > 0)
		vsnprintf(why, size, format, args);
	va_end(args);
	return false;
}

unsigned page_get16(const unsigned char *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

uint32_t page_get32(const unsigned char *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

size_t page_get_word(const unsigned char *p)
{
	size_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

/* ---- meta pages ---- */

unsigned page_size_of(const unsigned char *p)
{
	unsigned size = page_get32(p + HEAD_SIZE + 8 + 2 * WORD);

	return size < PAGE_MIN || size > PAGE_MAX || (size & (size - 1)) != 0 ? 0 : size;
}

static void tree_read(const unsigned char *p, struct tree *tree)
{
	*tree = (struct tree){ .flags = page_get16(p + 4),
		.depth = page_get16(p + 6),
		.branches = page_get_word(p + 8),
		.leaves = page_get_word(p + 8 + WORD),
		.overflows = page_get_word(p + 8 + 2 * WORD),
		.entries = page_get_word(p + 8 + 3 * WORD),
		.root = page_get_word(p + 8 + 4 * WORD) };
}

/* P has PAGES_META_SIZE bytes of page NUMBER. */
static bool meta_read(
    const unsigned char *p, size_t number, struct meta *meta, char *why, size_t why_size)
{
	const unsigned char *body = p + HEAD_SIZE, *trees = body + 8 + 2 * WORD;

	if (page_get_word(p) != number || page_get16(p + WORD + 2) != PAGE_META ||
	    page_get32(body) != MAGIC)
		return page_wrong(why, why_size, "it is not a file of LMDB");
	if (page_get32(body + 4) != VERSION)
		return page_wrong(why, why_size, "it is of version %u of LMDB, expected %u",
		    page_get32(body + 4), VERSION);
	meta->page_size = page_get32(trees);
	tree_read(trees, &meta->free);
	tree_read(trees + TREE_SIZE, &meta->rows);
	meta->last = page_get_word(trees + 2 * TREE_SIZE);
	meta->transaction = page_get_word(trees + 2 * TREE_SIZE + WORD);
	if (page_size_of(p) == 0)
		return page_wrong(why, why_size, "meta page %zu names a page size of %u bytes",
		    number, meta->page_size);
	/* the flags of the tree of free pages are those of the environment, and
	 * bit 0 a fixed address */
	if (page_get_word(body + 8) != 0 || (meta->free.flags & 1) != 0)
		return page_wrong(why, why_size, "meta page %zu wants a fixed address", number);
	if ((meta->free.flags & TREE_DUPLICATES) != 0 ||
	    (meta->free.flags & TREE_INTEGER_KEY) == 0 || meta->rows.flags != 0)
		return page_wrong(why, why_size, "its keys are not those of a map of Postfix");
	if (meta->last < FIRST - 1 || meta->last >= IMAGE_MAX / meta->page_size)
		return page_wrong(
		    why, why_size, "meta page %zu names %zu pages", number, meta->last);
	return meta->transaction % 2 == number || meta->transaction == 0 ||
	       page_wrong(why, why_size, "meta page %zu has the transaction of the other", number);
}

bool page_newer_meta(
    const struct pages_state *state, struct meta *newer, char *why, size_t why_size)
{
	struct meta meta[2] = { { .page_size = 0 } };

	for (size_t i = 0; i < 2; i++)
		if (!meta_read(state->meta[i], i, &meta[i], why, why_size))
			return false;
	*newer = meta[meta[1].transaction > meta[0].transaction];
	if (meta[0].page_size != meta[1].page_size)
		return page_wrong(why, why_size, "its meta pages name different page sizes");
	if (newer->transaction != 0 &&
	    meta[0].transaction + meta[1].transaction != 2 * newer->transaction - 1)
		return page_wrong(why, why_size, "its meta pages are of transactions %zu and %zu",
		    meta[0].transaction, meta[1].transaction);
	return true;
}

/* ---- pages and nodes ---- */

bool page_read(const unsigned char *bytes, unsigned size, size_t number, struct page *page,
    char *why, size_t why_size)
{
	unsigned flags = page_get16(bytes + WORD + 2), lower = page_get16(bytes + WORD + 4);

	*page = (struct page){ .bytes = bytes,
		.size = size,
		.upper = page_get16(bytes + WORD + 6),
		.branch = flags == PAGE_BRANCH };
	if (page_get_word(bytes) != number || (flags != PAGE_BRANCH && flags != PAGE_LEAF))
		return page_wrong(why, why_size, "page %zu is not a page of a tree", number);
	if (lower < HEAD_SIZE || (lower - HEAD_SIZE) % 2 != 0 || lower > page->upper ||
	    page->upper > size || page->upper % 2 != 0)
		return page_wrong(why, why_size, "page %zu has a damaged head", number);
	page->count = (unsigned)(lower - HEAD_SIZE) / 2;
	return page->count > 0 || page_wrong(why, why_size, "page %zu is empty", number);
}

bool page_node(const struct page *page, unsigned i, struct node *node)
{
	unsigned offset = page_get16(page->bytes + HEAD_SIZE + 2 * (size_t)i), key_size, flags;
	const unsigned char *p = page->bytes + offset;
	size_t low, high, room;

	if (offset < page->upper || offset % 2 != 0 || offset > page->size - NODE_SIZE)
		return false;
	room = page->size - offset - NODE_SIZE;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	low = page_get16(p), high = page_get16(p + 2);
#else
	low = page_get16(p + 2), high = page_get16(p);
#endif
	flags = page_get16(p + 4);
	key_size = page_get16(p + 6);
	*node = (struct node){ .key = { p + NODE_SIZE, key_size }, .size = NODE_SIZE + key_size };
	if (key_size > KEY_MAX || key_size > room)
		return false;
	if (page->branch) {
		node->child = low | high << 16;
#if SIZE_MAX > 0xffffffffu
		node->child |= (size_t)flags << 32;
#endif
	} else {
		size_t size = low | high << 16, here = flags == NODE_BIG ? WORD : size;

		if ((flags != 0 && flags != NODE_BIG) || here > room - key_size)
			return false;
		node->size += (unsigned)here;
		node->value.size = size;
		if (flags == NODE_BIG)
			node->child = page_get_word(p + NODE_SIZE + key_size);
		else
			node->value.data = p + NODE_SIZE + key_size;
	}
	node->size += node->size % 2;
	return node->size <= page->size - offset;
}

int page_compare(struct bytes a, struct bytes b, bool integers)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order;

	if (integers) {
		size_t x = page_get_word(a.data), y = page_get_word(b.data);

		return (x > y) - (x < y);
	}
	order = size == 0 ? 0 : memcmp(a.data, b.data, size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Do the nodes fill the page from its upper bound to its end, none over
 * another?  liblmdb moves them about by their sizes. */
static bool page_tiled(const struct page *page)
{
	uint16_t size_at[PAGE_MAX / 2];
	struct node node;
	unsigned offset, nodes = 0;

	memset(size_at + page->upper / 2, 0, (page->size - page->upper) / 2 * sizeof *size_at);
	for (unsigned i = 0; i < page->count; i++) {
		if (!page_node(page, i, &node))
			return false;
		offset = page_get16(page->bytes + HEAD_SIZE + 2 * (size_t)i) / 2;
		if (size_at[offset] != 0)
			return false;
		size_at[offset] = (uint16_t)node.size;
	}
	for (offset = page->upper; offset < page->size && size_at[offset / 2] != 0; nodes++)
		offset += size_at[offset / 2];
	return offset == page->size && nodes == page->count;
}

/* The first key of a branch is not looked at by anybody, and often empty. */
bool page_prove(const struct page *page, size_t number, bool integers, char *why, size_t why_size)
{
	struct node node, last = { .key = { NULL, 0 } };

	if (!page_tiled(page))
		return page_wrong(why, why_size, "page %zu has nodes out of bounds", number);
	for (unsigned i = 0; i < page->count; i++) {
		if (!page_node(page, i, &node))
			return page_wrong(
			    why, why_size, "page %zu has nodes out of bounds", number);
		if (page->branch && i == 0)
			continue;
		if (node.key.size == 0 || (integers && node.key.size != WORD))
			return page_wrong(why, why_size, "page %zu has a key of %zu bytes", number,
			    node.key.size);
		if (i > (page->branch ? 1u : 0u) && page_compare(last.key, node.key, integers) >= 0)
			return page_wrong(
			    why, why_size, "the keys of page %zu are not in order", number);
		last = node;
	}
	return true;
}
