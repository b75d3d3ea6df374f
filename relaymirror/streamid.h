/* SPDX-License-Identifier: BSD-2-Clause
 *
 * streamid.h - the names of a stream's entries, which are also their order
 *
 * "MILLISECONDS-SEQUENCE",
 * https://redis.io/docs/latest/develop/data-types/streams/
 */
#ifndef RELAYMIRROR_STREAMID_H
#define RELAYMIRROR_STREAMID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAMID_SIZE 42 /* two numbers of 20 digits, the dash, the NUL */

/* 0-0 is before every entry. */
struct streamid {
	uint64_t ms;
	uint64_t sequence;
};

/* Reads SIZE bytes of TEXT.  Returns false, and leaves *ID alone, for anything
 * but two decimal numbers of 64 bits with a dash between them. */
bool streamid_parse(const char *text, size_t size, struct streamid *id);

/* Writes ID to TEXT.  Returns TEXT. */
const char *streamid_format(const struct streamid *id, char text[STREAMID_SIZE]);

/* Below, at or above 0, as A is before, at or after B. */
int streamid_compare(const struct streamid *a, const struct streamid *b);

#endif
