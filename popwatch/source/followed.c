/* SPDX-License-Identifier: BSD-2-Clause
 *
 * followed.c - the files that are or were a log, see followed.h
 */
#include "followed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"

#define HASH_BYTES 256 /* of the first line */

/* Of its first HASH_BYTES at most. */
uint64_t followed_hash(int fd)
{
	char line[HASH_BYTES];
	ssize_t size = pread(fd, line, sizeof line, 0);
	const char *end;
	uint64_t hash;

	if (size <= 0)
		return 0;
	end = memchr(line, '\n', (size_t)size);
	if (end == NULL && size < (ssize_t)sizeof line)
		return 0;
	hash = hash_fnv1a(line, end != NULL ? (size_t)(end - line) : (size_t)size);
	return hash != 0 ? hash : 1;
}

bool file_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

struct log_file *followed_find(const struct followed *files, dev_t device, ino_t inode)
{
	struct log_file *file = files->first;

	while (file != NULL && (file->device != device || file->inode != inode))
		file = file->next;
	return file;
}

/* Where the pointer to FILE is; that of the end for NULL. */
static struct log_file **link_of(struct followed *files, const struct log_file *file)
{
	struct log_file **at = &files->first;

	while (*at != NULL && *at != file)
		at = &(*at)->next;
	return at;
}

struct log_file *followed_add(struct followed *files, dev_t device, ino_t inode)
{
	struct log_file *file = calloc(1, sizeof *file);

	if (file == NULL)
		return NULL;
	file->device = device;
	file->inode = inode;
	file->fd = -1;
	*link_of(files, NULL) = file;
	return file;
}

static void file_free(struct log_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

void followed_remove(struct followed *files, struct log_file *file)
{
	*link_of(files, file) = file->next;
	if (files->current == file)
		files->current = NULL;
	file_free(file);
}

void followed_to_end(struct followed *files, struct log_file *file)
{
	*link_of(files, file) = file->next;
	file->next = NULL;
	*link_of(files, NULL) = file;
}

void followed_clear(struct followed *files)
{
	while (files->first != NULL)
		followed_remove(files, files->first);
}

size_t followed_open_count(const struct followed *files)
{
	size_t n = 0;

	for (const struct log_file *file = files->first; file != NULL; file = file->next)
		n += file->fd >= 0 ? 1 : 0;
	return n;
}

bool followed_is(const struct log_file *file, int fd, off_t size)
{
	char before;

	if (file->offset == 0)
		return true;
	if (size < file->offset || followed_hash(fd) != file->hash)
		return false;
	return pread(fd, &before, 1, file->offset - 1) == 1 && before == '\n';
}
