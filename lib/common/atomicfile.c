/* SPDX-License-Identifier: BSD-2-Clause
 *
 * atomicfile.c - small files that are read whole and replaced whole, see
 * atomicfile.h
 */
#include "atomicfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of it, however often the kernel takes a part. */
static int write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size > 0) {
		n = write(fd, data, size);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

/* The directory of PATH, so that the new name survives a crash too. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, result;

	if (copy == NULL)
		return -1;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

static int write_new(const char *path, const void *data, size_t size, mode_t mode)
{
	int fd, saved;

	if (unlink(path) != 0 && errno != ENOENT)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	if (fchmod(fd, mode) == 0 && write_all(fd, data, size) == 0 && fsync(fd) == 0)
		return close(fd);
	saved = errno;
	close(fd);
	unlink(path);
	errno = saved;
	return -1;
}

int atomicfile_write(const char *path, const void *data, size_t size, mode_t mode)
{
	char *temporary;
	int result = -1, saved;

	if (asprintf(&temporary, "%s.tmp", path) < 0) {
		errno = ENOMEM;
		return -1;
	}
	if (write_new(temporary, data, size, mode) == 0) {
		result = rename(temporary, path);
		saved = errno;
		if (result != 0)
			unlink(temporary);
		errno = saved;
	}
	free(temporary);
	return result == 0 ? sync_directory(path) : -1;
}

static char *read_all(int fd, size_t max, size_t *size)
{
	struct stat st;
	char *data;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return NULL;
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return NULL;
	}
	data = malloc((size_t)st.st_size + 1);
	if (data == NULL)
		return NULL;
	*size = 0;
	while (*size < (size_t)st.st_size) {
		n = read(fd, data + *size, (size_t)st.st_size - *size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(data);
			return NULL;
		}
		if (n == 0)
			break;
		*size += (size_t)n;
	}
	data[*size] = '\0';
	return data;
}

char *atomicfile_read(const char *path, size_t max, size_t *size)
{
	/* not blocking: a fifo of that name must not hold us up */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), saved;
	char *data;

	if (fd < 0)
		return NULL;
	data = read_all(fd, max, size);
	saved = errno;
	close(fd);
	errno = saved;
	return data;
}
