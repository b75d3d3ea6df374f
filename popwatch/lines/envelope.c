/* SPDX-License-Identifier: BSD-2-Clause
 *
 * envelope.c - what stands before a line, see envelope.h
 */
#include "envelope.h"

#include "digits.h"
#include "stamptext.h"

#define OCTETS_DIGITS 5

static bool is_name(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
	       c == '_' || c == '.';
}

/* The name of a container, blanks that fill a column, and a bar. */
static void skip_compose(struct cursor *c)
{
	struct cursor ahead = *c;

	while (ahead.p < ahead.end && is_name(*ahead.p))
		ahead.p++;
	if (ahead.p == c->p || !skip_char(&ahead, ' '))
		return;
	skip_blanks(&ahead);
	if (skip_text(&ahead, "| "))
		*c = ahead;
}

static void skip_octets(struct cursor *c)
{
	const char *p = c->p;

	while (p < c->end && p - c->p < OCTETS_DIGITS && is_digit(*p))
		p++;
	if (p > c->p && *c->p != '0' && c->end - p >= 3 && p[0] == ' ' && p[1] == '<' &&
	    is_digit(p[2]))
		c->p = p + 1;
}

/* Does a line begin with a day and an hour, as 2026-11-20T11:...?  A name has
 * no colon. */
static bool begins_with_iso(const struct cursor *c)
{
	return left(c) > 13 && is_digit(*c->p) && c->p[4] == '-' && c->p[13] == ':';
}

void envelope_skip(struct cursor *c)
{
	if (begins_with_iso(c))
		return;
	skip_compose(c);
	skip_octets(c);
}

/* "2026-11-20T11:46:38.895Z stdout F " */
static bool is_cri(struct cursor c)
{
	struct header unused;

	return take_iso_stamp(&c, 'T', &unused) &&
	       (skip_text(&c, " stdout ") || skip_text(&c, " stderr "));
}

/* "Fri 2026-11-20 11:46:38 CET ", "1795175258.123456 " or "[12345.678901] " */
static bool is_journalctl(struct cursor c)
{
	struct header unused;
	const char *p;

	if (left(&c) > 4 && c.p[3] == ' ' && *c.p >= 'A' && *c.p <= 'Z') {
		c.p += 4;
		return take_iso_stamp(&c, ' ', &unused);
	}
	if (skip_char(&c, '['))
		skip_blanks(&c);
	for (p = c.p; p < c.end && is_digit(*p);)
		p++;
	if (p == c.p || c.end - p < 8 || *p != '.')
		return false;
	for (size_t i = 1; i <= 6; i++) {
		if (!is_digit(p[i]))
			return false;
	}
	return p[7] == ' ' || p[7] == ']';
}

const char *envelope_name(const char *line, size_t size)
{
	struct cursor c = { line, line + size };

	if (skip_text(&c, "\xef\xbb\xbf"))
		return "it begins with a byte order mark, which no server writes: remove it";
	if (skip_text(&c, "{\"log\":"))
		return "it is Docker's json-file: let the container write to the host's /dev/log, "
		       "or to a file of its own";
	if (skip_char(&c, '{'))
		return "it is JSON: with 'journal = yes' popwatch reads the journal itself; "
		       "journalctl -o short-iso has lines for -t";
	if (is_cri(c))
		return "it is a container's log on a Kubernetes node, which has long lines in "
		       "pieces that a client can choose: let the container write to the host's "
		       "/dev/log, or to a file of its own";
	if (is_journalctl(c))
		return "it is output of journalctl: with 'journal = yes' popwatch reads the "
		       "journal itself; -o short-iso has lines for -t";
	return NULL;
}
