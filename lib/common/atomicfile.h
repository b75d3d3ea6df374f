/* SPDX-License-Identifier: BSD-2-Clause
 *
 * atomicfile.h - small files that are read whole and replaced whole
 *
 * Owns: the temporary name, the order write, sync, rename, sync directory.  A
 * reader sees the old file or the new one.
 * Limits: PATH is not followed if it is a symbolic link; two writers of one
 * PATH at once are not meant.
 */
#ifndef RELAYERS_ATOMICFILE_H
#define RELAYERS_ATOMICFILE_H

#include <stddef.h>
#include <sys/types.h>

/* Replaces PATH by SIZE bytes of DATA, with exactly MODE, by way of PATH.tmp (a
 * leftover of that name is removed first).
 * Returns 0, or -1 with errno set; PATH is then as it was. */
int atomicfile_write(const char *path, const void *data, size_t size, mode_t mode);

/* Reads a regular file of at most MAX bytes.
 * Returns its bytes followed by a NUL (free them), with *SIZE set; or NULL with
 * errno set: EFBIG when it is longer, EINVAL when it is no regular file, else
 * what open(2) or read(2) said. */
char *atomicfile_read(const char *path, size_t max, size_t *size);

#endif
