/* SPDX-License-Identifier: BSD-2-Clause
 *
 * redo.h - a record: old bytes and new bytes, to be applied any number of times
 */
#ifndef RELAYDB_REDO_H
#define RELAYDB_REDO_H

#include "copy.h"

struct redo {
	struct image record;
};

/* From what was copied BEFORE, file and queue, to NEW.  Returns RELAYDB_OK or
 * NOMEM. */
int redo_make(
    struct relaydb *db, const struct snapshot *before, const struct image *new, struct redo *redo);

/* Has the file in FD still the bytes of OLD in the blocks that will be written,
 * and in the COUNT others of MORE? */
bool redo_starts_from(
    const struct redo *redo, const struct image *old, int fd, const uint64_t *more, size_t count);

/* Reads a record from a file; every number in it is proved.  Returns
 * RELAYDB_OK, NOTDB, IO, NOMEM. */
int redo_read(struct relaydb *db, int fd, struct redo *redo);

/* Is the file with these bytes on its way from the record's old to its new
 * state?  If not, somebody has rewritten it since. */
bool redo_fits(const struct redo *redo, const struct image *image);

/* Changes IMAGE into what the record makes of it.  Returns RELAYDB_OK or
 * NOMEM. */
int redo_overlay(struct relaydb *db, const struct redo *redo, struct image *image);

/* Writes the blocks into FD, the first block of the file last, and cuts it to
 * size.  Returns 0 or an errno. */
int redo_apply(const struct redo *redo, int fd);

size_t redo_new_size(const struct redo *redo);
/* That of the file before it was written, in seconds. */
int64_t redo_mtime(const struct redo *redo);

/* How much of the queue is in it, and the sum of that. */
size_t redo_queue_size(const struct redo *redo);
uint64_t redo_queue_sum(const struct redo *redo);
void redo_free(struct redo *redo);

#endif
