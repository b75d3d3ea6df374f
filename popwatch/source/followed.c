/* SPDX-License-Identifier: BSD-2-Clause
 *
 * followed.c - the files that are or were a log, see followed.h
 */
#include "followed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"
#include "line.h"

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
	file->busy_ms = INT64_MIN / 2;
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

/* Does a line of FD end at OFFSET, or the file begin there? */
static bool line_ends(int fd, off_t offset)
{
	char before;

	return offset == 0 || (pread(fd, &before, 1, offset - 1) == 1 && before == '\n');
}

bool followed_is(const struct log_file *file, int fd, off_t size)
{
	return file->offset == 0 || (size >= file->offset && followed_hash(fd) == file->hash &&
					line_ends(fd, file->offset));
}

/* Where the last line within the first SIZE bytes ends; 0 if that is too far
 * before. */
static off_t last_line_end(int fd, off_t size)
{
	char piece[LINE_MAX_BYTES];
	off_t from = size > (off_t)sizeof piece ? size - (off_t)sizeof piece : 0;
	ssize_t got = pread(fd, piece, (size_t)(size - from), from);
	const char *end = got > 0 ? memrchr(piece, '\n', (size_t)got) : NULL;

	return end != NULL ? from + (end - piece) + 1 : 0;
}

void followed_emptied(struct followed *files, const struct log_file *file)
{
	if (file->hash == 0)
		return;
	files->emptied_hash = file->hash;
	files->emptied_at = file->offset;
}

/* Another file that begins with the line that has HASH, or NULL. */
static const struct log_file *find_twin(
    const struct followed *files, const struct log_file *file, uint64_t hash)
{
	const struct log_file *twin = files->first;

	while (twin != NULL && (twin == file || twin->hash != hash))
		twin = twin->next;
	return twin;
}

/* The log itself is a copy only of one that it has replaced: one that was
 * rotated may begin alike. */
static off_t begin_current(
    const struct followed *files, const struct log_file *file, uint64_t hash, off_t size)
{
	const struct log_file *twin = hash != 0 ? find_twin(files, file, hash) : NULL;
	bool copy = twin != NULL && !twin->here && twin->offset <= size &&
		    line_ends(file->fd, twin->offset);

	return copy ? twin->offset : 0;
}

off_t followed_beginning(const struct followed *files, const struct log_file *file, off_t size)
{
	uint64_t hash = followed_hash(file->fd);
	const struct log_file *twin;

	if (file == files->current)
		return begin_current(files, file, hash, size);
	if (hash == 0)
		return -1;
	/* what the copy lacks came after it was made, and was read there */
	if (hash == files->emptied_hash)
		return last_line_end(file->fd, files->emptied_at < size ? files->emptied_at : size);
	twin = find_twin(files, file, hash);
	if (twin == NULL)
		return 0;
	if (twin->offset > size)
		return -1;
	return line_ends(file->fd, twin->offset) ? twin->offset : 0;
}
