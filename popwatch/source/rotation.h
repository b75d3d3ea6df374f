/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rotation.h - which files a log has, and in which order
 *
 * Owns: the names that rotation makes of a log's (NAME.1, NAME-20261120,
 * NAME.old), and the order of their age.  Leaves to others: what was read of
 * them.
 */
#ifndef POPWATCH_ROTATION_H
#define POPWATCH_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Where files of this log may be: DIRECTORY/NAME, DIRECTORY/NAME.1 ... */
struct log_name {
	char *directory;
	char *name;
	struct timespec changed; /* the directory's mtime at the last scan */
};

/* Takes PATH apart.  Returns false without memory. */
bool log_name_set(struct log_name *log, const char *path);

/* Frees it, and leaves an empty one. */
void log_name_clear(struct log_name *log);

/* Did anything happen to the directory since the last call?  Its mtime is too
 * coarse to say no when it is young. */
bool log_name_changed(struct log_name *log);

/* One candidate, with what a scan must know to order them. */
struct candidate {
	char *path;
	struct stat st;
	bool current;
};

struct candidates {
	struct candidate *list;
	size_t count;
};

/* Adds PATH; without memory it is left out. */
void candidates_add(
    struct candidates *candidates, const char *path, const struct stat *st, bool current);

/* Adds the rotated neighbours of LOG, which are regular files. */
void candidates_collect(const struct log_name *log, struct candidates *candidates);

/* Oldest first, the current one last. */
void candidates_sort(struct candidates *candidates);

/* Frees what is in it. */
void candidates_free(struct candidates *candidates);

#endif
