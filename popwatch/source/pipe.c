/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pipe.c - lines from a descriptor that is read once, see pipe.h
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "file.h"
#include "pipe.h"

#define BUFFER_SIZE (128 * 1024) /* more than a line */

struct source_pipe {
	int fd;
	size_t size; /* bytes in the buffer */
	bool skipping; /* the rest of a line that is too long */
	char buffer[BUFFER_SIZE];
};

struct source_pipe *source_pipe_new(int fd)
{
	struct source_pipe *source = malloc(sizeof *source);

	if (source == NULL)
		return NULL;
	source->fd = fd;
	source->size = 0;
	source->skipping = false;
	return source;
}

void source_pipe_free(struct source_pipe *source)
{
	free(source);
}

static void take_line(struct source_pipe *source, const char *line, size_t size,
    void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	if (source->skipping)
		source->skipping = false;
	else if (size > SOURCE_LINE_MAX)
		take(line, SOURCE_LINE_MAX, true, arg);
	else
		take(line, size, false, arg);
}

/* Whole lines go, half a line moves to the front, what is too long for one is skipped from here on. */
static void take_lines(struct source_pipe *source, void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	const char *p = source->buffer, *end = source->buffer + source->size, *newline;

	while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		take_line(source, p, (size_t)(newline - p), take, arg);
		p = newline + 1;
	}
	source->size = (size_t)(end - p);
	if (source->skipping)
		source->size = 0;
	else if (source->size > SOURCE_LINE_MAX) {
		take(p, SOURCE_LINE_MAX, true, arg);
		source->skipping = true;
		source->size = 0;
	}
	memmove(source->buffer, p, source->size);
}

/* Whoever wrote it has died, or was stopped, within a line: an address in it may have lost its last digits. */
static void take_rest(struct source_pipe *source, void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	if (source->size == 0)
		return;
	log_say(LOG_WARNING, "the last line has no end: it is not believed");
	take(source->buffer, source->size, true, arg);
	source->size = 0;
}

bool source_pipe_read(struct source_pipe *source, void (*take)(const char *text, size_t size, bool cut, void *arg), void *arg)
{
	ssize_t n = read(source->fd, source->buffer + source->size, BUFFER_SIZE - source->size);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n < 0)
		log_say(LOG_ERR, "cannot read standard input: %s", strerror(errno));
	if (n > 0) {
		source->size += (size_t)n;
		take_lines(source, take, arg);
		return true;
	}
	take_rest(source, take, arg);
	return false;
}
