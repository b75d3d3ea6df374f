/* SPDX-License-Identifier: BSD-2-Clause
 *
 * test_popwatch_source_pipe.c - lines from a descriptor: whole, too long,
 * without an end (source/pipe.h)
 */
#include "pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define FORMATS 5u

static char seen[256]; /* "SIZE", or "SIZE!" where it was cut, for each line */

static void on_line(const struct line *line, void *arg)
{
	size_t used = strlen(seen);

	assert_ptr_equal(arg, seen);
	assert_string_equal(line->source, "-");
	assert_int_equal(line->formats, FORMATS);
	assert_int_equal(line->latest, 0);
	snprintf(seen + used, sizeof seen - used, "%zu%s ", line->size, line->cut ? "!" : "");
}

/* What the pipe hands on when SIZE bytes of TEXT are written, and then its
 * end. */
static const char *pieces(const char *const *texts)
{
	int ends[2];
	struct source_pipe *source;

	*seen = '\0';
	assert_int_equal(pipe(ends), 0);
	source = source_pipe_new(ends[0], FORMATS);
	assert_non_null(source);
	for (; *texts != NULL; texts++) {
		assert_int_equal(write(ends[1], *texts, strlen(*texts)), strlen(*texts));
		assert_true(source_pipe_read(source, on_line, seen));
	}
	close(ends[1]);
	assert_false(source_pipe_read(source, on_line, seen));
	source_pipe_free(source);
	close(ends[0]);
	return seen;
}

static void lines(void **state)
{
	static const char *const halves[] = { "ab", "c\n\nd", "e\n", NULL };
	static const char *const rest[] = { "abc\nde", NULL };

	(void)state;
	log_open("test", LOG_MAIL, LOG_NOWHERE, LOG_NOWHERE);
	assert_string_equal(pieces(halves), "3 0 2 ");
	assert_string_equal(pieces(rest), "3 2! ");
}

/* Of a line that is too long the beginning is handed on, and nothing of its
 * rest. */
static void long_lines(void **state)
{
	static char text[LINE_MAX_BYTES + 16];
	const char *const whole[] = { text, "ok\n", NULL };
	const char *const parts[] = { text, "rest\nok\n", NULL };

	(void)state;
	memset(text, 'x', sizeof text);
	text[LINE_MAX_BYTES] = '\n';
	text[LINE_MAX_BYTES + 1] = '\0';
	assert_string_equal(pieces(whole), "8192 2 ");
	text[LINE_MAX_BYTES] = 'x';
	text[LINE_MAX_BYTES + 1] = '\n';
	text[LINE_MAX_BYTES + 2] = '\0';
	assert_string_equal(pieces(whole), "8192! 2 ");
	text[LINE_MAX_BYTES + 1] = '\0';
	assert_string_equal(pieces(parts), "8192! 2 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
