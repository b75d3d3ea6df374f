/* SPDX-License-Identifier: BSD-2-Clause
 *
 * duration.c - lengths of time as administrators write them, see duration.h
 */
#include "duration.h"

#include <stddef.h>

/* A unit in seconds; the end of the text counts as seconds; 0 for anything
 * else. */
static int64_t unit_seconds(char unit)
{
	switch (unit) {
	case 'd':
		return 86400;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
	case '\0':
		return 1;
	default:
		return 0;
	}
}

bool duration_parse(const char *text, int64_t *seconds)
{
	int64_t sum = 0, last = INT64_MAX, number, unit;
	const char *p = text;

	if (*p == '\0')
		return false;
	while (*p != '\0') {
		if (*p < '0' || *p > '9')
			return false;
		for (number = 0; *p >= '0' && *p <= '9'; p++) {
			number = number * 10 + (*p - '0');
			if (number > DURATION_MAX)
				return false;
		}
		unit = unit_seconds(*p);
		if (unit == 0 || unit >= last || (*p == '\0' && last != INT64_MAX))
			return false;
		last = unit;
		sum += number * unit;
		if (sum > DURATION_MAX)
			return false;
		if (*p != '\0')
			p++;
	}
	*seconds = sum;
	return true;
}
