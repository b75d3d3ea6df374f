/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamp.c - when a line was written, by its stamp, see stamp.h
 */
#include "stamp.h"

#include <string.h>
#include <time.h>

#include "digits.h"

#define MEMO_MAX 60 /* seconds that the time of a stamp is remembered */

/* The label of 1970, https://cr.yp.to/libtai/tai64.html; ten leap seconds had
 * been. */
#define TAI64_EPOCH UINT64_C(4611686018427387914)

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

/* TM, in ZONE unless it says how far east of Greenwich (NULL), as seconds;
 * false for the 31st of June and the like. */
static bool tm_seconds(const struct tm *tm, const struct zone *zone, int64_t *seconds)
{
	struct tm copy = *tm;
	time_t t = timegm(&copy);

	/* timegm(3) would make the 1st of July of it */
	if (copy.tm_mday != tm->tm_mday || copy.tm_mon != tm->tm_mon || tm->tm_hour > 23 ||
	    tm->tm_min > 59 || tm->tm_sec > 60)
		return false;
	*seconds = zone != NULL ? zone_time(zone, t) : t;
	return true;
}

/* The latest year in which TM is not too far ahead; the 29th of February may
 * have to go back eight. */
static bool nearest_year(struct tm *tm, int64_t now, const struct zone *zone, int64_t *when)
{
	time_t limit = (time_t)(now + STAMP_AHEAD_YEARLESS);
	struct tm today;

	if (gmtime_r(&limit, &today) == NULL)
		return false;
	/* where clocks are ahead of UTC it may be the next one already */
	for (int i = -1; i <= 8; i++) {
		tm->tm_year = today.tm_year - i;
		if (tm_seconds(tm, zone, when) && *when <= limit)
			return true;
	}
	return false;
}

/* Nov 20 11:46:38, of the kinds with and without a year. */
static bool bsd_time(const struct header *h, int64_t now, const struct zone *zone, int64_t *when)
{
	const char *p = h->stamp.text;
	struct tm tm = { 0 };
	int year = 0;

	if (h->kind == STAMP_FULL_BSD) {
		year = number(p, 4);
		p += 5;
	}
	tm.tm_mon = month_of(p);
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
		return nearest_year(&tm, now, zone, when);
	tm.tm_year = year - 1900;
	return tm_seconds(&tm, zone, when);
}

/* Is it svlogd's, of UTC? */
static bool is_svlogd(const struct header *h)
{
	return h->stamp.text[sizeof "2026-11-20" - 1] == '_';
}

/* Where the zone of a STAMP_ISO is; its end if it has none. */
static const char *iso_zone(const struct header *h)
{
	const char *p = h->stamp.text + sizeof "2026-11-20T11:46:38" - 1,
		   *end = h->stamp.text + h->stamp.size;

	while (p < end && *p != '+' && *p != '-' && *p != 'Z')
		p++;
	return p;
}

bool stamp_has_offset(const struct header *header)
{
	if (header->kind == STAMP_ISO)
		return is_svlogd(header) ||
		       iso_zone(header) < header->stamp.text + header->stamp.size;
	return header->kind == STAMP_TAI64N;
}

static bool iso_time(const struct header *h, const struct zone *zone_here, int64_t *when)
{
	const char *p = h->stamp.text, *end = p + h->stamp.size, *zone = iso_zone(h);
	struct tm tm = {
		.tm_year = number(p, 4) - 1900,
		.tm_mon = number(p + 5, 2) - 1,
		.tm_mday = number(p + 8, 2),
		.tm_hour = number(p + 11, 2),
		.tm_min = number(p + 14, 2),
		.tm_sec = number(p + 17, 2),
	};
	int64_t east;

	if (!tm_seconds(&tm, zone == end && !is_svlogd(h) ? zone_here : NULL, when))
		return false;
	if (zone < end && *zone != 'Z') {
		east = number(zone + 1, 2) * 3600 + number(end - 2, 2) * 60;
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

static bool read_stamp(const struct header *h, int64_t now, const struct zone *zone, int64_t *when)
{
	if (h->kind == STAMP_TAI64N)
		return tai64n_time(h, when);
	if (zone == NULL)
		zone = zone_get("");
	if (zone == NULL)
		return false; /* without memory */
	return h->kind == STAMP_ISO ? iso_time(h, zone, when) : bsd_time(h, now, zone, when);
}

/* Does it differ from the stamp of the line before only in the seconds?  Then
 * its time differs by as many seconds. */
static bool remembered(
    const struct header *h, int64_t now, const struct stamp_memo *memo, int64_t *when)
{
	const char *p = h->stamp.text;

	/* not for long: of which year it is depends on the clock */
	if (memo->size != h->stamp.size || now < memo->now || now - memo->now >= MEMO_MAX)
		return false;
	if (memcmp(memo->stamp, p, memo->size) == 0) {
		*when = memo->when;
		return true;
	}
	/* only the plain form, whose last two digits are the seconds */
	if (h->kind != STAMP_BSD || memcmp(memo->stamp, p, memo->size - 2) != 0 ||
	    number(p + memo->size - 2, 2) > 59)
		return false;
	*when =
	    memo->when + number(p + memo->size - 2, 2) - number(memo->stamp + memo->size - 2, 2);
	return *when <= now;
}

bool stamp_time(const struct header *header, int64_t now, struct stamp_memo *memo, int64_t *when)
{
	if (!remembered(header, now, memo, when)) {
		if (!read_stamp(header, now, memo->zone, when))
			return false;
		if (header->stamp.size <= sizeof memo->stamp) {
			memcpy(memo->stamp, header->stamp.text, header->stamp.size);
			memo->size = header->stamp.size;
			memo->now = now;
			memo->when = *when;
		}
	}
	if (*when > now + STAMP_AHEAD_MAX)
		return false;
	if (*when > now)
		*when = now;
	return true;
}
