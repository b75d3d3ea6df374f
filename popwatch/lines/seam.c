/* SPDX-License-Identifier: BSD-2-Clause
 *
 * seam.c - is a message two, see seam.h
 */
#include "seam.h"

#define CLOCK 8 /* 11:46:38 */
#define TAI64N 24 /* digits behind the @ */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "11:46:38", whose first colon is at COLON */
static bool is_clock(const char *colon)
{
	return digit(colon[-2]) && digit(colon[-1]) && digit(colon[1]) && digit(colon[2]) &&
	       colon[3] == ':' && digit(colon[4]) && digit(colon[5]);
}

/* What comes before the clock at TIME, in a text that has 7 bytes before it:
 * "Nov 20 ", "Nov  3 ", "Nov 3 ", "-11-20T", "-11-20_" or "-11-20 ".
 * FreeBSD's and Solaris' years stand behind the clock or before it:
 * "20 2026 ". */
static bool is_date(const char *time)
{
	if (time[-1] == 'T' || time[-1] == '_' || (time[-1] == ' ' && time[-4] == '-'))
		return time[-7] == '-' && digit(time[-6]) && digit(time[-5]) && time[-4] == '-' &&
		       digit(time[-3]) && digit(time[-2]);
	if (time[-1] != ' ' || !digit(time[-2]))
		return false;
	if (letter(time[-7]) && letter(time[-6]) && letter(time[-5]) && time[-4] == ' ')
		return time[-3] == ' ' || digit(time[-3]);
	if (letter(time[-6]) && letter(time[-5]) && letter(time[-4]) && time[-3] == ' ')
		return true;
	return digit(time[-5]) && digit(time[-4]) && digit(time[-3]) && time[-6] == ' ' &&
	       digit(time[-7]);
}

static bool is_tai64n(const char *at, const char *end)
{
	size_t digits = 0;

	if (end - at <= TAI64N || at[1] != '4' || at[2] != '0')
		return false;
	for (at++;
	     digits < TAI64N && (digit(at[digits]) || (at[digits] >= 'a' && at[digits] <= 'f'));
	     digits++)
		;
	return digits == TAI64N;
}

bool seam_in(struct span message)
{
	const char *end = message.text + message.size, *at;

	if (message.size < CLOCK)
		return false;
	for (at = message.text; (at = memchr(at, ':', (size_t)(end - at))) != NULL; at++)
		if (at - message.text >= 9 && end - at > 5 && is_clock(at) && is_date(at - 2))
			return true;
	for (at = message.text; (at = memchr(at, '@', (size_t)(end - at))) != NULL; at++)
		if (is_tai64n(at, end))
			return true;
	return false;
}
