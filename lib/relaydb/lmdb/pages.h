/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pages.h - the bytes of an LMDB file: proved, walked, looked up in
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

/* Reads the state from FD.  False if the file is too short, or the read
 * fails. */
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

/* Looks KEY up in the file FD, as an MTA would, reading a page of each level
 * and proving just those.  Returns RELAYDB_OK with a copy of at most ROOM bytes
 * of the value in OUT and its true size, NOTFOUND, NOTDB (WHY says what is
 * wrong) or IO (errno). */
int pages_find(int fd, struct bytes key, void *out, size_t room, size_t *value_size, char *why,
    size_t why_size);

#endif
