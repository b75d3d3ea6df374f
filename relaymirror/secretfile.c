/* SPDX-License-Identifier: BSD-2-Clause
 *
 * secretfile.c - files with passwords and keys, which must be nobody else's,
 * see secretfile.h
 */
#include "secretfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_MAX 1024

/* Nobody else's, if no one has the rights OTHERS. */
static bool is_ours(const struct stat *st, mode_t others, char *why, size_t size)
{
	if (!S_ISREG(st->st_mode))
		snprintf(why, size, "it is no regular file");
	else if (st->st_uid != 0 && st->st_uid != geteuid())
		snprintf(why, size, "it belongs to the user %lu, expected root",
		    (unsigned long)st->st_uid);
	else if ((st->st_mode & others) != 0)
		snprintf(why, size, "others may use it (mode %04o), expected mode %s",
		    (unsigned)st->st_mode & 07777, others == 07 ? "0640" : "0600");
	else
		return true;
	return false;
}

static bool take_line(int fd, char *line, char *why, size_t size)
{
	ssize_t got = read(fd, line, PASSWORD_MAX + 1);

	if (got < 0) {
		snprintf(why, size, "%s", strerror(errno));
		return false;
	}
	line[got] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0')
		snprintf(why, size, "its first line is empty, expected the password");
	else if (strlen(line) > PASSWORD_MAX)
		snprintf(why, size, "it is longer than a password can be");
	else
		return true;
	return false;
}

char *secretfile_read(const char *path, char *why, size_t size)
{
	/* not blocking: a fifo of that name must not hold us up */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *line = calloc(1, PASSWORD_MAX + 2);
	bool good = false;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		snprintf(why, size, "%s",
		    errno == ELOOP ? "it is a symbolic link, expected a file" : strerror(errno));
	else if (line == NULL)
		snprintf(why, size, "out of memory");
	else
		good = is_ours(&st, 077, why, size) && take_line(fd, line, why, size);
	if (fd >= 0)
		close(fd);
	if (good)
		return line;
	if (line != NULL)
		explicit_bzero(line, PASSWORD_MAX + 2);
	free(line);
	return NULL;
}

bool secretfile_is_private(const char *path, char *why, size_t size)
{
	struct stat st;

	if (stat(path, &st) == 0)
		return is_ours(&st, 07, why, size);
	snprintf(why, size, "%s", strerror(errno));
	return false;
}
