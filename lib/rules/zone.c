/* SPDX-License-Identifier: BSD-2-Clause
 *
 * zone.c - RBL.zone=127.0.0.2,127.0.0.4-11;notest
 *
 * Owns: the form of a blocklist's name, of the answers that count, and the
 * number that all patterns with one zone share.
 * Limit: the zone has at most ZONE_MAX bytes, so that an IPv6 address fits in
 * front of it (RFC 1035, 2.3.4; 32 nibbles and dots).
 */
#include "rules_int.h"

#include <string.h>

#define ZONE_MAX (253 - 64)
#define RANGES_MAX 32

static const uint32_t loopback = 0x7f000000; /* 127.0.0.0/8 */

/* A decimal number up to 255 at *P, which moves behind it. */
static bool read_byte(const char **p, const char *end, uint32_t *value)
{
	const char *start = *p;

	for (*value = 0; *p < end && **p >= '0' && **p <= '9' && *p - start < 3; ++*p)
		*value = *value * 10 + (uint32_t)(**p - '0');
	return *p > start && *value <= 255 && (*start != '0' || *p - start == 1);
}

static bool read_answer(const char **p, const char *end, uint32_t *answer)
{
	uint32_t byte;

	*answer = 0;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && (*p == end || *(*p)++ != '.'))
			return false;
		if (!read_byte(p, end, &byte))
			return false;
		*answer = *answer << 8 | byte;
	}
	return *answer >> 24 == loopback >> 24;
}

/* 127.0.0.2 or 127.0.0.4-11 */
static bool read_range(const char **p, const char *end, struct rules_range *range)
{
	uint32_t last;

	if (!read_answer(p, end, &range->low))
		return false;
	range->high = range->low;
	if (*p < end && **p == '-') {
		++*p;
		if (!read_byte(p, end, &last))
			return false;
		range->high = (range->low & 0xffffff00) | last;
	}
	return range->low <= range->high;
}

/* Answers that a blocklist never gives for a listing (RFC 5782, 2.1 and 5). */
static bool never_counts(const struct rules_range *range)
{
	return (range->low <= loopback + 1 && range->high >= loopback + 1) ||
	       range->low >= (loopback | 0xffff00);
}

static bool parse_ranges(struct parser *parser, size_t at, size_t size, struct rules_zone *zone)
{
	struct rules_range *ranges = pool_get(&parser->rules->pool, RANGES_MAX * sizeof *ranges);
	const char *start = parser->line.text + at, *p = start, *end = start + size;

	if (ranges == NULL)
		return false;
	do {
		const char *here = p;

		if (zone->range_count == RANGES_MAX) {
			parser_error(parser, at, "more than %d answers of a blocklist", RANGES_MAX);
			return false;
		}
		if (!read_range(&p, end, &ranges[zone->range_count]) || (p < end && *p != ',')) {
			parser_error(parser, at + (size_t)(here - start),
			    "not an answer of a blocklist; expected 127.0.0.2 or 127.0.0.4-11");
			return false;
		}
		if (never_counts(&ranges[zone->range_count])) {
			parser_error(parser, at + (size_t)(here - start),
			    "127.0.0.1 and 127.255.255.0/24 never mean a listing; expected other "
			    "answers in 127.0.0.0/8");
			return false;
		}
		zone->range_count++;
	} while (p++ < end);
	zone->ranges = ranges;
	return true;
}

/* Gives ZONE the number of its name. */
static bool number_zone(struct rules *rules, struct rules_zone *zone)
{
	struct rules_zone *first, **grown;

	for (size_t i = 0; i < rules->zone_count; i++) {
		if (strcmp(rules->zones[i]->name, zone->name) == 0) {
			rules->zones[i]->notest |= zone->notest;
			zone->index = i;
			return true;
		}
	}
	first = pool_get(&rules->pool, sizeof *first);
	grown = pool_get(&rules->pool, (rules->zone_count + 1) * sizeof(struct rules_zone *));
	if (first == NULL || grown == NULL)
		return false;
	zone->index = rules->zone_count;
	*first = *zone;
	first->ranges = NULL;
	first->range_count = 0;
	if (rules->zone_count > 0)
		memcpy(grown, rules->zones, rules->zone_count * sizeof(struct rules_zone *));
	grown[rules->zone_count++] = first;
	rules->zones = grown;
	return true;
}

struct rules_zone *zone_parse(struct parser *parser, size_t at, size_t size)
{
	static const char option[] = ";notest";
	struct rules_zone *zone = pool_get(&parser->rules->pool, sizeof *zone);
	const char *text = parser->line.text + at, *equals;
	char name[DOMAIN_SIZE];
	size_t skip = strlen("RBL."), end = size, name_end;

	if (zone == NULL)
		return NULL;
	if (size > strlen(option) &&
	    memcmp(text + size - strlen(option), option, strlen(option)) == 0) {
		zone->notest = true;
		end -= strlen(option);
	}
	equals = memchr(text, '=', end);
	name_end = equals != NULL ? (size_t)(equals - text) : end;
	if (domain_read(text + skip, name_end - skip, name) != DOMAIN_NAME ||
	    strlen(name) > ZONE_MAX || domain_is_address(name)) {
		parser_error(parser, at + skip,
		    "not a blocklist; expected RBL.zone, RBL.zone=127.0.0.2 or RBL.zone;notest, "
		    "with a zone of the DNS");
		return NULL;
	}
	zone->name = pool_copy(&parser->rules->pool, name, strlen(name));
	if (zone->name == NULL)
		return NULL;
	if (equals != NULL && !parse_ranges(parser, at + name_end + 1, end - name_end - 1, zone))
		return NULL;
	return number_zone(parser->rules, zone) ? zone : NULL;
}
