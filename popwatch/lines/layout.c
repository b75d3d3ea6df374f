/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout.c - the part of a log line that the logger wrote, see layout.h
 *
 * Layouts (blanks as shown; [x] may be missing):
 *   RFC 3164     [<pri>]Nov 20 11:46:38 [<mail.info> ]HOST TAG[[PID]]: [[ID n mail.info] ]MESSAGE
 *   RFC 3339     2026-11-20T11:46:38.895199+00:00 HOST TAG[[PID]]: MESSAGE
 *   RFC 5424     <pri>1 2026-11-20T11:46:38.895Z HOST APP PID MSGID [STRUCTURED DATA] MESSAGE
 *   Dovecot      Nov 20 11:46:38 SERVICE: Info: MESSAGE            (2.x; the service is the message's beginning)
 *                dovecot: Nov 20 11:46:38 Info: SERVICE: MESSAGE   (1.x; also with a stamp of digits)
 *                SERVICE: Nov 20 11:46:38 Info: MESSAGE            (0.99)
 *   Courier      @400000006920a5e61b2c3d4e INFO: MESSAGE       (tag courier; what couriertcpd writes has no stamp and no tag)
 *   Zimbra       2026-11-20 11:46:38,123 INFO  [THREAD] [CONTEXT] MESSAGE    (tag zimbra, message from the thread on)
 */
#include "layout.h"

#include <string.h>

#include "digits.h"

#define TAI64N_DIGITS 24

/* Where we are in a line, and what is left of it. */
struct cursor {
	const char *p;
	const char *end;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static bool skip_char(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

static bool skip_text(struct cursor *c, const char *wanted)
{
	size_t n = strlen(wanted);

	if (left(c) < n || memcmp(c->p, wanted, n) != 0)
		return false;
	c->p += n;
	return true;
}

static void skip_blanks(struct cursor *c)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
}

/* Up to the next blank, which is skipped; at least one byte. */
static bool take_word(struct cursor *c, struct span *word)
{
	const char *blank = memchr(c->p, ' ', left(c));

	if (blank == NULL || blank == c->p)
		return false;
	*word = (struct span){ c->p, (size_t)(blank - c->p) };
	c->p = blank + 1;
	return true;
}

static bool fits(const char *p, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, p++) {
		if (*pattern == '9' ? !is_digit(*p) : *p != *pattern)
			return false;
	}
	return true;
}

/* ---- taking a line apart ---- */

/* Nov 20 11:46:38, Nov  5 ..., Nov 5 ..., with a year before or behind the time; the blank that ends it stays. */
static bool take_bsd_stamp(struct cursor *c, struct header *h)
{
	const char *p = c->p;

	if (left(c) < 15 || p[3] != ' ' || month_of(p) < 0)
		return false;
	p += 4;
	if (*p == ' ')
		p++;
	if (!is_digit(*p))
		return false;
	p += is_digit(p[1]) ? 2 : 1;
	if (*p++ != ' ')
		return false;
	h->kind = STAMP_BSD;
	if ((size_t)(c->end - p) >= 13 && fits(p, "9999 99:99:99")) {
		h->kind = STAMP_BSD_YEAR;
		p += 13;
	} else if ((size_t)(c->end - p) >= 8 && fits(p, "99:99:99")) {
		p += 8;
		if ((size_t)(c->end - p) >= 6 && fits(p, " 9999 ")) {
			h->kind = STAMP_YEAR_BSD;
			p += 5;
		}
	} else
		return false;
	h->stamp = (struct span){ c->p, (size_t)(p - c->p) };
	c->p = p;
	return true;
}

/* 2026-11-20T11:46:38 (or a blank instead of T), a fraction after . or a comma, a zone; what ends it stays. */
static bool take_iso_stamp(struct cursor *c, char separator, struct header *h)
{
	const char *p = c->p;

	if (left(c) < 19 || !fits(p, "9999-99-99") || p[10] != separator || !fits(p + 11, "99:99:99"))
		return false;
	p += 19;
	if (p < c->end && (*p == '.' || *p == ',')) {
		for (p++; p < c->end && is_digit(*p); p++)
			;
	}
	if (p < c->end && *p == 'Z')
		p++;
	else if (c->end - p >= 6 && (*p == '+' || *p == '-') && fits(p + 1, "99:99"))
		p += 6;
	h->kind = STAMP_ISO;
	h->stamp = (struct span){ c->p, (size_t)(p - c->p) };
	c->p = p;
	return true;
}

/* TAG: or TAG[PID]: and a blank. */
static bool take_tag(struct cursor *c, struct header *h)
{
	const char *p = c->p, *close;

	while (p < c->end && *p != ':' && *p != '[' && *p != ' ')
		p++;
	if (p == c->p || p == c->end)
		return false;
	h->tag = (struct span){ c->p, (size_t)(p - c->p) };
	h->pid = (struct span){ p, 0 };
	if (*p == '[') {
		if ((close = memchr(p, ']', (size_t)(c->end - p))) == NULL)
			return false;
		h->pid = (struct span){ p + 1, (size_t)(close - p - 1) };
		p = close + 1;
	}
	c->p = p;
	return skip_char(c, ':') && skip_char(c, ' ');
}

/* Solaris puts [ID 702911 mail.info] before the message. */
static void skip_solaris_id(struct cursor *c)
{
	const char *close;

	if (left(c) > 5 && memcmp(c->p, "[ID ", 4) == 0 && is_digit(c->p[4]) && (close = memchr(c->p, ']', left(c))) != NULL) {
		if (close + 1 < c->end && close[1] == ' ')
			c->p = close + 2;
	}
}

static void take_message(struct cursor *c, struct header *h)
{
	h->message = (struct span){ c->p, left(c) };
}

/* <pri> in front, as a network collector may keep it; FreeBSD's <mail.info> has the same brackets. */
static void skip_priority(struct cursor *c)
{
	const char *close;

	if (c->p < c->end && *c->p == '<' && (close = memchr(c->p, '>', left(c))) != NULL && close - c->p <= 24)
		c->p = close + 1;
}

/* The elements [ID NAME="VALUE"...] of RFC 5424, or -, and the blank after them. */
static bool skip_structured_data(struct cursor *c)
{
	bool quoted = false, any = false;

	if (skip_char(c, '-'))
		return skip_char(c, ' ');
	for (; skip_char(c, '['); any = true) {
		for (; c->p < c->end && (quoted || *c->p != ']'); c->p++) {
			if (quoted && *c->p == '\\' && c->p + 1 < c->end)
				c->p++;
			else if (*c->p == '"')
				quoted = !quoted;
		}
		if (!skip_char(c, ']'))
			return false;
	}
	return any && skip_char(c, ' ');
}

static bool parse_rfc5424(struct cursor c, struct header *h)
{
	struct span message_id;

	if (c.p == c.end || *c.p != '<')
		return false;
	skip_priority(&c);
	if (!skip_text(&c, "1 ") || !take_iso_stamp(&c, 'T', h) || !skip_char(&c, ' '))
		return false;
	if (!take_word(&c, &h->host) || !take_word(&c, &h->tag) || !take_word(&c, &h->pid) || !take_word(&c, &message_id))
		return false;
	if (h->pid.size == 1 && *h->pid.text == '-')
		h->pid.size = 0;
	if (!skip_structured_data(&c))
		return false;
	skip_text(&c, "\xef\xbb\xbf");
	take_message(&c, h);
	return true;
}

static bool parse_syslog(struct cursor c, bool with_host, struct header *h)
{
	skip_priority(&c);
	if (!take_bsd_stamp(&c, h) && !(with_host && take_iso_stamp(&c, 'T', h)))
		return false;
	if (!skip_char(&c, ' '))
		return false;
	if (c.p < c.end && *c.p == '<') {
		skip_priority(&c);
		if (!skip_char(&c, ' '))
			return false;
	}
	h->host = (struct span){ c.p, 0 };
	if ((with_host && !take_word(&c, &h->host)) || !take_tag(&c, h))
		return false;
	/* "Nov 20 11:46:38 popa3d[1]: ..." has no host: a tag does not stand where the host should */
	if (with_host && memchr(h->host.text, ':', h->host.size) != NULL && h->host.text[h->host.size - 1] == ':')
		return false;
	skip_solaris_id(&c);
	take_message(&c, h);
	return true;
}

static bool take_any_local_stamp(struct cursor *c, struct header *h)
{
	return (take_bsd_stamp(c, h) || take_iso_stamp(c, ' ', h) || take_iso_stamp(c, 'T', h)) && skip_char(c, ' ');
}

/* Dovecot's own file.  Whatever the age of Dovecot, tag and message become those of its syslog lines. */
static bool parse_dovecot(struct cursor c, struct header *h)
{
	static const char name[] = "dovecot";

	h->host = h->pid = (struct span){ c.p, 0 };
	h->tag = (struct span){ name, sizeof name - 1 };
	if (skip_text(&c, "dovecot: ")) {
		if (!take_any_local_stamp(&c, h) || !skip_text(&c, "Info: "))
			return false;
	} else if (!take_any_local_stamp(&c, h)) {
		if (!take_tag(&c, h) || !take_any_local_stamp(&c, h) || !skip_text(&c, "Info: "))
			return false;
	}
	take_message(&c, h);
	return true;
}

/* Courier's own lines have no stamp, and a line without a time cannot count: so one of multilog(8) is demanded. */
static bool parse_courier(struct cursor c, struct header *h)
{
	static const char name[] = "courier";
	size_t i;

	h->host = h->pid = (struct span){ c.p, 0 };
	h->tag = (struct span){ name, sizeof name - 1 };
	h->kind = STAMP_TAI64N;
	h->stamp = (struct span){ c.p, 1 + TAI64N_DIGITS };
	if (left(&c) <= 1 + TAI64N_DIGITS || *c.p != '@')
		return false;
	for (i = 1; i <= TAI64N_DIGITS; i++) {
		if (hex_digit(c.p[i]) < 0)
			return false;
	}
	c.p += 1 + TAI64N_DIGITS;
	if (!skip_char(&c, ' ') || !skip_text(&c, "INFO: "))
		return false;
	take_message(&c, h);
	return true;
}

static bool parse_zimbra(struct cursor c, struct header *h)
{
	static const char name[] = "zimbra";

	h->host = h->pid = (struct span){ c.p, 0 };
	h->tag = (struct span){ name, sizeof name - 1 };
	if (!take_iso_stamp(&c, ' ', h) || !skip_char(&c, ' ') || !skip_text(&c, "INFO "))
		return false;
	skip_blanks(&c);
	take_message(&c, h);
	return true;
}

unsigned layout_find(const char *name)
{
	static const struct {
		const char *name;
		unsigned format;
	} formats[] = {
		{ "syslog", FORMAT_SYSLOG },
		{ "nohost", FORMAT_NOHOST },
		{ "dovecot", FORMAT_DOVECOT },
		{ "courier", FORMAT_COURIER },
		{ "zimbra", FORMAT_ZIMBRA },
		{ "any", FORMAT_ANY },
	};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	}
	return 0;
}

bool layout_parse(unsigned formats, const char *line, size_t size, struct header *header)
{
	struct cursor c = { line, line + size };

	if ((formats & FORMAT_SYSLOG) != 0 && (parse_syslog(c, true, header) || parse_rfc5424(c, header)))
		return true;
	if ((formats & FORMAT_DOVECOT) != 0 && parse_dovecot(c, header))
		return true;
	if ((formats & FORMAT_ZIMBRA) != 0 && parse_zimbra(c, header))
		return true;
	if ((formats & FORMAT_COURIER) != 0 && parse_courier(c, header))
		return true;
	return (formats & FORMAT_NOHOST) != 0 && parse_syslog(c, false, header);
}

bool layout_parse_tag(const char *line, size_t size, struct header *header)
{
	struct cursor c = { line, line + size };

	memset(header, 0, sizeof *header);
	if (!take_tag(&c, header))
		return false;
	take_message(&c, header);
	return true;
}
