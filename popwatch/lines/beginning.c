/* SPDX-License-Identifier: BSD-2-Clause
 *
 * beginning.c - the expressions that a message cannot match, see beginning.h
 */
#include "beginning.h"

#define KNOWN (UINT64_C(1) << BEGINNING_BITS)

uint64_t beginnings_may(
    struct beginnings *beginnings, struct span message, beginning_fn *find_out, const void *arg)
{
	uint64_t bytes = 0;
	size_t place;

	if (message.size < BEGINNING_SIZE)
		return UINT64_MAX;
	memcpy(&bytes, message.text, BEGINNING_SIZE);
	place = (bytes * UINT64_C(0x9e3779b97f4a7c15) >> 32) % BEGINNINGS;
	if (beginnings->known[place].bytes != bytes || beginnings->known[place].may == 0) {
		beginnings->known[place].bytes = bytes;
		beginnings->known[place].may =
		    KNOWN | find_out((struct span){ message.text, BEGINNING_SIZE }, arg);
	}
	return beginnings->known[place].may;
}
