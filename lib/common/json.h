/* SPDX-License-Identifier: BSD-2-Clause
 *
 * json.h - writes JSON (RFC 8259) to a stream, piece by piece
 *
 * Owns: commas, escaping, and that what is written is UTF-8 whatever bytes a
 * text has (RFC 8259, 8.1).  Nothing is kept, so a list may have any length.
 * Leaves to the caller: that objects and lists are ended, that names within an
 * object differ, and to look at the stream for errors.
 * Limits: JSON_DEPTH objects and lists within each other.
 */
#ifndef RELAYERS_JSON_H
#define RELAYERS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 8

struct json {
	FILE *to;
	bool flat; /* all on one line; else each value of the outermost has its own */
	unsigned depth;
	bool more[JSON_DEPTH]; /* something stands before, at each depth */
	bool named; /* the value that comes has its name */
};

/* A value begins: in an object after json_name(), in a list alone. */
void json_object(struct json *json);
void json_list(struct json *json);

/* Ends the object or list that was begun last; the outermost with a newline. */
void json_end_object(struct json *json);
void json_end_list(struct json *json);

/* The name of the value that comes. */
void json_name(struct json *json, const char *name);

/* A text of SIZE bytes.  Each byte that is not part of well-formed UTF-8
 * becomes U+FFFD. */
void json_text(struct json *json, const char *text, size_t size);

void json_number(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* NAME and a string, in an object; a NULL is null. */
void json_member(struct json *json, const char *name, const char *text);
/* NAME and a number. */
void json_member_number(struct json *json, const char *name, int64_t number);

/* Is TEXT well-formed UTF-8 (RFC 3629)? */
bool json_is_utf8(const char *text, size_t size);

#endif
