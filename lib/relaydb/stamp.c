/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamp.c - the value of an entry: seconds since the epoch, as decimal text
 *
 * Postfix takes any all-numerical value as OK (access(5)) and sendmail's rules
 * compare it with the clock, so a number must be plainly one.  A value that is
 * not is a permanent row to everybody.
 */
#include "address.h"

#include <string.h>

static bool digits_read(const char *text, size_t size, int64_t *stamp)
{
	int64_t number = 0;

	if (size == 0 || size > STAMP_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
		if (number > RELAYDB_STAMP_MAX)
			return false;
	}
	*stamp = number;
	return true;
}

bool stamp_read(const char *value, size_t size, int64_t *stamp)
{
	if (size > STAMP_SIZE)
		return false;
	while (size > 0 &&
	       (value[size - 1] == ' ' || value[size - 1] == '\t' || value[size - 1] == '\r'))
		size--;
	return digits_read(value, size, stamp);
}

int relaydb_stamp(const char *text, int64_t *stamp)
{
	return digits_read(text, strlen(text), stamp) ? RELAYDB_OK : RELAYDB_BADSTAMP;
}
