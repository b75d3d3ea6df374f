/* SPDX-License-Identifier: BSD-2-Clause
 *
 * io.h - whole files and whole blocks
 */
#ifndef RELAYDB_IO_H
#define RELAYDB_IO_H

#include "handle.h"

#include <sys/stat.h>

#define IMAGE_MAX ((size_t)1 << 30) /* 1 GiB: a larger file is neither made nor read into memory */

/* The bytes of a file. */
struct image {
	unsigned char *data; /* from malloc, or MAPPED; NULL if SIZE is 0 */
	size_t size; /* 0: a fresh database */
	bool mapped;
};
void image_free(struct image *image);

/* Reads all of FD, whose state is ST.  The file may be hostile: it is refused,
 * unread, if it is larger than a database can be (NOTDB), if it is large and
 * hardly any of it is on the disk (NOTDB), or if it exceeds options.size_max by
 * more than a sixteenth (NOMEM), which a redo of a whole database needs.
 * Returns RELAYDB_OK, NOTDB, NOMEM, or IO (cut short). */
int io_read(
    struct relaydb *db, int fd, const char *suffix, const struct stat *st, struct image *image);

/* May a database have SIZE bytes, in any program and in this one?  Returns
 * RELAYDB_OK or NOMEM. */
int io_room(struct relaydb *db, size_t size);

/* What open(2) has returned, moved above standard error: a host process may
 * have closed that, and what a library prints there must not go into a file of
 * ours.  Returns the descriptor, or -1 with errno. */
int io_above_standard(int fd);

/* A sum (FNV-1a, 64 bits) that tells bytes apart which a crash or a cut left
 * different.  It has no key: anyone who chooses the bytes can choose it. */
uint64_t io_sum(const void *data, size_t size);

/* Writes all of DATA.  Returns 0 or an errno. */
int io_write(int fd, const void *data, size_t size, off_t offset);

#endif
