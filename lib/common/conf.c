/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf.c - reads files of "name = value" lines, see conf.h
 */
#include "conf.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomicfile.h"

#define FILE_MAX (1024 * 1024)
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* What inih hands from its reader to its handler: it counts lines, but tells
 * nobody */
struct reading {
	const char *next; /* rest of the text */
	bool flat; /* no sections */
	struct conf_place place;
	conf_entry *entry;
	void *arg;
};

void conf_error(const struct conf_place *place, const char *format, ...)
{
	char what[1024], sentence[1400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	if (place->line > 0)
		snprintf(
		    sentence, sizeof sentence, "%.300s:%d: %s", place->file, place->line, what);
	else
		snprintf(sentence, sizeof sentence, "%.300s: %s", place->file, what);
	place->errors->count++;
	place->errors->tell(sentence, place->errors->arg);
}

/* The section's head in LINE, the N-th of the file, or NULL: blanks may be
 * before it, and in the first line a byte order mark, as inih has it. */
static const char *find_head(const char *line, int n)
{
	if (n == 1 && strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		line += strlen(BYTE_ORDER_MARK);
	line += strspn(line, " \t\v\f\r");
	return *line == '[' ? line : NULL;
}

/* A line for inih, as fgets(3) would give it.  One that does not fit becomes an
 * empty line: its rest must not pass as a line. */
static char *next_line(char *line, int size, void *stream)
{
	struct reading *reading = stream;
	const char *end = strchrnul(reading->next, '\n'), *head;
	size_t n = (size_t)(end - reading->next);

	if (*reading->next == '\0')
		return NULL;
	reading->place.line++;
	if (n >= (size_t)size || n > CONF_LINE_MAX) {
		conf_error(
		    &reading->place, "line of %zu bytes, expected at most %d", n, CONF_LINE_MAX);
		n = 0;
	}
	memcpy(line, reading->next, n);
	line[n] = '\0';
	/* here, since inih does not report a section before there is an entry
	 * in it */
	head = reading->flat ? find_head(line, reading->place.line) : NULL;
	if (head != NULL) {
		conf_error(
		    &reading->place, "section '%s', expected no sections in this file", head);
		*line = '\0';
	}
	reading->next = *end == '\n' ? end + 1 : end;
	return line;
}

static int take_entry(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;

	if (value == NULL)
		conf_error(&reading->place, "'%s': expected NAME = VALUE", name);
	else
		reading->entry(reading->arg, section, name, value, &reading->place);
	return 1;
}

static void read_text(const char *file, const char *text, bool flat, struct conf_errors *errors,
    conf_entry *entry, void *arg)
{
	struct reading reading = { text, flat, { file, 0, errors }, entry, arg };
	int bad;

	/* regular expressions are longer than inih's 200 bytes, hold
	 * semicolons, and do not go on in the next line */
	ini_use_stack = false;
	ini_max_line = ini_initial_alloc = CONF_LINE_MAX + 96;
	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	ini_allow_no_value = true;
	bad = ini_parse_stream(next_line, &reading, take_entry, &reading);
	if (bad == 0)
		return;
	reading.place.line = bad > 0 ? bad : 0;
	conf_error(&reading.place,
	    bad > 0 ? "expected NAME = VALUE, [SECTION] or # comment" : "out of memory");
}

static bool read_file(
    const char *path, bool flat, struct conf_errors *errors, conf_entry *entry, void *arg)
{
	struct conf_place place = { path, 0, errors };
	size_t size;
	char *resolved = realpath(path, NULL);
	char *text = resolved != NULL ? atomicfile_read(resolved, FILE_MAX, &size) : NULL;

	free(resolved);
	if (text == NULL) {
		conf_error(&place, "cannot read it: %s",
		    errno == EINVAL ? "it is not a file" : strerror(errno));
		return false;
	}
	if (strlen(text) != size) {
		conf_error(&place, "a NUL byte in it, expected text");
		free(text);
		return false;
	}
	read_text(path, text, flat, errors, entry, arg);
	free(text);
	return true;
}

bool conf_read(const char *path, struct conf_errors *errors, conf_entry *entry, void *arg)
{
	return read_file(path, false, errors, entry, arg);
}

bool conf_read_flat(const char *path, struct conf_errors *errors, conf_entry *entry, void *arg)
{
	return read_file(path, true, errors, entry, arg);
}

void conf_read_text(
    const char *file, const char *text, struct conf_errors *errors, conf_entry *entry, void *arg)
{
	read_text(file, text, false, errors, entry, arg);
}

void conf_read_flat_text(
    const char *file, const char *text, struct conf_errors *errors, conf_entry *entry, void *arg)
{
	read_text(file, text, true, errors, entry, arg);
}
