/* SPDX-License-Identifier: BSD-2-Clause
 *
 * page.h - one page of an LMDB file, and what is on it
 */
#ifndef RELAYDB_PAGE_H
#define RELAYDB_PAGE_H

#include "handle.h"
#include "mdbstate.h"

#define WORD sizeof(size_t)
#define HEAD_SIZE (WORD + 8) /* of a page */
#define PAGE_MIN 512u
#define PAGE_MAX 32768u
#define DEPTH_MAX 32
#define NONE SIZE_MAX /* the root of a tree without rows */
#define FIRST 2 /* page that is no meta page */

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };

struct tree {
	size_t branches, leaves, overflows, entries, root;
	unsigned flags, depth;
};

struct meta {
	unsigned page_size;
	struct tree free, rows;
	size_t last, transaction;
};

struct page {
	const unsigned char *bytes;
	unsigned size, count, upper;
	bool branch;
};

struct node {
	struct bytes key;
	struct bytes value; /* of a leaf; DATA is NULL if it is on overflow pages, from CHILD on */
	size_t child; /* of a branch: the page below */
	unsigned size; /* with head, padded */
};

/* Writes what is wrong to WHY.  Returns false. */
bool page_wrong(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

unsigned page_get16(const unsigned char *p);
uint32_t page_get32(const unsigned char *p);
size_t page_get_word(const unsigned char *p);

/* The size of a page as the beginning of a file says, of which P has HEAD_SIZE
 * + 16 + 2 * WORD bytes; 0 if it cannot be one. */
unsigned page_size_of(const unsigned char *p);

/* The newer of both meta pages.  It is the next transaction after the other, so
 * that damage to a number cannot bring an old state back.  False, with WHY, if
 * they are not sound. */
bool page_newer_meta(
    const struct pages_state *state, struct meta *newer, char *why, size_t why_size);

/* What is at BYTES is a whole page: is it page NUMBER of a tree, with its
 * offsets in bounds? */
bool page_read(const unsigned char *bytes, unsigned size, size_t number, struct page *page,
    char *why, size_t why_size);

/* Node I, which is less than page->count.  False if it is out of bounds. */
bool page_node(const struct page *page, unsigned i, struct node *node);

/* Everything that can be said of one page alone: its nodes, and the order of
 * its keys. */
bool page_prove(const struct page *page, size_t number, bool integers, char *why, size_t why_size);

/* The order of two keys; INTEGERS: they are transaction numbers. */
int page_compare(struct bytes a, struct bytes b, bool integers);

#endif
