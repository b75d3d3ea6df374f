/* SPDX-License-Identifier: BSD-2-Clause
 *
 * header.c - the part of a log line that the logger wrote, see header.h
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
#include <string.h>

#include "header.h"

#define TAI64N_DIGITS 24
#define CLOCK_SLACK 5 /* a line may be some seconds ahead of the clock that was read before it */
#define MEMO_MAX 60 /* seconds that the time of a stamp is remembered */
#define TAI64_EPOCH                                                                                                            \
	UINT64_C(4611686018427387914) /* of 1970, https://cr.yp.to/libtai/tai64.html; ten seconds were leapt before */

/* Where we are in a line, and what is left of it. */
struct cursor {
	const char *p;
	const char *end;
};

static size_t left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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

static int month_of(const char *p)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++) {
		if (memcmp(p, months + 3 * i, 3) == 0)
			return i;
	}
	return -1;
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

unsigned header_format(const char *name)
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

bool header_parse(unsigned formats, const char *line, size_t size, struct header *header)
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

bool header_parse_tag(const char *line, size_t size, struct header *header)
{
	struct cursor c = { line, line + size };

	memset(header, 0, sizeof *header);
	if (!take_tag(&c, header))
		return false;
	take_message(&c, header);
	return true;
}

/* ---- stamps ---- */

/* A number of digits and blanks; the layout was checked before. */
static int number(const char *p, size_t digits)
{
	int n = 0;

	for (; digits > 0; digits--, p++) {
		if (is_digit(*p))
			n = n * 10 + (*p - '0');
	}
	return n;
}

/* Once a year an hour comes twice.  T is one of the two times of the local stamp TM: the later one, unless that is ahead of NOW. */
static time_t right_hour(time_t t, const struct tm *tm, int64_t now)
{
	static const time_t shifts[] = { 3600, 1800, 0, -1800, -3600 }; /* half an hour on Lord Howe Island */
	struct tm other;
	time_t right = t;
	size_t i;

	for (i = 0; i < sizeof shifts / sizeof *shifts; i++) {
		time_t candidate = t + shifts[i];

		if (localtime_r(&candidate, &other) == NULL || other.tm_mday != tm->tm_mday || other.tm_hour != tm->tm_hour ||
		    other.tm_min != tm->tm_min || other.tm_sec != tm->tm_sec)
			continue;
		right = candidate;
		if (candidate <= now + CLOCK_SLACK)
			break;
	}
	return right;
}

/* TM, in local time unless it says how far east of Greenwich, as seconds; false for the 31st of June and the like. */
static bool tm_seconds(const struct tm *tm, bool local, int64_t now, int64_t *seconds)
{
	struct tm copy = *tm;
	time_t t;

	copy.tm_isdst = -1;
	t = local ? mktime(&copy) : timegm(&copy);
	/* mktime(3) would make the 1st of July of it; the hour may move, when clocks are changed */
	if (copy.tm_mday != tm->tm_mday || copy.tm_mon != tm->tm_mon || tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
		return false;
	*seconds = local ? right_hour(t, tm, now) : t;
	return true;
}

/* The latest year in which TM is not too far ahead; the 29th of February may have to go back eight. */
static bool nearest_year(struct tm *tm, int64_t now, int64_t *when)
{
	time_t limit = (time_t)(now + HEADER_AHEAD_YEARLESS);
	struct tm today;
	int i;

	if (localtime_r(&limit, &today) == NULL)
		return false;
	for (i = 0; i <= 8; i++) {
		tm->tm_year = today.tm_year - i;
		if (tm_seconds(tm, true, now, when) && *when <= limit)
			return true;
	}
	return false;
}

/* Nov 20 11:46:38, of the kinds with and without a year. */
static bool bsd_time(const struct header *h, int64_t now, int64_t *when)
{
	const char *p = h->stamp.text;
	struct tm tm = { .tm_mon = month_of(p) };
	int year = 0;

	p += 4;
	if (*p == ' ')
		p++;
	tm.tm_mday = number(p, is_digit(p[1]) ? 2 : 1);
	p += is_digit(p[1]) ? 3 : 2;
	if (h->kind == STAMP_BSD_YEAR) {
		year = number(p, 4);
		p += 5;
	}
	tm.tm_hour = number(p, 2);
	tm.tm_min = number(p + 3, 2);
	tm.tm_sec = number(p + 6, 2);
	if (h->kind == STAMP_YEAR_BSD)
		year = number(p + 9, 4);
	if (year == 0)
		return nearest_year(&tm, now, when);
	tm.tm_year = year - 1900;
	return tm_seconds(&tm, true, now, when);
}

static bool iso_time(const struct header *h, int64_t now, int64_t *when)
{
	const char *p = h->stamp.text, *zone = p + h->stamp.size - 6;
	struct tm tm = {
		.tm_year = number(p, 4) - 1900,
		.tm_mon = number(p + 5, 2) - 1,
		.tm_mday = number(p + 8, 2),
		.tm_hour = number(p + 11, 2),
		.tm_min = number(p + 14, 2),
		.tm_sec = number(p + 17, 2),
	};
	bool utc = p[h->stamp.size - 1] == 'Z', offset = h->stamp.size >= 25 && (*zone == '+' || *zone == '-');
	int64_t east;

	if (!tm_seconds(&tm, !utc && !offset, now, when))
		return false;
	if (offset) {
		east = number(zone + 1, 2) * 3600 + number(zone + 4, 2) * 60;
		*when -= *zone == '+' ? east : -east;
	}
	return true;
}

static bool tai64n_time(const struct header *h, int64_t *when)
{
	uint64_t label = 0;
	size_t i;

	for (i = 1; i <= 16; i++)
		label = label << 4 | (unsigned)hex_digit(h->stamp.text[i]);
	if (label < TAI64_EPOCH || label - TAI64_EPOCH > INT32_MAX * UINT64_C(100))
		return false;
	*when = (int64_t)(label - TAI64_EPOCH);
	return true;
}

static bool stamp_time(const struct header *h, int64_t now, int64_t *when)
{
	switch (h->kind) {
	case STAMP_ISO:
		return iso_time(h, now, when);
	case STAMP_TAI64N:
		return tai64n_time(h, when);
	default:
		return bsd_time(h, now, when);
	}
}

/* Is it the stamp of the line before, but for the seconds?  Then its time is too, but for the seconds. */
static bool remembered(const struct header *h, int64_t now, const struct header_memo *memo, int64_t *when)
{
	const char *p = h->stamp.text;

	/* not for long: of which year it is, and of which of two equal hours, depends on the clock */
	if (memo->size != h->stamp.size || now < memo->now || now - memo->now >= MEMO_MAX)
		return false;
	if (memcmp(memo->stamp, p, memo->size) == 0) {
		*when = memo->when;
		return true;
	}
	/* only the plain form, whose last two digits are the seconds */
	if (h->kind != STAMP_BSD || memcmp(memo->stamp, p, memo->size - 2) != 0 || number(p + memo->size - 2, 2) > 59)
		return false;
	*when = memo->when + number(p + memo->size - 2, 2) - number(memo->stamp + memo->size - 2, 2);
	return *when <= now;
}

bool header_time(const struct header *header, int64_t now, struct header_memo *memo, int64_t *when)
{
	if (!remembered(header, now, memo, when)) {
		if (!stamp_time(header, now, when))
			return false;
		if (header->stamp.size <= sizeof memo->stamp) {
			memcpy(memo->stamp, header->stamp.text, header->stamp.size);
			memo->size = header->stamp.size;
			memo->now = now;
			memo->when = *when;
		}
	}
	if (*when > now + HEADER_AHEAD_MAX)
		return false;
	if (*when > now)
		*when = now;
	return true;
}

/* ---- years ---- */

/* Most lines have the day of the line before, and need no reading. */
static void remember_day(struct header_turns *turns, const struct header *header, const char *line)
{
	static const size_t sizes[] = { [STAMP_BSD] = sizeof "Nov 20" - 1, [STAMP_ISO] = sizeof "2026-11-20" - 1 };
	size_t size = header->kind == STAMP_BSD || header->kind == STAMP_ISO ? sizes[header->kind] : 0;

	turns->size = 0;
	if (size == 0 || (size_t)(header->stamp.text - line) + size > sizeof turns->date)
		return;
	turns->size = (size_t)(header->stamp.text - line) + size;
	memcpy(turns->date, line, turns->size);
}

bool header_turned(struct header_turns *turns, unsigned formats, const char *line, size_t size, int64_t clock)
{
	struct header header;
	int64_t when, before = turns->when;

	if (turns->size > 0 && size >= turns->size && memcmp(line, turns->date, turns->size) == 0)
		return false;
	if (!header_parse(formats, line, size, &header) || !header_time(&header, clock, &turns->memo, &when))
		return false;
	remember_day(turns, &header, line);
	turns->when = when;
	return before != 0 && when < before - HEADER_TURN;
}
