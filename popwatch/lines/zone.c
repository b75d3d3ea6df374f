/* SPDX-License-Identifier: BSD-2-Clause
 *
 * zone.c - the time zones of stamps that have no offset, see zone.h
 */
#include "zone.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY INT64_C(86400)
#define END (INT64_C(131) * 365 * DAY) /* of the table: late in 2100 */
#define STEP (5 * DAY) /* no zone changes its clocks twice within these */

/* From FROM on clocks are EAST seconds ahead of UTC. */
struct change {
	int64_t from;
	int64_t east;
};

struct zone {
	char *name; /* with the value of TZ, see key_of() */
	struct change *changes;
	size_t count;
	struct zone *next;
};

static struct zone *zones;

/* ---- making ---- */

static int64_t east_at(int64_t when)
{
	const time_t t = (time_t)when;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? tm.tm_gmtoff : 0;
}

static bool add_change(struct zone *zone, int64_t from, int64_t east)
{
	struct change *more = realloc(zone->changes, (zone->count + 1) * sizeof *more);

	if (more == NULL)
		return false;
	zone->changes = more;
	more[zone->count++] = (struct change){ from, east };
	return true;
}

/* The second in which clocks change, between BEFORE and AFTER, where they
 * differ. */
static int64_t find_change(int64_t before, int64_t after)
{
	int64_t east = east_at(before), middle;

	while (after - before > 1) {
		middle = before + (after - before) / 2;
		if (east_at(middle) == east)
			before = middle;
		else
			after = middle;
	}
	return after;
}

/* The changes of the zone that the library has now. */
static bool read_changes(struct zone *zone)
{
	int64_t east = east_at(0), next;
	bool done = add_change(zone, INT64_MIN, east);

	for (int64_t t = 0; done && t < END; t += STEP) {
		next = east_at(t + STEP);
		if (next != east)
			done = add_change(zone, find_change(t, t + STEP), next);
		east = next;
	}
	return done;
}

static bool set_library(const char *name)
{
	int result = name != NULL ? setenv("TZ", name, 1) : unsetenv("TZ");

	tzset();
	return result == 0;
}

/* The same for the zone NAME, "" for the library's. */
static bool read_zone(struct zone *zone, const char *name)
{
	const char *given = getenv("TZ");
	char *old = given != NULL ? strdup(given) : NULL;
	bool done = given == NULL || old != NULL;

	if (*name != '\0')
		done = done && set_library(name);
	else
		tzset();
	done = done && read_changes(zone);
	if (*name != '\0')
		done = set_library(old) && done;
	free(old);
	return done;
}

static void zone_free(struct zone *zone)
{
	free(zone->changes);
	free(zone->name);
	free(zone);
}

static struct zone *make(const char *key, const char *name)
{
	struct zone *zone = calloc(1, sizeof *zone);

	if (zone == NULL)
		return NULL;
	zone->name = strdup(key);
	if (zone->name != NULL && read_zone(zone, name))
		return zone;
	zone_free(zone);
	return NULL;
}

const struct zone *zone_get(const char *name)
{
	const char *system = getenv("TZ");
	char key[PATH_MAX];
	struct zone *zone;

	/* no zone's name begins with a colon */
	if (*name == '\0')
		snprintf(key, sizeof key, ":%s", system != NULL ? system : "");
	else
		snprintf(key, sizeof key, "%s", name);
	for (zone = zones; zone != NULL && strcmp(zone->name, key) != 0; zone = zone->next)
		;
	if (zone != NULL)
		return zone;
	zone = make(key, name);
	if (zone != NULL) {
		zone->next = zones;
		zones = zone;
	}
	return zone;
}

/* ---- asking ---- */

/* The last change before WHEN. */
static size_t index_at(const struct zone *zone, int64_t when)
{
	size_t low = 0, high = zone->count, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (zone->changes[middle].from <= when)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int64_t zone_time(const struct zone *zone, int64_t local)
{
	const struct change *change, *last = &zone->changes[zone->count - 1];
	int64_t when = 0;

	/* no clock is further from UTC than a day */
	for (change = &zone->changes[index_at(zone, local - DAY)];; change++) {
		if (local - change->east < change->from)
			break;
		when = local - change->east;
		if (change == last || when < change[1].from)
			break;
	}
	return when;
}
