/* SPDX-License-Identifier: BSD-2-Clause
 *
 * known.h - is a file still the one that was read?
 */
#ifndef RELAYDB_KNOWN_H
#define RELAYDB_KNOWN_H

#include <stdbool.h>
#include <sys/stat.h>

/* The same file, by device and inode, size, mtime and ctime?  mtime alone is what cp -p and touch put back. */
bool known_same(const struct stat *a, const struct stat *b);

/* Will a change that comes now, after ST was taken, show in the ctime?  Two writes within one tick of the kernel's coarse clock have the
 * same, so what was read less than 20 ms after the last change (a second, where the file system keeps no fractions) must be read
 * again, and so must a file whose ctime is ahead of the clock. */
bool known_settled(const struct stat *st);

#endif
