/* SPDX-License-Identifier: BSD-2-Clause
 *
 * cursor.h - taking a line apart from its beginning: what is skipped or taken
 * is gone, what does not fit leaves the cursor where it was
 */
#ifndef POPWATCH_CURSOR_H
#define POPWATCH_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "span.h"

/* Where we are in a line, and what is left of it. */
struct cursor {
	const char *p;
	const char *end;
};

static inline size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline bool skip_char(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static inline bool skip_text(struct cursor *c, const char *wanted)
{
	size_t n = strlen(wanted);

	if (left(c) < n || memcmp(c->p, wanted, n) != 0)
		return false;
	c->p += n;
	return true;
}

static inline void skip_blanks(struct cursor *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

/* A blank, or a second one behind it, or a tab. */
static inline bool skip_gap(struct cursor *c)
{
	if (skip_char(c, '\t'))
		return true;
	if (!skip_char(c, ' '))
		return false;
	skip_char(c, ' ');
	return true;
}

/* Up to the next blank, which is skipped; at least one byte. */
static inline bool take_word(struct cursor *c, struct span *word)
{
	const char *blank = memchr(c->p, ' ', left(c));

	if (blank == NULL || blank == c->p)
		return false;
	*word = (struct span){ c->p, (size_t)(blank - c->p) };
	c->p = blank + 1;
	return true;
}

#endif
