/* SPDX-License-Identifier: BSD-2-Clause
 *
 * stamp.c - when a line was written, by its stamp, see stamp.h
 */
#include "stamp.h"

#include <string.h>
#include <time.h>

#include "digits.h"

#define CLOCK_SLACK 5 /* a line may be some seconds ahead of the clock that was read before it */
#define MEMO_MAX 60 /* seconds that the time of a stamp is remembered */

/* The label of 1970, https://cr.yp.to/libtai/tai64.html; ten leap seconds had been. */
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
	time_t limit = (time_t)(now + STAMP_AHEAD_YEARLESS);
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
	const char *p = h->stamp.text, *end = p + h->stamp.size, *zone;
	struct tm tm = {
		.tm_year = number(p, 4) - 1900,
		.tm_mon = number(p + 5, 2) - 1,
		.tm_mday = number(p + 8, 2),
		.tm_hour = number(p + 11, 2),
		.tm_min = number(p + 14, 2),
		.tm_sec = number(p + 17, 2),
	};
	int64_t east;

	for (zone = p + sizeof "2026-11-20T11:46:38" - 1; zone < end && *zone != '+' && *zone != '-' && *zone != 'Z'; zone++)
		;
	if (!tm_seconds(&tm, zone == end, now, when))
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

static bool read_stamp(const struct header *h, int64_t now, int64_t *when)
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
static bool remembered(const struct header *h, int64_t now, const struct stamp_memo *memo, int64_t *when)
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

bool stamp_time(const struct header *header, int64_t now, struct stamp_memo *memo, int64_t *when)
{
	if (!remembered(header, now, memo, when)) {
		if (!read_stamp(header, now, when))
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
