/* SPDX-License-Identifier: BSD-2-Clause
 *
 * path.h - the parts of a path, and where a path leads
 *
 * Purely textual except for path_resolve(), which follows links as the kernel
 * does now; a caller that opens the result later may meet another file.
 */
#ifndef RELAYERS_PATH_H
#define RELAYERS_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Room that a path in a configuration must leave for the names made from it:
 * PATH.lock, PATH.tmp and the like. */
#define PATH_ROOM 64

/* Is PATH absolute, and short enough for the names that are made from it? */
bool path_is_absolute(const char *path);

/* Puts the directory that PATH is in into DIRECTORY: "." if PATH has no slash,
 * "/" if its only slash is the first byte.  A path of PATH_MAX bytes or more
 * gives "/", where no file of ours is. */
void path_directory(const char *path, char directory[PATH_MAX]);

/* The last part of PATH, which points into it: what follows its last slash. */
const char *path_name(const char *path);

/* Where PATH really leads; the last part, or what a link names, need not exist.
 * Returns a string that the caller frees; NULL if that cannot be found out. */
char *path_resolve(const char *path);

#endif
