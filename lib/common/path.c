/* SPDX-License-Identifier: BSD-2-Clause
 *
 * path.c - the parts of a path, and where a path leads, see path.h
 */
#include "path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel */

bool path_is_absolute(const char *path)
{
	return *path == '/' && strlen(path) < PATH_MAX - PATH_ROOM;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

void path_directory(const char *path, char directory[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : (size_t)(slash - path);

	if (size >= PATH_MAX)
		size = 0;
	memcpy(directory, path, size);
	directory[size] = '\0';
	if (size == 0)
		memcpy(directory, slash != NULL ? "/" : ".", 2);
}

static char *resolve(const char *path, int links);

/* DIRECTORY/NAME; NULL without memory. */
static char *join(const char *directory, const char *name)
{
	char *joined;

	if (strcmp(directory, "/") == 0)
		directory = "";
	return asprintf(&joined, "%s/%s", directory, name) < 0 ? NULL : joined;
}

/* What is the parent of a directory that does not exist, nobody can say. */
static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Where PATH, which does not exist, would lead: its directory's place, or, if
 * it is a link that leads nowhere, the place it names. */
static char *resolve_missing(const char *path, int links)
{
	char directory[PATH_MAX], target[PATH_MAX], *joined, *found;
	ssize_t size = readlink(path, target, sizeof target - 1);

	path_directory(path, directory);
	if (size <= 0) {
		if (is_dots(path_name(path)))
			return NULL;
		joined = resolve(directory, links - 1);
		found = joined != NULL ? join(joined, path_name(path)) : NULL;
		free(joined);
		return found;
	}
	target[size] = '\0';
	if (*target == '/')
		return resolve(target, links - 1);
	joined = join(directory, target);
	found = joined != NULL ? resolve(joined, links - 1) : NULL;
	free(joined);
	return found;
}

static char *resolve(const char *path, int links)
{
	char *found = links > 0 ? realpath(path, NULL) : NULL;

	if (found != NULL || links == 0 || errno != ENOENT)
		return found;
	return resolve_missing(path, links);
}

char *path_resolve(const char *path)
{
	return resolve(path, LINKS_MAX);
}
