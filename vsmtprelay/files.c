/* SPDX-License-Identifier: BSD-2-Clause
 *
 * files.c - see files.h
 */
#include "files.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

static bool line_says(const char *line, const char *one, const char *other)
{
	line += strspn(line, " \t");
	return *line != '#' && strstr(line, one) != NULL && strstr(line, other) != NULL;
}

static bool file_says(
    const char *path, const char *one, const char *other, char *found, size_t found_size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool says = false;

	if (file == NULL)
		return false;
	while (!says && getline(&line, &size, file) >= 0)
		says = line_says(line, one, other);
	if (says && found != NULL)
		snprintf(found, found_size, "%.*s", (int)strcspn(line, "\n"), line);
	free(line);
	fclose(file);
	return says;
}

bool files_say(const char *pattern, const char *one, const char *other, char *line, size_t size)
{
	glob_t files;
	bool says = false;

	if (glob(pattern, 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc && !says; i++)
			says = file_says(files.gl_pathv[i], one, other, line, size);
	}
	globfree(&files);
	return says;
}

bool files_exist(const char *pattern)
{
	glob_t files;
	bool found = glob(pattern, 0, NULL, &files) == 0;

	globfree(&files);
	return found;
}

char *files_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = fd >= 0 ? program_read(fd) : NULL;

	if (fd >= 0)
		close(fd);
	return text;
}

bool files_running(const char *name)
{
	char line[64];
	glob_t files;
	bool found = false;

	if (glob("/proc/[0-9]*/comm", 0, NULL, &files) == 0) {
		for (size_t i = 0; i < files.gl_pathc && !found; i++)
			found = file_says(files.gl_pathv[i], name, "", line, sizeof line) &&
				strcmp(line, name) == 0;
	}
	globfree(&files);
	return found;
}
