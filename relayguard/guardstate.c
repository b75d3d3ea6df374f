/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardstate.c - the throttle's counts over a restart, see guardstate.h
 */
#include "guardstate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomicfile.h"
#include "log.h"
#include "throttle.h"

#define HEAD "relayguard state 1"
#define FILE_MODE 0600
#define FILE_MAX ((size_t)THROTTLE_PLACES * 2 * THROTTLE_LINE_MAX)

int guardstate_save(const char *path, const struct throttle_copy *copy)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result = -1;

	if (out == NULL)
		return -1;
	fputs(HEAD "\n", out);
	throttle_save(copy, out);
	if (ferror(out) != 0)
		errno = ENOMEM;
	else if (fflush(out) == 0)
		result = atomicfile_write(path, text, size, FILE_MODE);
	fclose(out);
	free(text);
	return result;
}

/* Returns false if it is no file of ours. */
static bool take(char *text, struct throttle *throttle)
{
	char *rest = text, *line = strsep(&rest, "\n");

	if (line == NULL || strcmp(line, HEAD) != 0)
		return false;
	while (rest != NULL && *rest != '\0') {
		line = strsep(&rest, "\n");
		if (!throttle_load(throttle, line))
			return false;
	}
	return true;
}

void guardstate_load(const char *path, struct throttle *throttle)
{
	size_t size;
	char *text = atomicfile_read(path, FILE_MAX, &size);

	if (text == NULL && errno == ENOENT)
		return;
	if (text == NULL)
		log_say(
		    LOG_WARNING, "cannot read %s, counting from zero: %s", path, strerror(errno));
	else if (strlen(text) != size || !take(text, throttle))
		log_say(LOG_WARNING, "%s is not what relayguard wrote, counting what it has", path);
	free(text);
}
