/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listen.h - what a test's program says to stderr, as a string
 *
 * Between listen_begin() and listen_end() standard error goes into a file;
 * one at a time.
 */
#ifndef TESTS_LISTEN_H
#define TESTS_LISTEN_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *listen_kept;
static int listen_stderr;

static void listen_begin(void)
{
	listen_kept = tmpfile();
	assert_non_null(listen_kept);
	fflush(stderr);
	listen_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(listen_kept), STDERR_FILENO), STDERR_FILENO);
}

/* What was said since; good until the next call. */
static const char *listen_end(void)
{
	static char text[4096];
	ssize_t size;

	fflush(stderr);
	dup2(listen_stderr, STDERR_FILENO);
	close(listen_stderr);
	size = pread(fileno(listen_kept), text, sizeof text - 1, 0);
	fclose(listen_kept);
	text[size > 0 ? size : 0] = '\0';
	return text;
}

/* TEXT has SENTENCE; NULL: there is no text at all. */
static void expect(const char *text, const char *sentence)
{
	if (sentence == NULL ? *text != '\0' : strstr(text, sentence) == NULL)
		fail_msg("said '%s', expected '%s'", text, sentence != NULL ? sentence : "");
}

#endif
