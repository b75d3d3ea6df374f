/* SPDX-License-Identifier: BSD-2-Clause
 *
 * linereader.c - the whole lines of a log file, a piece at a time
 *
 * Owns: what becomes of a line without its end (it waits), of one that is too
 * long (it is handed on cut, and its rest is skipped), and of one whose
 * beginning may be missing (it is handed on cut, and reported).
 */
#include "linereader.h"

#include <string.h>
#include <unistd.h>

#include "log.h"

#define SHOWN_MAX 200 /* bytes of a line that is not believed in the log */

/* The first line since FILE was emptied may be the rest of another. */
static void report_torn(const struct line_reader *reader, const char *text, size_t size)
{
	log_say(LOG_WARNING,
	    "%s was emptied while it was written to: its first line may be the rest of another "
	    "and is not believed: %.*s",
	    reader->name, size < SHOWN_MAX ? (int)size : SHOWN_MAX, text);
}

/* Hands on the SIZE bytes at TEXT, which begin at AT of the file. */
static void hand_on(const struct line_reader *reader, struct log_file *file, const char *text,
    size_t size, off_t at, line_fn *take, void *arg)
{
	bool cut = size > LINE_MAX_BYTES || file->torn;
	const struct line line = { .text = text,
		.size = size > LINE_MAX_BYTES ? LINE_MAX_BYTES : size,
		.source = reader->name,
		.formats = reader->formats,
		.zone = reader->zone,
		.latest = survey_latest(&file->survey, at),
		.cut = cut };

	if (file->torn)
		report_torn(reader, text, size);
	file->torn = false;
	take(&line, arg);
}

/* Hands on the whole lines of a piece of the file.  Returns how many bytes of
 * it are done with. */
static size_t take_lines(
    const struct line_reader *reader, struct log_file *file, size_t size, line_fn *take, void *arg)
{
	const char *piece = reader->buffer, *p = piece, *end = piece + size, *newline;

	for (; (newline = memchr(p, '\n', (size_t)(end - p))) != NULL; p = newline + 1)
		hand_on(
		    reader, file, p, (size_t)(newline - p), file->offset + (p - piece), take, arg);
	return (size_t)(p - piece);
}

/* The rest of a line that is too long: up to its end, which may not be written
 * yet. */
static void skip_rest(struct log_file *file, const char *piece, size_t size)
{
	const char *newline = memchr(piece, '\n', size);

	if (newline == NULL)
		file->skip += (off_t)size;
	else {
		file->offset = file->skip + (newline - piece) + 1;
		file->skip = 0;
	}
}

size_t line_reader_read(
    const struct line_reader *reader, struct log_file *file, line_fn *take, void *arg)
{
	ssize_t size = pread(
	    file->fd, reader->buffer, reader->size, file->skip > 0 ? file->skip : file->offset);
	size_t done;

	file->within = size > 0 ? reader->buffer[size - 1] != '\n' : file->skip > 0;
	if (size <= 0)
		return 0;
	if (file->skip > 0) {
		skip_rest(file, reader->buffer, (size_t)size);
		return (size_t)size;
	}
	done = take_lines(reader, file, (size_t)size, take, arg);
	file->offset += (off_t)done;
	if (done == 0 && size > LINE_MAX_BYTES) {
		hand_on(reader, file, reader->buffer, (size_t)size, file->offset, take, arg);
		file->skip = file->offset + size;
		return (size_t)size;
	}
	if (file->hash == 0 && file->offset > 0)
		file->hash = followed_hash(file->fd);
	return done;
}
