/* SPDX-License-Identifier: BSD-2-Clause
 *
 * digits.h - characters of stamps: digits and months, in no locale
 */
#ifndef POPWATCH_DIGITS_H
#define POPWATCH_DIGITS_H

#include <stdbool.h>
#include <string.h>

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a lower case hexadecimal digit; -1 for anything else. */
static inline int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The month, from 0, whose name has the three letters at P; -1 for none. */
static inline int month_of(const char *p)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++) {
		if (memcmp(p, months + 3 * i, 3) == 0)
			return i;
	}
	return -1;
}

#endif
