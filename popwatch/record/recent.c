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
 * processor's cache: so a place is found by a look at one spot of memory, not
 * by following pointers. */
#define PLACES 8
#define SETS (RECENT_MAX / PLACES)

struct memory {
	int64_t when;
	char address[RELAYDB_ADDRSTRLEN]; /* "": a place that was never taken */
};

struct recent {
	struct memory memories[RECENT_MAX]; /* an address has a place in one set */
};

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

void recent_free(struct recent *recent)
{
	free(recent);
}

/* The index of the first place that ADDRESS can have.  Anyone who steers
 * addresses into one set makes others be recorded once more than needed. */
static size_t set_of(const char *address)
{
	uint64_t sum = hash_fnv1a(address, strlen(address));

	return (sum ^ sum >> 32) % SETS * PLACES;
}

bool recent_find(const struct recent *recent, const char *address, int64_t *when)
{
	const struct memory *set = &recent->memories[set_of(address)];

	for (size_t i = 0; i < PLACES && *address != '\0'; i++) {
		if (strcmp(set[i].address, address) == 0) {
			*when = set[i].when;
			return true;
		}
	}
	return false;
}

/* The place of ADDRESS, or one for it: one that was never taken, or else the
 * oldest. */
static struct memory *place_for(struct recent *recent, const char *address)
{
	struct memory *set = &recent->memories[set_of(address)], *oldest = set;

	for (size_t i = 0; i < PLACES; i++) {
		if (strcmp(set[i].address, address) == 0)
			return &set[i];
	}
	for (size_t i = 1; i < PLACES && *oldest->address != '\0'; i++) {
		if (*set[i].address == '\0' || set[i].when < oldest->when)
			oldest = &set[i];
	}
	*oldest = (struct memory){ .when = 0 };
	memcpy(oldest->address, address, strlen(address) + 1);
	return oldest;
}

void recent_note(struct recent *recent, const char *address, int64_t when)
{
	struct memory *memory = place_for(recent, address);

	if (memory->when < when)
		memory->when = when;
}
