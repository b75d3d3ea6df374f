/* SPDX-License-Identifier: BSD-2-Clause
 *
 * statefile.c - the state file, see statefile.h
 *
 *   popwatch-state 1
 *   boot 8d6617d1-03b0-4500-a494-3c53ecfd7410
 *   saved 1795175258
 *   (lines of the sources, sessions and doubts)
 *   end
 */
#include "statefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "atomicfile.h"
#include "relaydb.h"

#define FIRST "popwatch-state 1"
#define LAST "end"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_MAX 64
#define BOOT_UNKNOWN "unknown" /* there is no /proc */

/* Read once: it does not change, and later the sandbox may not let us. */
static const char *boot_id(void)
{
	static char boot[BOOT_MAX];
	FILE *in;

	if (*boot != '\0')
		return boot;
	in = fopen(BOOT_ID, "re");
	if (in == NULL || fgets(boot, sizeof boot, in) == NULL)
		memcpy(boot, BOOT_UNKNOWN, sizeof BOOT_UNKNOWN);
	boot[strcspn(boot, " \n")] = '\0';
	if (in != NULL)
		fclose(in);
	return boot;
}

int64_t state_boot_time(int64_t now)
{
	struct timespec up;

	return clock_gettime(CLOCK_BOOTTIME, &up) == 0 ? now - up.tv_sec : now;
}

/* The next line, without its end; NULL after the last one, or if that has no
 * end. */
static char *next_line(char **next)
{
	char *line = *next, *end = strchr(line, '\n');

	if (end == NULL)
		return NULL;
	*end = '\0';
	*next = end + 1;
	return line;
}

/* The lines from NEXT to the last one; false at the first that TAKE does not
 * understand. */
static bool take_lines(
    char *next, bool (*take)(const char *word, const char *rest, void *arg), void *arg)
{
	char *line, *rest;

	while ((line = next_line(&next)) != NULL && strcmp(line, LAST) != 0) {
		rest = strchr(line, ' ');
		if (rest == NULL)
			return false;
		*rest++ = '\0';
		if (!take(line, rest, arg))
			return false;
	}
	return true;
}

bool state_parse(char *text, size_t size, const char *boot, struct state *state,
    bool (*take)(const char *word, const char *rest, void *arg), void *arg, const char **error)
{
	char *line, *next = text, *copy;
	long long saved;

	*state = (struct state){ .trial = true };
	*error = "is not a state file of popwatch";
	if (strlen(text) != size)
		return false;
	line = next_line(&next);
	if (line == NULL || strcmp(line, FIRST) != 0)
		return false;
	*error = "is not complete";
	if (size < sizeof LAST + 1 || strcmp(text + size - sizeof LAST, LAST "\n") != 0 ||
	    text[size - sizeof LAST - 1] != '\n')
		return false;
	*error = "has no boot id and time where expected";
	line = next_line(&next);
	if (line == NULL || strncmp(line, "boot ", 5) != 0)
		return false;
	/* an open connection that is none keeps an address for hours */
	state->same_boot = strcmp(line + 5, boot) == 0 && strcmp(boot, BOOT_UNKNOWN) != 0;
	line = next_line(&next);
	if (line == NULL || sscanf(line, "saved %lld", &saved) != 1 || saved <= 0 ||
	    saved > RELAYDB_STAMP_MAX)
		return false;
	*error = "out of memory";
	copy = strdup(next);
	if (copy == NULL)
		return false;
	*error = "has a line that cannot be understood";
	if (take_lines(copy, take, arg)) {
		state->trial = false;
		if (take_lines(next, take, arg))
			*error = NULL;
	}
	free(copy);
	return *error == NULL;
}

bool state_load(const char *path, struct state *state,
    bool (*take)(const char *word, const char *rest, void *arg), void *arg, const char **error)
{
	char *text;
	size_t size;
	bool done;

	*state = (struct state){ .trial = true };
	text = atomicfile_read(path, STATE_MAX, &size);
	if (text == NULL) {
		*error = errno == ENOENT ? NULL : strerror(errno);
		return false;
	}
	done = state_parse(text, size, boot_id(), state, take, arg, error);
	free(text);
	return done;
}

int state_save(const char *path, int64_t now, void (*fill)(FILE *out, void *arg), void *arg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool bad;
	int result = -1;

	if (out == NULL)
		return -1;
	fprintf(out, "%s\nboot %s\nsaved %" PRId64 "\n", FIRST, boot_id(), now);
	fill(out, arg);
	fprintf(out, "%s\n", LAST);
	bad = ferror(out) != 0;
	if (fclose(out) == 0 && !bad)
		result = atomicfile_write(path, text, size, 0600);
	free(text);
	return result;
}
