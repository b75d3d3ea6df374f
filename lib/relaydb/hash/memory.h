/* SPDX-License-Identifier: BSD-2-Clause
 *
 * memory.h - what a handle remembers of a hash: the bytes that it proved, and
 * how to see that the file still has them
 *
 * A reader believes the memory if two calls of stat(2) say that neither the
 * file nor its directory has changed since, and if a change would have shown
 * (known.h).  A commit believes the stat alone, and then compares, under
 * LOCK_EX, every block that it has looked at with the file.
 *
 * So that a commit costs what it changes, the bytes lie in a file in memory:
 * IMAGE is a private mapping of it, Berkeley DB changes the file itself.
 * Before it does, each page that it may change is made private (memory_touch),
 * which keeps the old bytes in IMAGE.  In the end the private pages are given
 * up, and IMAGE shows the new bytes (memory_advance); or they are written back
 * (memory_undo).
 *
 * The memory belongs to one process: a child that inherited the handle forgets
 * it.
 */
#ifndef RELAYDB_MEMORY_H
#define RELAYDB_MEMORY_H

#include "copy.h"
#include "image.h"
#include "location.h"
#include "rows.h"

/* Is the file what was proved, with nothing under way beside it?  Two calls of
 * stat(2) where it is.  *image and *info are the handle's, until its next
 * call. */
bool memory_unchanged(
    const struct relaydb *db, const struct image **image, const struct image_info **info);

/* Is SNAPSHOT's file, by its st, the one that is remembered?  Then SNAPSHOT
 * borrows its bytes.  To a reader (not WRITING) only what would show a later
 * change counts. */
bool memory_recall(struct relaydb *db, bool writing, struct snapshot *snapshot);

/* Are the bytes in IMAGE those that are remembered, and so proved? */
bool memory_has(const struct relaydb *db, const struct image *image, struct image_info *info);

/* SNAPSHOT has the bytes that are remembered, and borrows them from now on. */
void memory_confirm(struct relaydb *db, struct snapshot *snapshot);

/* Remembers what was proved; SNAPSHOT only borrows it from then on.  Without
 * memory for it nothing is remembered. */
void memory_keep(struct relaydb *db, struct snapshot *snapshot);

/* The directory was in the state DIRECTORY before what is remembered was read.
 * QUIET: with neither record nor queue in it, and a later one would show. */
void memory_note_directory(
    struct relaydb *db, const struct location *location, const struct stat *directory, bool quiet);

/* The rows of IMAGE, addresses in the store's form, in order of keys, each
 * once.  NULL: IMAGE is not what is remembered, or there is no memory for
 * them. */
const struct rows *memory_rows(struct relaydb *db, const struct image *image);

/* ---- a commit ---- */

/* From here on until memory_advance() or memory_undo() Berkeley DB may change
 * the file in memory. */
void memory_edit(struct relaydb *db);

/* The file in memory that has IMAGE's bytes and may be changed, or -1. */
int memory_file(const struct relaydb *db, const struct image *image);

/* SIZE bytes at OFFSET may be changed now.  Returns false without memory. */
bool memory_touch(struct relaydb *db, size_t offset, size_t size);

/* VIEW is what became of the file. */
void memory_changed(struct relaydb *db, const struct image *view);

/* Berkeley DB has made IMAGE, a private mapping of FD, which is the memory's
 * from now on. */
void memory_made(struct relaydb *db, int fd, const struct image *image);

/* The blocks of 4,096 bytes in which NEW can differ from what is remembered,
 * ascending and each once; NULL: in any.  What was appended is not among
 * them. */
const uint64_t *memory_blocks(struct relaydb *db, const struct image *new, size_t *count);

/* NEW, which has INFO, is in the database, whose state under LOCK_EX was ST.
 * May take NEW's bytes. */
void memory_advance(
    struct relaydb *db, struct image *new, const struct image_info *info, const struct stat *st);

/* A commit came to nothing: as before.  Does nothing after memory_advance(). */
void memory_undo(struct relaydb *db);

/* Forgets all; what was borrowed stays until the next call. */
void memory_doubt(struct relaydb *db);

/* Takes the memory away from the handle: what was borrowed stays, whatever is
 * called on the handle, until memory_return().  That gives it back, or frees it
 * if the handle remembers something newer.  NULL: there is none. */
struct memory *memory_take(struct relaydb *db);
void memory_return(struct relaydb *db, struct memory *taken);

/* Forgets all, and gives it back. */
void memory_forget(struct relaydb *db);

#endif
