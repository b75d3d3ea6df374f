/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pipe.h - lines from a descriptor that is read once, front to end: standard
 * input
 *
 * Owns: what a line is there.  Has no position: what was read is gone.
 */
#ifndef POPWATCH_SOURCE_PIPE_H
#define POPWATCH_SOURCE_PIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "line.h"

struct source_pipe;

/* A source for FD, which stays the caller's, and has lines of the layouts
 * FORMATS.  Its name is "-".  Returns NULL without memory. */
struct source_pipe *source_pipe_new(int fd, unsigned formats);

void source_pipe_set_form(struct source_pipe *source, unsigned formats, const struct zone *zone);

/* Frees it; a NULL is fine. */
void source_pipe_free(struct source_pipe *source);

/* Reads once, and hands on the whole lines there are, as source_file_read()
 * does.  What comes last and has no end may be any part of a line: that is
 * logged, and it is handed on as cut.  Returns false at the end, or after
 * logging that FD cannot be read. */
bool source_pipe_read(struct source_pipe *source, line_fn *take, void *arg);

#endif
