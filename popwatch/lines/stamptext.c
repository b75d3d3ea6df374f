/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamptext.c - where a stamp in a line ends, see stamptext.h
 */
#include "stamptext.h"

#include "digits.h"

#define TAI64N_DIGITS 24

static bool fits(const char *p, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, p++) {
		if (*pattern == '9' ? !is_digit(*p) : *p != *pattern)
			return false;
	}
	return true;
}

/* 11:46:38, of which there are eight bytes at P; asked of every line */
static bool is_clock(const char *p)
{
	return is_digit(p[0]) && is_digit(p[1]) && p[2] == ':' && is_digit(p[3]) &&
	       is_digit(p[4]) && p[5] == ':' && is_digit(p[6]) && is_digit(p[7]);
}

/* Behind the fraction of a second that may be at P, after a dot or a comma. */
static const char *after_fraction(const char *p, const char *end)
{
	const char *digit = p + 1;

	if (end - p < 2 || (*p != '.' && *p != ',') || !is_digit(*digit))
		return p;
	while (digit < end && is_digit(*digit))
		digit++;
	return digit;
}

bool take_bsd_stamp(struct cursor *c, struct header *h)
{
	const char *p = c->p;
	bool full = left(c) > 5 && is_digit(*p) && fits(p, "9999 ");

	if (full)
		p += 5;
	if (c->end - p < 15 || p[3] != ' ' || month_of(p) < 0)
		return false;
	p += 4;
	if (*p == ' ')
		p++;
	if (!is_digit(*p))
		return false;
	p += is_digit(p[1]) ? 2 : 1;
	if (*p++ != ' ')
		return false;
	h->kind = full ? STAMP_FULL_BSD : STAMP_BSD;
	if (c->end - p >= 8 && is_clock(p)) {
		p += 8;
		if (!full && c->end - p >= 6 && fits(p, " 9999 ")) {
			h->kind = STAMP_YEAR_BSD;
			p += 5;
		}
	} else if (!full && c->end - p >= 13 && fits(p, "9999 ") && is_clock(p + 5)) {
		h->kind = STAMP_BSD_YEAR;
		p += 13;
	} else
		return false;
	h->stamp = (struct span){ c->p, (size_t)(p - c->p) };
	c->p = after_fraction(p, c->end);
	return true;
}

bool take_iso_stamp(struct cursor *c, char separator, struct header *h)
{
	const char *p = c->p;

	if (left(c) < 19 || !fits(p, "9999-99-99") || p[10] != separator || !is_clock(p + 11))
		return false;
	p += 19;
	p = after_fraction(p, c->end);
	if (separator == '_')
		; /* of UTC, and never has a zone */
	else if (p < c->end && *p == 'Z')
		p++;
	else if (c->end - p >= 6 && (*p == '+' || *p == '-') && fits(p + 1, "99:99"))
		p += 6;
	else if (c->end - p >= 5 && (*p == '+' || *p == '-') && fits(p + 1, "9999"))
		p += 5;
	h->kind = STAMP_ISO;
	h->stamp = (struct span){ c->p, (size_t)(p - c->p) };
	c->p = p;
	return true;
}

bool take_tai64n_stamp(struct cursor *c, struct header *h)
{
	if (left(c) < 1 + TAI64N_DIGITS || *c->p != '@')
		return false;
	for (size_t i = 1; i <= TAI64N_DIGITS; i++) {
		if (hex_digit(c->p[i]) < 0)
			return false;
	}
	h->kind = STAMP_TAI64N;
	h->stamp = (struct span){ c->p, 1 + TAI64N_DIGITS };
	c->p += 1 + TAI64N_DIGITS;
	return true;
}

static bool is_separator(char c)
{
	return c == 'T' || c == ' ' || c == '_';
}

bool take_any_stamp(struct cursor *c, struct header *h)
{
	bool taken;

	/* each has its own beginning; asked of every line */
	if (left(c) <= 10)
		return false;
	if (*c->p == '@')
		taken = take_tai64n_stamp(c, h);
	else if (is_digit(*c->p) && c->p[4] == '-')
		taken = is_separator(c->p[10]) && take_iso_stamp(c, c->p[10], h);
	else
		taken = take_bsd_stamp(c, h);
	return taken && skip_char(c, ' ');
}

/* A month, a year, or @. */
static bool may_be_stamp(const struct cursor *c)
{
	return c->p < c->end && ((*c->p >= 'A' && *c->p <= 'Z') || is_digit(*c->p) || *c->p == '@');
}

void skip_second_stamp(struct cursor *c)
{
	struct header unused;
	struct cursor ahead = *c;

	if (may_be_stamp(c) && take_any_stamp(&ahead, &unused))
		*c = ahead;
}
