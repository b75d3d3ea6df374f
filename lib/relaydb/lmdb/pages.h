/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pages.h - the bytes of an LMDB file: proved and walked
 */
#ifndef RELAYDB_PAGES_H
#define RELAYDB_PAGES_H

#include "io.h"
#include "mdbstate.h"

struct pages_info {
	size_t rows;
	bool fresh; /* the file has no bytes yet */
	/* all keys end with NUL, as postmap writes them, and addresses have the
	 * store's form */
	bool plain;
};

/* Reads SIZE bytes at OFFSET of FD.  False with errno, which is 0 if the file
 * ends before. */
bool pages_read_at(int fd, void *out, size_t size, off_t offset);

/* Reads the state from FD.  False with errno, which is 0 if the file is too
 * short, or none of LMDB. */
bool pages_state(int fd, struct pages_state *state);

/* Proves that liblmdb may be trusted with IMAGE: the newer of two consistent
 * meta pages, every page of both its trees in bounds and used once, every node
 * in bounds and touching its neighbours only, keys in order, counts right, free
 * pages free.  An empty image is fine.
 * WHY gets what is wrong otherwise.  False with errno ENOMEM: out of memory. */
bool pages_check(const struct image *image, struct pages_info *info, char *why, size_t why_size);

/* Calls EACH for every row of a checked image, in the order of keys; pointers
 * stay as long as the image.  Returns 0 or what EACH returned. */
int pages_walk(const struct image *image,
    int (*each)(struct bytes key, struct bytes value, void *arg), void *arg);

#endif
