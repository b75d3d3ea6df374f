/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pipe.c - lines from a descriptor that is read once, see pipe.h
 */
#include "pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

#define BUFFER_SIZE (128 * 1024) /* more than a line */

struct source_pipe {
	int fd;
	unsigned formats;
	const struct zone *zone;
	size_t size; /* bytes in the buffer */
	bool skipping; /* the rest of a line that is too long */
	char buffer[BUFFER_SIZE];
};

struct source_pipe *source_pipe_new(int fd, unsigned formats)
{
	struct source_pipe *source = calloc(1, sizeof *source);

	if (source == NULL)
		return NULL;
	source->fd = fd;
	source->formats = formats;
	return source;
}

void source_pipe_free(struct source_pipe *source)
{
	free(source);
}

void source_pipe_set_form(struct source_pipe *source, unsigned formats, const struct zone *zone)
{
	source->zone = zone;
	source->formats = formats;
}

static void hand_on(const struct source_pipe *source, const char *text, size_t size, bool cut,
    line_fn *take, void *arg)
{
	const struct line line = { .text = text,
		.size = size,
		.source = "-",
		.formats = source->formats,
		.zone = source->zone,
		.cut = cut };

	take(&line, arg);
}

static void take_line(
    struct source_pipe *source, const char *text, size_t size, line_fn *take, void *arg)
{
	if (source->skipping)
		source->skipping = false;
	else if (size > LINE_MAX_BYTES)
		hand_on(source, text, LINE_MAX_BYTES, true, take, arg);
	else
		hand_on(source, text, size, false, take, arg);
}

/* Whole lines go, half a line moves to the front, what is too long for one is
 * skipped from here on. */
static void take_lines(struct source_pipe *source, line_fn *take, void *arg)
{
	const char *p = source->buffer, *end = source->buffer + source->size, *newline;

	while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		take_line(source, p, (size_t)(newline - p), take, arg);
		p = newline + 1;
	}
	source->size = (size_t)(end - p);
	if (source->skipping)
		source->size = 0;
	else if (source->size > LINE_MAX_BYTES) {
		hand_on(source, p, LINE_MAX_BYTES, true, take, arg);
		source->skipping = true;
		source->size = 0;
	}
	memmove(source->buffer, p, source->size);
}

/* The writer has died, or was stopped, within a line: an address in it
 * may have lost its last digits. */
static void take_rest(struct source_pipe *source, line_fn *take, void *arg)
{
	if (source->size == 0)
		return;
	log_say(LOG_WARNING, "the last line has no end: it is not believed");
	hand_on(source, source->buffer, source->size, true, take, arg);
	source->size = 0;
}

bool source_pipe_read(struct source_pipe *source, line_fn *take, void *arg)
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
