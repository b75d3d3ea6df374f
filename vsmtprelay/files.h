/* SPDX-License-Identifier: BSD-2-Clause
 *
 * files.h - does a file of this host say something?
 *
 * What this user may not read counts as missing.  Lines that begin with # are
 * comments.
 */
#ifndef VSMTPRELAY_FILES_H
#define VSMTPRELAY_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* Looks for a line with both words in the files that match PATTERN of glob(7),
 * and copies the first to LINE, of SIZE bytes, unless that is NULL. */
bool files_say(const char *pattern, const char *one, const char *other, char *line, size_t size);

/* Is there a file that matches PATTERN? */
bool files_exist(const char *pattern);

/* All of the file PATH, with a NUL, for free(3).  NULL if it cannot be read, as
 * program_read(). */
char *files_read(const char *path);

/* Does a process of this name run, as /proc has it? */
bool files_running(const char *name);

#endif
