/* SPDX-License-Identifier: BSD-2-Clause
 *
 * span.h - a piece of somebody else's text: where it begins and how long it is
 *
 * Owns nothing: a span is good for as long as the text it points into.  It is
 * not NUL-terminated.  An empty span may have a NULL text.
 */
#ifndef RELAYERS_SPAN_H
#define RELAYERS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *text;
	size_t size;
};

/* The whole of a string. */
static inline struct span span_of(const char *string)
{
	return (struct span){ string, strlen(string) };
}

/* Does SPAN hold exactly the bytes of STRING? */
static inline bool span_equals(struct span span, const char *string)
{
	size_t size = strlen(string);

	return span.size == size && (size == 0 || memcmp(span.text, string, size) == 0);
}

#endif
