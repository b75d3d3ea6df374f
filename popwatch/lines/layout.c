/* SPDX-License-Identifier: BSD-2-Clause
 *
 * layout.c - the part of a log line that the logger wrote, see layout.h
 *
 * Layouts (blanks as shown; [x] may be missing; BSD is Nov 20 11:46:38, ISO
 * 2026-11-20T11:46:38.895Z, TAI @400000006920a5e61b2c3d4e, see stamptext.h):
 *
 *   RFC 3164     [<pri>]BSD[.895] [<mail.info> ]HOST [mail.info ]TAG[[PID]]:
 *                [[ID n mail.info] ]MESSAGE
 *   RFC 3339     ISO HOST TAG[[PID]]: MESSAGE
 *   RFC 5424     [<pri>1 ]ISO HOST APP PID MSGID [STRUCTURED DATA] MESSAGE
 *   socklog      [TAI ]mail.info: BSD TAG: MESSAGE
 *   logread      Fri Nov 20 11:46:38 2026 mail.info TAG[[PID]]: MESSAGE
 *   multilog     TAI TAG: MESSAGE
 *   metalog      BSD [TAG] MESSAGE
 *   (no name)    ISO TAG[[PID]]: MESSAGE
 *   Dovecot      BSD SERVICE: Info: MESSAGE
 *                TAI SERVICE: Info: MESSAGE
 *                (2.x; the service is the message's beginning)
 *                dovecot: BSD Info: SERVICE: MESSAGE
 *                (1.x; also with a stamp of digits)
 *                SERVICE: BSD Info: MESSAGE
 *                (0.99)
 *   Courier      TAI INFO: MESSAGE
 *                (tag courier; couriertcpd writes neither stamp nor tag)
 *   Zimbra       2026-11-20 11:46:38,123 INFO  [THREAD] [CONTEXT] MESSAGE
 *                (tag zimbra, message from the thread on)
 *
 * (syslog has ISO with a blank for its T, too, and BSD as 2026 Nov 20 11:46:38;
 * one half of <pri>1 may be missing; two blanks or a tab may stand about the
 * host, mail:info behind it (AIX), and <Info> behind [PID] (macOS).  svlogd's
 * 2026-11-20_11:46:38.12345 may stand where TAI does.)
 *
 * Before any of them may stand what another program puts there, see envelope.h.
 * What was logged twice has two stamps: before the host (docker logs -t),
 * before Dovecot's own service, or before the message (a container's standard
 * error in the journal).  The first one counts.
 * A line may end in a CR.
 */
#include "layout.h"

#include <string.h>

#include "cursor.h"
#include "digits.h"
#include "envelope.h"
#include "seam.h"
#include "stamptext.h"

/* "mail.info" and the blank behind it, with SOCKLOG's colon or without, then
 * also AIX's "mail:info". */
static void skip_facility(struct cursor *c, bool socklog)
{
	static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth",
		"syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "local0", "local1",
		"local2", "local3", "local4", "local5", "local6", "local7" };
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "error", "warn",
		"warning", "notice", "info", "debug" };
	struct cursor ahead = *c;
	struct span word, facility, level;
	const char *dot;

	/* next to no line has one */
	if (c->p == c->end || *c->p < 'a' || *c->p > 'z')
		return;
	if (!take_word(&ahead, &word) || (socklog && word.text[--word.size] != ':'))
		return;
	dot = memchr(word.text, '.', word.size);
	if (dot == NULL && !socklog)
		dot = memchr(word.text, ':', word.size);
	if (dot == NULL)
		return;
	facility = (struct span){ word.text, (size_t)(dot - word.text) };
	level = (struct span){ dot + 1, word.size - facility.size - 1 };
	for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++) {
		for (size_t n = 0;
		     span_equals(facility, facilities[i]) && n < sizeof levels / sizeof *levels;
		     n++) {
			if (span_equals(level, levels[n]))
				*c = ahead;
		}
	}
}

/* "Fri Nov 20 11:46:38": two words of three letters. */
static void skip_weekday(struct cursor *c)
{
	static const char days[] = "SunMonTueWedThuFriSat";

	if (left(c) <= 8 || c->p[3] != ' ' || c->p[7] != ' ')
		return;
	for (const char *day = days; *day != '\0'; day += 3) {
		if (memcmp(c->p, day, 3) == 0) {
			c->p += 4;
			return;
		}
	}
}

/* macOS' " <Info>" behind the process id at P; P if there is none. */
static const char *after_level(const char *p, const char *end)
{
	static const char *const levels[] = { " <Emergency>", " <Alert>", " <Critical>", " <Error>",
		" <Warning>", " <Notice>", " <Info>", " <Debug>" };
	size_t size;

	for (size_t i = 0; p < end && *p == ' ' && i < sizeof levels / sizeof *levels; i++) {
		size = strlen(levels[i]);
		if ((size_t)(end - p) >= size && memcmp(p, levels[i], size) == 0)
			return p + size;
	}
	return p;
}

/* TAG: or TAG[PID]: and a blank. */
static bool take_tag(struct cursor *c, struct header *h)
{
	const char *p = c->p, *close;

	/* nearly all bytes are of one half of the table */
	while (p < c->end && (*p > '[' || (*p != ':' && *p != '[' && *p != ' ')))
		p++;
	if (p == c->p || p == c->end)
		return false;
	h->tag = (struct span){ c->p, (size_t)(p - c->p) };
	h->pid = (struct span){ p, 0 };
	if (*p == '[') {
		close = memchr(p, ']', (size_t)(c->end - p));
		if (close == NULL)
			return false;
		h->pid = (struct span){ p + 1, (size_t)(close - p - 1) };
		/* a line that was torn there, and another one behind it */
		if (memchr(h->pid.text, ' ', h->pid.size) != NULL)
			return false;
		p = after_level(close + 1, c->end);
	}
	c->p = p;
	return skip_char(c, ':') && skip_char(c, ' ');
}

/* metalog's [TAG] and a blank. */
static bool take_bracketed_tag(struct cursor *c, struct header *h)
{
	const char *close;

	if (!skip_char(c, '['))
		return false;
	close = memchr(c->p, ']', left(c));
	if (close == NULL || close == c->p)
		return false;
	h->tag = (struct span){ c->p, (size_t)(close - c->p) };
	h->pid = (struct span){ close, 0 };
	c->p = close + 1;
	return memchr(h->tag.text, ' ', h->tag.size) == NULL && skip_char(c, ' ');
}

/* Solaris puts [ID 702911 mail.info] before the message. */
static void skip_solaris_id(struct cursor *c)
{
	const char *close;

	if (left(c) <= 5 || memcmp(c->p, "[ID ", 4) != 0 || !is_digit(c->p[4]))
		return;
	close = memchr(c->p, ']', left(c));
	if (close != NULL && close + 1 < c->end && close[1] == ' ' &&
	    !seam_in((struct span){ c->p, (size_t)(close - c->p) }))
		c->p = close + 2;
}

static void take_message(struct cursor *c, struct header *h)
{
	h->message = (struct span){ c->p, left(c) };
}

/* <pri> in front, as a network collector may keep it; FreeBSD's <mail.info> has
 * the same brackets. */
static void skip_priority(struct cursor *c)
{
	const char *close;

	if (c->p == c->end || *c->p != '<')
		return;
	close = memchr(c->p, '>', left(c));
	if (close != NULL && close - c->p <= 24)
		c->p = close + 1;
}

/* The elements [ID NAME="VALUE"...] of RFC 5424, or -, and the blank after
 * them.  A line that was torn within a value ends where another one, behind it,
 * has a quote: its message is what a client wrote there. */
static bool skip_structured_data(struct cursor *c)
{
	const char *begin = c->p;
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
	return any && skip_char(c, ' ') && !seam_in((struct span){ begin, (size_t)(c->p - begin) });
}

static bool parse_rfc5424(struct cursor c, struct header *h)
{
	struct span message_id;
	const char *first = c.p;
	bool sure;

	skip_priority(&c);
	sure = c.p > first && skip_text(&c, "1 ");
	if (c.p == first)
		skip_text(&c, "1 ");
	if (!take_iso_stamp(&c, 'T', h) || !skip_char(&c, ' '))
		return false;
	if (!take_word(&c, &h->host) || !take_word(&c, &h->tag) || !take_word(&c, &h->pid) ||
	    !take_word(&c, &message_id))
		return false;
	if (h->pid.size == 1 && *h->pid.text == '-')
		h->pid.size = 0;
	/* files that do not have all of <pri>1 could as well be of a layout
	 * that we do not know */
	for (size_t i = 0; !sure && i < h->pid.size; i++) {
		if (!is_digit(h->pid.text[i]))
			return false;
	}
	if (!skip_structured_data(&c))
		return false;
	skip_text(&c, "\xef\xbb\xbf");
	take_message(&c, h);
	return true;
}

/* That of multilog(8) or svlogd(8).  Asked of every line. */
static bool take_collected_stamp(struct cursor *c, struct header *h)
{
	if (left(c) <= 10)
		return false;
	return c->p[10] == '_' ? take_iso_stamp(c, '_', h) : take_tai64n_stamp(c, h);
}

/* What precedes the host.  socklog writes the facility before the stamp, and
 * may have one of multilog(8) or svlogd(8) before that; without it, and without
 * a host, that one counts. */
static bool take_syslog_stamp(struct cursor *c, bool with_host, struct header *h)
{
	const char *facility;
	bool stamped;

	skip_priority(c);
	skip_weekday(c);
	stamped = take_collected_stamp(c, h) && skip_char(c, ' ');
	facility = c->p;
	skip_facility(c, true);
	if (stamped && c->p == facility && !with_host)
		return true;
	if (!with_host)
		return (take_iso_stamp(c, 'T', h) || take_bsd_stamp(c, h)) && skip_char(c, ' ');
	if (left(c) > 10 && c->p[4] == '-')
		return (take_iso_stamp(c, 'T', h) || take_iso_stamp(c, ' ', h)) && skip_gap(c);
	return take_bsd_stamp(c, h) && skip_gap(c);
}

/* A host, and the gap behind it.  A tag does not stand where it should, as in
 * "Nov 20 11:46:38 popa3d[1]: ..." or metalog's "[popa3d] ...", nor does the
 * beginning of one, as in Dovecot's own "... imap(alice b): ...". */
static bool take_host(struct cursor *c, struct span *host)
{
	const char *p = c->p;

	for (; p < c->end && *p != ' ' && *p != '\t'; p++) {
		if (*p == '(' && p > c->p)
			return false;
	}
	*host = (struct span){ c->p, (size_t)(p - c->p) };
	c->p = p;
	return host->size > 0 && *host->text != '[' && p[-1] != ':' && skip_gap(c);
}

static bool parse_syslog(struct cursor c, bool with_host, struct header *h)
{
	const char *first = c.p, *behind;

	if (!take_syslog_stamp(&c, with_host, h))
		return false;
	skip_second_stamp(&c);
	if (c.p < c.end && *c.p == '<') {
		skip_priority(&c);
		if (!skip_char(&c, ' '))
			return false;
	}
	h->host = (struct span){ c.p, 0 };
	if (with_host && !take_host(&c, &h->host))
		return false;
	behind = c.p;
	/* without a host, and nothing before the stamp: that is what its
	 * option -S leaves */
	h->busybox = !with_host && h->kind == STAMP_BSD && h->stamp.text == first;
	if (!with_host && c.p < c.end && *c.p == '[') {
		if (!take_bracketed_tag(&c, h))
			return false;
	} else if (!take_tag(&c, h)) {
		/* a facility ends with a blank, where a tag does not */
		c.p = behind;
		skip_facility(&c, false);
		h->busybox = memchr(behind, '.', (size_t)(c.p - behind)) != NULL;
		if (c.p == behind || !take_tag(&c, h))
			return false;
	}
	skip_solaris_id(&c);
	skip_second_stamp(&c);
	take_message(&c, h);
	return true;
}

/* Dovecot's own file.  Whatever the age of Dovecot, tag and message become
 * those of its syslog lines. */
static bool parse_dovecot(struct cursor c, struct header *h)
{
	static const char name[] = "dovecot";
	const char *message;

	h->host = h->pid = (struct span){ c.p, 0 };
	h->tag = (struct span){ name, sizeof name - 1 };
	if (skip_text(&c, "dovecot: ")) {
		if (!take_any_stamp(&c, h) || !skip_text(&c, "Info: "))
			return false;
	} else if (!take_any_stamp(&c, h)) {
		if (!take_tag(&c, h) || !take_any_stamp(&c, h) || !skip_text(&c, "Info: "))
			return false;
	} else {
		/* socklog's, beneath another stamp */
		message = c.p;
		skip_facility(&c, true);
		if (c.p > message)
			return false;
		skip_second_stamp(&c);
		skip_text(&c, "dovecot: ");
	}
	take_message(&c, h);
	return true;
}

/* Courier's own lines have no stamp, and a line without a time cannot count: so
 * one of multilog(8) or svlogd(8) is demanded. */
static bool parse_courier(struct cursor c, struct header *h)
{
	static const char name[] = "courier";

	h->host = h->pid = (struct span){ c.p, 0 };
	h->tag = (struct span){ name, sizeof name - 1 };
	if (!take_collected_stamp(&c, h) || !skip_char(&c, ' ') || !skip_text(&c, "INFO: "))
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

static bool parse(unsigned formats, struct cursor c, struct header *header)
{
	header->busybox = false;
	if ((formats & FORMAT_SYSLOG) != 0 &&
	    (parse_syslog(c, true, header) || parse_rfc5424(c, header)))
		return true;
	if ((formats & FORMAT_ZIMBRA) != 0 && parse_zimbra(c, header))
		return true;
	if ((formats & FORMAT_COURIER) != 0 && parse_courier(c, header))
		return true;
	if ((formats & FORMAT_DOVECOT) != 0 && parse_dovecot(c, header))
		return true;
	return (formats & FORMAT_NOHOST) != 0 && parse_syslog(c, false, header);
}

bool layout_parse(unsigned formats, const char *line, size_t size, struct header *header)
{
	struct cursor c = { line, line + size };

	if (size > 0 && line[size - 1] == '\r')
		c.end--;
	if (!envelope_impossible(&c))
		envelope_skip(&c);
	return parse(formats, c, header);
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
