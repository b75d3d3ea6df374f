/* SPDX-License-Identifier: BSD-2-Clause
 *
 * recent.c - when an address was recorded last, see recent.h
 */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "relaydb.h"

/* Every login asks for its address here, and next to none of those is in the
 * processor's cache: so a place is found by a look at the sums of one set and
 * at the address that has that sum, not by following pointers. */
#define PLACES 8
#define SETS (RECENT_MAX / PLACES)

struct memory {
	int64_t when;
	char address[RELAYDB_ADDRSTRLEN]; /* "": a place that was never taken */
};

struct set {
	uint32_t sums[PLACES]; /* of the addresses */
	struct memory places[PLACES];
};

struct recent {
	struct set sets[SETS]; /* an address has a place in one of them */
};

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

void recent_free(struct recent *recent)
{
	free(recent);
}

/* The index of the set of an address with this sum.  Anyone who steers
 * addresses into one set makes others be recorded once more than needed. */
static size_t set_of(uint64_t sum)
{
	return (sum ^ sum >> 32) % SETS;
}

/* Where ADDRESS is in SET; PLACES if nowhere. */
static size_t place_in(const struct set *set, const char *address, uint64_t sum)
{
	size_t i = 0;

	while (i < PLACES &&
	       (set->sums[i] != (uint32_t)sum || strcmp(set->places[i].address, address) != 0))
		i++;
	return i;
}

bool recent_find(const struct recent *recent, const char *address, int64_t *when)
{
	uint64_t sum = hash_fnv1a(address, strlen(address));
	const struct set *set = &recent->sets[set_of(sum)];
	size_t place = place_in(set, address, sum);

	if (place == PLACES || *address == '\0')
		return false;
	*when = set->places[place].when;
	return true;
}

/* The place of ADDRESS, or one for it: one that was never taken, or else the
 * oldest. */
static struct memory *place_for(struct recent *recent, const char *address)
{
	uint64_t sum = hash_fnv1a(address, strlen(address));
	struct set *set = &recent->sets[set_of(sum)];
	size_t place = place_in(set, address, sum);

	if (place < PLACES)
		return &set->places[place];
	place = 0;
	for (size_t i = 1; i < PLACES && *set->places[place].address != '\0'; i++) {
		if (*set->places[i].address == '\0' ||
		    set->places[i].when < set->places[place].when)
			place = i;
	}
	set->sums[place] = (uint32_t)sum;
	set->places[place] = (struct memory){ .when = 0 };
	memcpy(set->places[place].address, address, strlen(address) + 1);
	return &set->places[place];
}

void recent_note(struct recent *recent, const char *address, int64_t when)
{
	place_for(recent, address)->when = when;
}
