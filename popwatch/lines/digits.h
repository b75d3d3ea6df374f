/* SPDX-License-Identifier: BSD-2-Clause
 *
 * digits.h - characters of stamps: digits and months, in no locale
 */
#ifndef POPWATCH_DIGITS_H
#define POPWATCH_DIGITS_H

#include <stdbool.h>

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

/* Three letters as a number. */
#define LETTERS(a, b, c)                                                                           \
	((unsigned)(unsigned char)(a) << 16 | (unsigned)(unsigned char)(b) << 8 |                  \
	    (unsigned char)(c))

/* The month, from 0, whose name has the three letters at P; -1 for none.  Asked
 * of every line, so it is no search. */
static inline int month_of(const char *p)
{
	switch (LETTERS(p[0], p[1], p[2])) {
	case LETTERS('J', 'a', 'n'):
		return 0;
	case LETTERS('F', 'e', 'b'):
		return 1;
	case LETTERS('M', 'a', 'r'):
		return 2;
	case LETTERS('A', 'p', 'r'):
		return 3;
	case LETTERS('M', 'a', 'y'):
		return 4;
	case LETTERS('J', 'u', 'n'):
		return 5;
	case LETTERS('J', 'u', 'l'):
		return 6;
	case LETTERS('A', 'u', 'g'):
		return 7;
	case LETTERS('S', 'e', 'p'):
		return 8;
	case LETTERS('O', 'c', 't'):
		return 9;
	case LETTERS('N', 'o', 'v'):
		return 10;
	case LETTERS('D', 'e', 'c'):
		return 11;
	default:
		return -1;
	}
}

#endif
