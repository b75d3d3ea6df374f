/* SPDX-License-Identifier: BSD-2-Clause
 *
 * known.h - is a file still the one that was read?
 */
#ifndef RELAYDB_KNOWN_H
#define RELAYDB_KNOWN_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

/* The same file, by device and inode, size, mtime and ctime?  mtime alone is
 * what cp -p and touch put back. */
bool known_same(const struct stat *a, const struct stat *b);

/* Is what PATH leads to, by one call of stat(2), still the file that was in the
 * state ST?  To another than USER, for whom it was opened, it may be closed. */
bool known_unchanged(const char *path, const struct stat *st, uid_t user);

/* fstat(2).  *settled: will any change that comes after it show in the ctime?
 * Two writes within one tick of the kernel's coarse clock have the same, so
 * what is read less than 20 ms after the last change (a second, where the file
 * system keeps no fractions) must be read again, and so must a file whose ctime
 * is ahead of the clock.  The clock is read first: a change while we wait for
 * the processor must not pass for an old one.  Returns 0, or -1 with errno. */
int known_look(int fd, struct stat *st, bool *settled);

/* The same of a stat that was taken when the clock, CLOCK_REALTIME_COARSE, had
 * shown NOW. */
bool known_settled(const struct stat *st, const struct timespec *now);

#endif
