/* SPDX-License-Identifier: BSD-2-Clause
 *
 * survey.c - when the lines of a log were written at the latest, see survey.h
 */
#include "survey.h"

#include <string.h>
#include <unistd.h>

#define DAY 86400
#define LEAP (1024 * 1024)
#define TAIL (32 * LEAP)
#define PEEK 1024 /* a line's end, and then the stamp of the next */

void survey_begin(struct survey *survey, off_t offset, const struct stat *st, int64_t now)
{
	int64_t clock = st->st_mtim.tv_sec + DAY;

	if (clock > now + DAY)
		clock = now + DAY;
	*survey = (struct survey){ .at = offset, .end = st->st_size, .clock = clock };
	if (clock < now)
		survey->latest = clock;
}

static void survey_line(const struct survey_reader *reader, struct survey *survey, off_t at,
    const char *line, size_t size)
{
	survey->turns.memo.zone = reader->zone;
	if (!year_turned(&survey->turns, reader->formats, line, size, survey->clock))
		return;
	survey->turn = at;
	survey->before = survey->turns.when;
}

/* Looks through the lines of one piece.  Returns the bytes read; 0 where there
 * is no whole line any more. */
static size_t survey_piece(const struct survey_reader *reader, struct survey *survey)
{
	ssize_t size = pread(reader->fd, reader->buffer, reader->size, survey->at);
	const char *p = reader->buffer, *end = p + (size > 0 ? size : 0), *newline;

	while (p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (!survey->inside)
			survey_line(reader, survey, survey->at + (p - reader->buffer), p,
			    (size_t)(newline - p));
		survey->inside = false;
		p = newline + 1;
	}
	if (p == reader->buffer && size == (ssize_t)reader->size) {
		survey->inside = true;
		p = end;
	}
	survey->at += p - reader->buffer;
	return (size_t)(p - reader->buffer);
}

/* Where the day is still the same LEAP bytes further on, no year has turned in
 * between, and nothing there need be read: not in a log that is as large as
 * this one.  The last TAIL bytes of it are looked through line by line, it may
 * have grown slowly of late.  Returns the bytes read; 0 if it cannot be
 * said. */
static size_t survey_leap(const struct survey_reader *reader, struct survey *survey)
{
	off_t at = survey->at + LEAP;
	const char *line = reader->buffer, *newline;
	ssize_t size;

	if (survey->inside || survey->turns.size == 0 || at + TAIL > survey->end)
		return 0;
	size = pread(reader->fd, reader->buffer, PEEK, at);
	if (size < PEEK)
		return 0;
	newline = memchr(line, '\n', PEEK / 2);
	if (newline == NULL)
		return 0;
	line = newline + 1;
	if (memcmp(line, survey->turns.date, survey->turns.size) != 0)
		return 0;
	survey->at = at + (line - reader->buffer);
	return PEEK;
}

size_t survey_read(const struct survey_reader *reader, struct survey *survey, size_t budget)
{
	size_t sum = 0, n;

	while (survey->at < survey->end && sum < budget) {
		n = survey_leap(reader, survey);
		if (n == 0)
			n = survey_piece(reader, survey);
		if (n == 0)
			survey->at = survey->end;
		sum += n;
	}
	return sum;
}

int64_t survey_latest(const struct survey *survey, off_t at)
{
	if (at < survey->turn)
		return survey->before;
	return at < survey->end ? survey->latest : 0;
}
