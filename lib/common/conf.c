/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conf.c - reads files of "name = value" lines, see conf.h
 */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomicfile.h"
#include "conf.h"

#define FILE_MAX (1024 * 1024)

/* What inih hands from its reader to its handler: it counts lines, but tells nobody */
struct reading {
	const char *next; /* rest of the text */
	struct conf_place place;
	void (*entry)(void *arg, const char *section, const char *name, const char *value, const struct conf_place *place);
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
		snprintf(sentence, sizeof sentence, "%.300s:%d: %s", place->file, place->line, what);
	else
		snprintf(sentence, sizeof sentence, "%.300s: %s", place->file, what);
	place->errors->count++;
	place->errors->tell(sentence, place->errors->arg);
}

/* A line for inih, as fgets(3) would give it.  One that does not fit becomes an empty line: its rest must not pass as a line. */
static char *next_line(char *line, int size, void *stream)
{
	struct reading *reading = stream;
	const char *end = strchrnul(reading->next, '\n');
	size_t n = (size_t)(end - reading->next);

	if (*reading->next == '\0')
		return NULL;
	reading->place.line++;
	if (n >= (size_t)size || n > CONF_LINE_MAX) {
		conf_error(&reading->place, "line of %zu bytes, expected at most %d", n, CONF_LINE_MAX);
		n = 0;
	}
	memcpy(line, reading->next, n);
	line[n] = '\0';
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

void conf_read_text(const char *file, const char *text, struct conf_errors *errors,
    void (*entry)(void *arg, const char *section, const char *name, const char *value, const struct conf_place *place),
    void *arg)
{
	struct reading reading = { text, { file, 0, errors }, entry, arg };
	int bad;

	/* regular expressions are longer than inih's 200 bytes, hold semicolons, and do not go on in the next line */
	ini_use_stack = false;
	ini_max_line = ini_initial_alloc = CONF_LINE_MAX + 96;
	ini_allow_inline_comments = false;
	ini_allow_multiline = false;
	ini_allow_no_value = true;
	bad = ini_parse_stream(next_line, &reading, take_entry, &reading);
	if (bad == 0)
		return;
	reading.place.line = bad > 0 ? bad : 0;
	conf_error(&reading.place, bad > 0 ? "expected NAME = VALUE, [SECTION] or # comment" : "out of memory");
}

bool conf_read(const char *path, struct conf_errors *errors,
    void (*entry)(void *arg, const char *section, const char *name, const char *value, const struct conf_place *place),
    void *arg)
{
	struct conf_place place = { path, 0, errors };
	size_t size;
	char *resolved = realpath(path, NULL);
	char *text = resolved != NULL ? atomicfile_read(resolved, FILE_MAX, &size) : NULL;

	free(resolved);
	if (text == NULL) {
		conf_error(&place, "cannot read it: %s", strerror(errno));
		return false;
	}
	if (strlen(text) != size) {
		conf_error(&place, "a NUL byte in it, expected text");
		free(text);
		return false;
	}
	conf_read_text(path, text, errors, entry, arg);
	free(text);
	return true;
}
