/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrorstate.c - the state file, see mirrorstate.h
 */
#include "mirrorstate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomicfile.h"
#include "log.h"

#define HEAD "relaymirror state 1\n"
#define FILE_MODE 0600
#define FILE_MAX ((size_t)2 * 1024 * 1024 * 1024)
#define GROWTH_MIN (1024 * 1024)

struct mirrorstate {
	const char *path;
	struct mirror *mirror;
	int fd; /* -1: it is to be written whole */
	size_t size; /* of what is safe in it */
	size_t whole; /* what it was when it was written whole */
	struct log_once complaint;
};

/* Returns how many lines make no sense. */
static size_t take_lines(struct mirror *mirror, char *text)
{
	size_t wrong = 0;
	char *end;

	for (; *text != '\0'; text = end + 1) {
		end = strchr(text, '\n');
		if (end == NULL)
			break;
		*end = '\0';
		if (!mirror_load(mirror, text))
			wrong++;
	}
	return wrong;
}

static void load(const char *path, struct mirror *mirror)
{
	size_t size = 0, wrong;
	char *text = atomicfile_read(path, FILE_MAX, &size);

	if (text == NULL && errno == ENOENT)
		return;
	if (text == NULL) {
		log_say(
		    LOG_WARNING, "cannot read %s, going on without it: %s", path, strerror(errno));
		return;
	}
	if (strlen(text) != size || strncmp(text, HEAD, strlen(HEAD)) != 0) {
		log_say(LOG_WARNING, "%s is not what relaymirror wrote, going on without it", path);
	} else {
		wrong = take_lines(mirror, text + strlen(HEAD));
		if (wrong > 0)
			log_say(LOG_WARNING, "%s: %zu lines make no sense and were left out", path,
			    wrong);
	}
	free(text);
}

/* The lines of mirror_save().  Returns NULL with errno set. */
static char *print(struct mirrorstate *state, bool all, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	bool bad;

	if (out == NULL)
		return NULL;
	if (all)
		fputs(HEAD, out);
	mirror_save(state->mirror, all, out);
	bad = ferror(out) != 0;
	if (fclose(out) != 0 || bad) {
		free(text);
		errno = ENOMEM;
		return NULL;
	}
	return text;
}

/* Returns false with errno set. */
static bool write_whole(struct mirrorstate *state)
{
	size_t size = 0;
	char *text = print(state, true, &size);
	bool done = text != NULL && atomicfile_write(state->path, text, size, FILE_MODE) == 0;

	free(text);
	if (!done)
		return false;
	state->fd = open(state->path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	state->size = state->whole = size;
	return state->fd >= 0;
}

static bool append(struct mirrorstate *state)
{
	size_t size = 0;
	char *text = print(state, false, &size);
	bool done = text != NULL;

	if (done && size > 0) {
		errno = ENOSPC; /* of a write that stops half-way */
		done = write(state->fd, text, size) == (ssize_t)size && fdatasync(state->fd) == 0;
	}
	state->size += size;
	free(text);
	return done;
}

static void forget_file(struct mirrorstate *state)
{
	if (state->fd >= 0)
		close(state->fd);
	state->fd = -1;
}

bool mirrorstate_save(struct mirrorstate *state)
{
	bool done;
	int error;

	if (state->size > 2 * state->whole + GROWTH_MIN)
		forget_file(state);
	done = state->fd >= 0 ? append(state) : write_whole(state);
	if (done) {
		if (log_over(&state->complaint, NULL))
			log_say(LOG_NOTICE, "%s is saved again", state->path);
		return true;
	}
	error = errno;
	/* what the mirror thinks is saved is not: next time all of it */
	forget_file(state);
	if (log_once(&state->complaint, error, 0, 0))
		log_say(LOG_ERR, "cannot save %s, so nothing is written to the database: %s",
		    state->path, strerror(error));
	return false;
}

struct mirrorstate *mirrorstate_open(const char *path, struct mirror *mirror)
{
	struct mirrorstate *state = calloc(1, sizeof *state);

	if (state == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	state->path = path;
	state->mirror = mirror;
	state->fd = -1;
	load(path, mirror);
	if (mirrorstate_save(state))
		return state;
	mirrorstate_close(state);
	return NULL;
}

void mirrorstate_close(struct mirrorstate *state)
{
	if (state == NULL)
		return;
	forget_file(state);
	free(state);
}
