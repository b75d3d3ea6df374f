/* SPDX-License-Identifier: BSD-2-Clause
 *
 * file.h - follows a log file by name: rotated, truncated, late, half written
 *
 * Owns: which files are the log (the one that has the name now, and those that
 * had it: its neighbours NAME.1, NAME-20261120, ...), how far each was read,
 * what a line is.  A file is known by device, inode number and a hash of its
 * first line, since inode numbers come back at once.  A file that lost the name
 * is read on for as long as it grows.  What a file has when it is opened is
 * looked through before a line of it is handed on: a stamp without a year may
 * be of last year, see year_turned().  Leaves to others: when to look
 * (inotify.h, and once a second), what a line means, where positions are kept.
 *
 * Limits: lines of more than LINE_MAX_BYTES bytes are dropped (their beginning
 * is handed on, marked as cut).  A file that was compressed or removed before
 * we looked is lost.  A file that is truncated (copytruncate) loses what was
 * written between our last look and the truncation, unless its copy is a
 * neighbour: then it is read there.  If its logger was within a line, or busy,
 * its first line is not believed afterwards; of a truncation while popwatch is
 * stopped nobody knows.
 */
#ifndef POPWATCH_SOURCE_FILE_H
#define POPWATCH_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "line.h"
#include "position.h"

struct source_file;

/* A source for the log PATH.  Neighbours that were not written to since SINCE
 * (seconds) are old: they are not read, unless source_file_restore() names them.
 * Nothing is opened yet.  Returns NULL without memory. */
struct source_file *source_file_new(const char *path, unsigned formats, int64_t since);

/* Frees it; a NULL is fine. */
void source_file_free(struct source_file *source);

const char *source_file_path(const struct source_file *source);

/* The layouts of its lines, and the zone of their stamps (NULL: the
 * system's). */
void source_file_set_form(struct source_file *source, unsigned formats, const struct zone *zone);

/* The directories whose changes concern the source: that of PATH, and where
 * PATH is a symbolic link, that of its target.  Calls EACH for every one of
 * them, with the beginning that the names of our files have. */
void source_file_directories(const struct source_file *source,
    void (*each)(const char *directory, const char *prefix, void *arg), void *arg);

/* Looks which files there are and reads what they have got, at most about
 * BUDGET bytes, oldest file first.  TAKE gets each line, whole except for those
 * that are marked as cut.
 * NOW is the clock of stamps, CLOCK_MS the monotonic clock.  Returns true when
 * the budget was used up before the end. */
bool source_file_read(struct source_file *source, size_t budget, int64_t now, int64_t clock_ms,
    line_fn *take, void *arg);

/* How many files are open, for counters and tests. */
size_t source_file_open_count(const struct source_file *source);

/* ---- positions ---- */

/* Writes what was read of each file to OUT, see position.h. */
void source_file_save(const struct source_file *source, FILE *out);

/* Takes a position over.  It counts once a file is found that it fits. */
void source_file_restore(struct source_file *source, const struct file_position *position);

#endif
