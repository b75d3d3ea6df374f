/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lookup.c - one key in an LMDB file, see lookup.h
 *
 * Limit: pages of more than db->size_max bytes are not kept; then all of them
 * are read again when they are needed.
 */
#include "lookup.h"
#include "io.h"
#include "known.h"
#include "mdbfile.h"
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void drop_pages(struct lookup *lookup)
{
	for (size_t i = 0; lookup->page != NULL && i <= lookup->meta.last; i++) {
		free(lookup->page[i]);
		lookup->page[i] = NULL;
	}
	lookup->kept = 0;
}

void lookup_forget(struct lookup *lookup)
{
	drop_pages(lookup);
	free(lookup->page);
	*lookup = (struct lookup){ .valid = false };
}

bool lookup_unchanged(const struct relaydb *db, const struct lookup *lookup)
{
	return lookup->valid && known_unchanged(db->path, &lookup->st, lookup->user);
}

int lookup_begin(struct relaydb *db, struct lookup *lookup, int fd)
{
	struct pages_state state;
	char why[160];
	struct stat st;
	bool settled;

	if (known_look(fd, &st, &settled) != 0)
		return db_fail_errno(db, "look at", "", errno);
	if (lookup->valid && known_same(&st, &lookup->st)) {
		lookup->user = geteuid();
		return RELAYDB_OK;
	}
	lookup_forget(lookup);
	lookup->meta.rows.root = NONE;
	if (st.st_size > 0) {
		if (!pages_state(fd, &state))
			return errno != 0 ? db_fail_errno(db, "read", "", errno)
					  : mdbfile_foreign(
						db, "it is not a file of LMDB, or was cut off");
		if (!page_newer_meta(&state, &lookup->meta, why, sizeof why))
			return mdbfile_foreign(db, why);
		lookup->page = calloc(lookup->meta.last + 1, sizeof *lookup->page);
		if (lookup->page == NULL)
			return db_fail(db, RELAYDB_NOMEM, "out of memory");
	}
	lookup->st = st;
	lookup->user = geteuid();
	lookup->valid = settled;
	return RELAYDB_OK;
}

/* Page NUMBER of the file in FD, proved and kept. */
static int read_page(
    struct relaydb *db, struct lookup *lookup, int fd, size_t number, struct page *page)
{
	unsigned size = lookup->meta.page_size;
	unsigned char *bytes;
	char why[160];

	if (lookup->kept + size > db->size_max)
		drop_pages(lookup);
	bytes = malloc(size);
	if (bytes == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	if (!pages_read_at(fd, bytes, size, (off_t)number * size)) {
		free(bytes);
		if (errno != 0)
			return db_fail_errno(db, "read", "", errno);
		page_wrong(why, sizeof why, "page %zu is missing", number);
		return mdbfile_foreign(db, why);
	}
	if (!page_read(bytes, size, number, page, why, sizeof why) ||
	    !page_prove(page, number, false, why, sizeof why)) {
		free(bytes);
		return mdbfile_foreign(db, why);
	}
	lookup->page[number] = bytes;
	lookup->kept += size;
	return RELAYDB_OK;
}

static int take_page(
    struct relaydb *db, struct lookup *lookup, int fd, size_t number, struct page *page)
{
	char why[160];

	if (number < FIRST || number > lookup->meta.last) {
		page_wrong(why, sizeof why, "page %zu is missing", number);
		return mdbfile_foreign(db, why);
	}
	if (lookup->page[number] == NULL)
		return fd < 0 ? LOOKUP_AWAY : read_page(db, lookup, fd, number, page);
	return page_read(
		   lookup->page[number], lookup->meta.page_size, number, page, why, sizeof why)
		   ? RELAYDB_OK
		   : mdbfile_foreign(db, why);
}

/* The last node whose key is not above KEY; of a branch the first if all are.
 * -1: none. */
static int node_below(const struct page *page, struct bytes key, struct node *node)
{
	unsigned low = page->branch ? 1 : 0, high = page->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (!page_node(page, middle, node))
			return -1;
		if (page_compare(node->key, key, false) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && page_node(page, low - 1, node) ? (int)low - 1 : -1;
}

/* From the root down to the leaf where KEY is or would be. */
static int find_leaf(
    struct relaydb *db, struct lookup *lookup, int fd, struct bytes key, struct page *page)
{
	size_t number = lookup->meta.rows.root;
	struct node node;
	char why[160];

	for (unsigned depth = lookup->meta.rows.depth; depth > 0 && depth <= DEPTH_MAX; depth--) {
		int code = take_page(db, lookup, fd, number, page);

		if (code != RELAYDB_OK)
			return code;
		if (page->branch != (depth > 1))
			break;
		if (!page->branch)
			return RELAYDB_OK;
		if (node_below(page, key, &node) < 0)
			break;
		number = node.child;
	}
	page_wrong(why, sizeof why, "its tree is not as high everywhere (page %zu)", number);
	return mdbfile_foreign(db, why);
}

int lookup_find(struct relaydb *db, struct lookup *lookup, int fd, struct bytes key, void *out,
    size_t room, size_t *value_size)
{
	struct page page = { .branch = false };
	struct node node;
	int code;

	if (lookup->meta.rows.root == NONE)
		return RELAYDB_NOTFOUND;
	code = find_leaf(db, lookup, fd, key, &page);
	if (code != RELAYDB_OK)
		return code;
	if (node_below(&page, key, &node) < 0 || page_compare(node.key, key, false) != 0)
		return RELAYDB_NOTFOUND;
	*value_size = node.value.size;
	if (node.value.data != NULL)
		memcpy(out, node.value.data, node.value.size < room ? node.value.size : room);
	else if (node.value.size <= room)
		return mdbfile_foreign(db, "a small value is on pages of its own");
	return RELAYDB_OK;
}
