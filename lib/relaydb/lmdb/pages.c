/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pages.c - proves an LMDB file before liblmdb is trusted with it, and reads
 * its rows
 *
 * liblmdb believes the file it maps: a flipped bit in an offset makes it read
 * and write beside its pages, or ends the process by an assertion, and damaged
 * files are outside its threat model.  We run inside login processes.  So a
 * file is proved before liblmdb may change it, and reading needs nothing but
 * what the proof has to know anyway: it never maps the file, so nobody who cuts
 * it short can end us by SIGBUS.
 */
#include "pages.h"
#include "address.h"
#include "handle.h"
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A look over a whole image. */
struct look {
	const struct image *image;
	struct meta meta;
	unsigned char *used; /* a bit a page; NULL once the image is known to be sound */
	char *why;
	size_t why_size;
	int (*each)(struct bytes key, struct bytes value, void *arg);
	void *arg;
	struct tree seen; /* counted in the tree under way */
	bool integers; /* its keys are transaction numbers */
};

/* ---- a whole image ---- */

static bool fails(const struct look *look, const char *what, size_t number)
{
	return page_wrong(look->why, look->why_size, "%s (page %zu)", what, number);
}

/* What a walk returns when something is wrong. */
static int stop(const struct look *look, const char *what, size_t number)
{
	fails(look, what, number);
	return -1;
}

/* Takes COUNT pages from NUMBER on for one use. */
static bool use(const struct look *look, size_t number, size_t count)
{
	if (look->used == NULL)
		return true;
	if (number < FIRST || number > look->meta.last || count > look->meta.last - number + 1)
		return fails(look, "a page that it does not have", number);
	for (size_t i = number; i < number + count; i++) {
		if ((look->used[i / 8] & 1u << i % 8) != 0)
			return fails(look, "a page is used twice", i);
		look->used[i / 8] |= (unsigned char)(1u << i % 8);
	}
	return true;
}

/* The bytes of COUNT pages from NUMBER on; NULL if the file does not have
 * them. */
static const unsigned char *bytes_of(const struct look *look, size_t number, size_t count)
{
	size_t pages = look->image->size / look->meta.page_size;

	if (number >= pages || count > pages - number) {
		fails(look, "a page is missing", number);
		return NULL;
	}
	return look->image->data + number * look->meta.page_size;
}

/* The value of NODE where it is on pages of its own. */
static bool overflow_read(struct look *look, struct node *node)
{
	unsigned size = look->meta.page_size;
	size_t needed = (HEAD_SIZE - 1 + node->value.size) / size + 1, count;
	const unsigned char *bytes = bytes_of(look, node->child, needed);

	if (bytes == NULL)
		return false;
	count = page_get32(bytes + WORD + 4); /* more than needed if the value was larger before */
	if (page_get_word(bytes) != node->child || page_get16(bytes + WORD + 2) != PAGE_OVERFLOW ||
	    count < needed)
		return fails(look, "not the overflow page of a value", node->child);
	if (!use(look, node->child, count))
		return false;
	node->value.data = bytes + HEAD_SIZE;
	look->seen.overflows += count;
	return true;
}

/* Returns 0, what EACH returned, or -1: something is wrong. */
static int leaf_visit(struct look *look, const struct page *page)
{
	struct node node;
	int answer = 0;

	look->seen.leaves++;
	look->seen.entries += page->count;
	for (unsigned i = 0; answer == 0 && i < page->count; i++) {
		if (!page_node(page, i, &node) ||
		    (node.value.data == NULL && !overflow_read(look, &node)))
			return -1;
		answer = look->each(node.key, node.value, look->arg);
	}
	return answer;
}

/* The subtree whose root is page NUMBER and whose keys are from LOW on and
 * below HIGH (NULL data: no bound). */
static int visit(
    struct look *look, size_t number, unsigned depth, struct bytes low, struct bytes high)
{
	const unsigned char *bytes;
	struct node node, next;
	struct page page;
	int answer = 0;

	if (!use(look, number, 1))
		return -1;
	bytes = bytes_of(look, number, 1);
	if (bytes == NULL ||
	    !page_read(bytes, look->meta.page_size, number, &page, look->why, look->why_size))
		return -1;
	if (look->used != NULL) {
		unsigned first = page.branch ? 1 : 0;

		if (!page_prove(&page, number, look->integers, look->why, look->why_size))
			return -1;
		if (page.branch != (depth > 1) ||
		    (page.branch && !look->integers && page.count < 2))
			return stop(look, "a tree is not as high everywhere", number);
		if (page.count > first &&
		    ((low.data != NULL && page_node(&page, first, &node) &&
			 page_compare(node.key, low, look->integers) < 0) ||
			(high.data != NULL && page_node(&page, page.count - 1, &node) &&
			    page_compare(node.key, high, look->integers) >= 0)))
			return stop(look, "keys are where nobody looks for them", number);
	}
	if (!page.branch)
		return leaf_visit(look, &page);
	look->seen.branches++;
	for (unsigned i = 0; answer == 0 && i < page.count; i++) {
		if (!page_node(&page, i, &node) ||
		    (i + 1 < page.count && !page_node(&page, i + 1, &next)))
			return -1;
		answer = visit(look, node.child, depth - 1, i == 0 ? low : node.key,
		    i + 1 < page.count ? next.key : high);
	}
	return answer;
}

static int visit_tree(struct look *look, const struct tree *tree, bool integers)
{
	const struct bytes none = { NULL, 0 };

	look->seen = (struct tree){ .root = tree->root };
	look->integers = integers;
	if (tree->root == NONE)
		return 0;
	if (tree->depth == 0 || tree->depth > DEPTH_MAX)
		return stop(look, "a tree has no height", tree->root);
	return visit(look, tree->root, tree->depth, none, none);
}

static bool counted(const struct look *look, const struct tree *tree)
{
	const struct tree *seen = &look->seen;

	return (seen->branches == tree->branches && seen->leaves == tree->leaves &&
		   seen->overflows == tree->overflows && seen->entries == tree->entries &&
		   (tree->root != NONE || tree->depth == 0)) ||
	       fails(look, "a tree has other pages or rows than its meta page says", tree->root);
}

/* A list of free pages: how many, and their numbers. */
static int free_list(struct bytes key, struct bytes value, void *arg)
{
	const unsigned char *p = value.data;
	const struct look *look = arg;
	size_t count;

	(void)key;
	count = value.size < WORD ? NONE : page_get_word(p);
	if (count > value.size / WORD - (value.size >= WORD))
		return stop(look, "a list of free pages is damaged", 0);
	for (size_t i = 1; i <= count; i++)
		if (!use(look, page_get_word(p + i * WORD), 1))
			return -1;
	return 0;
}

static int count_row(struct bytes key, struct bytes value, void *arg)
{
	struct pages_info *info = arg;

	(void)value;
	info->rows++;
	if (info->plain)
		info->plain = ((const char *)key.data)[key.size - 1] == '\0' &&
			      address_plain(key.data, key.size - 1);
	return 0;
}

static bool state_of(
    const struct image *image, struct pages_state *state, char *why, size_t why_size)
{
	unsigned page_size = image->size < PAGES_META_SIZE ? 0 : page_size_of(image->data);

	if (page_size == 0 || image->size < page_size + PAGES_META_SIZE)
		return page_wrong(why, why_size, "it is not a file of LMDB, or was cut off");
	/* cppcheck-suppress uninitvar ; it is written here */
	memcpy(state->meta[0], image->data, PAGES_META_SIZE);
	memcpy(state->meta[1], image->data + page_size, PAGES_META_SIZE);
	return true;
}

static bool prove(struct look *look, struct pages_info *info)
{
	look->each = free_list;
	look->arg = look;
	if (visit_tree(look, &look->meta.free, true) != 0 || !counted(look, &look->meta.free))
		return false;
	look->each = count_row;
	look->arg = info;
	return visit_tree(look, &look->meta.rows, false) == 0 && counted(look, &look->meta.rows);
}

bool pages_check(const struct image *image, struct pages_info *info, char *why, size_t why_size)
{
	struct look look = { .image = image, .why = why, .why_size = why_size };
	struct pages_state state;
	bool sound;

	*info = (struct pages_info){ .fresh = image->size == 0, .plain = true };
	errno = 0;
	if (image->size == 0)
		return true;
	if (!state_of(image, &state, why, why_size) ||
	    !page_newer_meta(&state, &look.meta, why, why_size))
		return false;
	look.used = calloc(look.meta.last / 8 + 1, 1);
	if (look.used == NULL) {
		errno = ENOMEM;
		return page_wrong(why, why_size, "out of memory");
	}
	sound = prove(&look, info);
	free(look.used);
	return sound;
}

int pages_walk(const struct image *image,
    int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	char why[128];
	struct look look = {
		.image = image, .why = why, .why_size = sizeof why, .each = each, .arg = arg
	};
	struct pages_state state;

	if (image->size == 0 || !state_of(image, &state, why, sizeof why) ||
	    !page_newer_meta(&state, &look.meta, why, sizeof why))
		return 0;
	return visit_tree(&look, &look.meta.rows, false);
}

/* ---- a part of a file ---- */

bool pages_read_at(int fd, void *out, size_t size, off_t offset)
{
	ssize_t n;

	do
		n = pread(fd, out, size, offset);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n < size)
		errno = 0; /* it ends before */
	return n >= 0 && (size_t)n == size;
}

bool pages_state(int fd, struct pages_state *state)
{
	unsigned page_size;

	/* cppcheck-suppress uninitvar ; it is written here */
	if (!pages_read_at(fd, state->meta[0], PAGES_META_SIZE, 0))
		return false;
	page_size = page_size_of(state->meta[0]);
	errno = 0;
	return page_size != 0 && pages_read_at(fd, state->meta[1], PAGES_META_SIZE, page_size);
}
