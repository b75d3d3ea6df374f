/* SPDX-License-Identifier: BSD-2-Clause
 *
 * streamid.c - the names of a stream's entries, see streamid.h
 */
#include "streamid.h"

#include <inttypes.h>
#include <stdio.h>

/* Decimal digits alone, up to END. */
static bool take_number(const char *text, const char *end, uint64_t *number)
{
	if (text == end)
		return false;
	for (*number = 0; text < end; text++) {
		unsigned digit = (unsigned char)*text - (unsigned)'0';

		if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return true;
}

bool streamid_parse(const char *text, size_t size, struct streamid *id)
{
	struct streamid read;

	for (size_t dash = 0; dash < size; dash++) {
		if (text[dash] != '-')
			continue;
		if (!take_number(text, text + dash, &read.ms) ||
		    !take_number(text + dash + 1, text + size, &read.sequence))
			return false;
		*id = read;
		return true;
	}
	return false;
}

const char *streamid_format(const struct streamid *id, char text[STREAMID_SIZE])
{
	snprintf(text, STREAMID_SIZE, "%" PRIu64 "-%" PRIu64, id->ms, id->sequence);
	return text;
}

int streamid_compare(const struct streamid *a, const struct streamid *b)
{
	if (a->ms != b->ms)
		return a->ms < b->ms ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}
