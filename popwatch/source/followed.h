/* SPDX-License-Identifier: BSD-2-Clause
 *
 * followed.h - the files that are or were a log, oldest first, and how far each
 * was read
 *
 * A file is known by device, inode number and a hash of its first line, since
 * inode numbers come back at once.  Its life:
 *
 *   opened (fd >= 0, here)       it has the log's name, or a neighbour's
 *     fresh                      where to begin is not known yet
 *     read to its end            size and mtime are as fstat(2) says
 *     lost its name, still grows here is false, fd stays open
 *     lost its name for good     dead_ms counts; closed after a minute
 *   closed (fd -1, here)         remembered by hash and offset; opened again
 *                                when its ctime or size differ
 *   closed and not here          forgotten with the next scan
 *
 * file.c closes files after a scan, followed_remove() what it forgets; nothing
 * else does.
 */
#ifndef POPWATCH_FOLLOWED_H
#define POPWATCH_FOLLOWED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "survey.h"

/* A file that is or was the log. */
struct log_file {
	dev_t device;
	ino_t inode;
	uint64_t hash; /* of its first line; 0: that is not complete yet */
	off_t offset; /* up to here whole lines were handed on */
	off_t skip; /* in a line that is too long: up to here it has no end; else 0 */
	bool within; /* the last look ended within a line */
	bool torn; /* its first line may be the rest of one that was emptied away */
	bool fresh; /* its offset is not known yet */
	int64_t busy_ms; /* when a look brought a burst last */
	off_t size; /* and mtime, when it was read to its end; -1: read it again */
	struct timespec mtime;
	/* when we last made sure that it is the file we know; 0: never */
	struct timespec ctime;
	int64_t dead_ms; /* since when it has no name and does not grow; -1: it is not so */
	int fd; /* -1: closed */
	bool here; /* found in the last scan */
	struct survey survey;
	struct log_file *next; /* younger */
};

/* In the order of reading: the newest comes last. */
struct followed {
	struct log_file *first;
	struct log_file *current; /* the one that has the name; NULL: none */
	/* what was emptied last, to know its copy by: the hash of its first
	 * line, and how far it was read */
	uint64_t emptied_hash;
	off_t emptied_at;
};

/* The file of these numbers; NULL if there is none. */
struct log_file *followed_find(const struct followed *files, dev_t device, ino_t inode);

/* Adds one at the end.  Returns NULL without memory. */
struct log_file *followed_add(struct followed *files, dev_t device, ino_t inode);

/* Closes and forgets FILE. */
void followed_remove(struct followed *files, struct log_file *file);

/* FILE becomes the newest. */
void followed_to_end(struct followed *files, struct log_file *file);

/* Closes and forgets all. */
void followed_clear(struct followed *files);

/* How many are open. */
size_t followed_open_count(const struct followed *files);

/* The hash of FD's first line, never 0; 0 while that is not complete. */
uint64_t followed_hash(int fd);

/* Is what FD reads, of SIZE bytes, the file that we know as FILE, as far as we
 * have read it? */
bool followed_is(const struct log_file *file, int fd, off_t size);

/* FILE was emptied, or is about to be forgotten because it is another one now:
 * notes how far it was read, for a copy of it. */
void followed_emptied(struct followed *files, const struct log_file *file);

/* Where to begin with FILE, which was not met before and has SIZE bytes: at its
 * first line, or, if it is a copy of one that was, behind what was read there.
 * Returns -1 if that cannot be said yet, since a copy may be in the making. */
off_t followed_beginning(const struct followed *files, const struct log_file *file, off_t size);

bool file_same_time(const struct timespec *a, const struct timespec *b);

#endif
