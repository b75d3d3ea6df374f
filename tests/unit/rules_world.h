/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rules_world.h - a DNS, a database and blocklists for the tests of lib/rules
 *
 * A world is text, one fact a line; world_asker() answers from it.
 *
 *	a NAME ADDRESS | mx NAME HOST | ns NAME HOST	a record
 *fail NAME | wait NAME temporary failure; pending
 *	listed ZONE ADDRESS ANSWER			a blocklist's entry
 *fail ZONE | wait ZONE | off ZONE all questions to a blocklist
 *	pop ADDRESS yes|no|fail|wait
 *
 * Owns: at most WORLD_FACTS facts; every question is counted and noted.
 */
#ifndef RULES_WORLD_H
#define RULES_WORLD_H

#include "rules.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define WORLD_FACTS 512
#define WORLD_RECORDS 32

struct fact {
	char kind[16], name[280], value[280], answer[32];
};

struct world {
	struct fact fact[WORLD_FACTS];
	size_t facts;
	const char *client; /* whose entry pop() looks for */
	char asked[16384]; /* "mx example.com\n" for each question */
	/* records handed out in one decision; names belong to the facts */
	struct ipnet address[WORLD_FACTS];
	size_t addresses;
	const char *name[WORLD_FACTS];
	size_t names;
};

/* Adds one line; returns false if it is none. */
static inline bool world_add(struct world *world, const char *line)
{
	struct fact *fact = &world->fact[world->facts];

	*fact = (struct fact){ .kind = "" };
	if (world->facts == WORLD_FACTS || sscanf(line, "%15s %279s %279s %31s", fact->kind,
					       fact->name, fact->value, fact->answer) < 2)
		return false;
	world->facts++;
	return true;
}

static inline void world_note(struct world *world, const char *kind, const char *name)
{
	size_t used = strlen(world->asked);

	snprintf(world->asked + used, sizeof world->asked - used, "%s %s\n", kind, name);
}

/* What the world says of all questions to NAME; RULES_YES: nothing special. */
static inline enum rules_answer world_state(const struct world *world, const char *name)
{
	for (size_t i = 0; i < world->facts; i++) {
		const struct fact *fact = &world->fact[i];

		if (strcmp(fact->name, name) != 0)
			continue;
		if (strcmp(fact->kind, "fail") == 0)
			return RULES_UNKNOWN;
		if (strcmp(fact->kind, "wait") == 0)
			return RULES_PENDING;
		if (strcmp(fact->kind, "off") == 0)
			return RULES_OFF;
	}
	return RULES_YES;
}

static inline enum rules_answer world_pop(void *arg)
{
	struct world *world = arg;

	world_note(world, "pop", world->client);
	for (size_t i = 0; i < world->facts; i++) {
		const struct fact *fact = &world->fact[i];

		if (strcmp(fact->kind, "pop") != 0 || strcmp(fact->name, world->client) != 0)
			continue;
		switch (fact->value[0]) {
		case 'y':
			return RULES_YES;
		case 'f':
			return RULES_UNKNOWN;
		case 'w':
			return RULES_PENDING;
		default:
			return RULES_NO;
		}
	}
	return RULES_NO;
}

static inline bool world_counts(const struct rules_zone *zone, const char *answer)
{
	struct in_addr in;
	bool counts = zone->range_count == 0;

	inet_pton(AF_INET, answer, &in);
	for (size_t i = 0; i < zone->range_count; i++)
		counts = counts || (ntohl(in.s_addr) >= zone->ranges[i].low &&
				       ntohl(in.s_addr) <= zone->ranges[i].high);
	return counts;
}

static inline enum rules_answer world_listed(
    const struct rules_zone *zone, const struct ipnet *address, void *arg)
{
	struct world *world = arg;
	enum rules_answer answer = world_state(world, zone->name);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address->family, address->address, text, sizeof text);
	world_note(world, zone->name, text);
	if (answer != RULES_YES)
		return answer;
	for (size_t i = 0; i < world->facts; i++) {
		const struct fact *fact = &world->fact[i];

		if (strcmp(fact->kind, "listed") == 0 && strcmp(fact->name, zone->name) == 0 &&
		    strcmp(fact->value, text) == 0 && world_counts(zone, fact->answer))
			return RULES_YES;
	}
	return RULES_NO;
}

static inline bool world_take(struct world *world, const struct fact *fact, enum rules_type type,
    struct rules_records *records)
{
	struct ipnet *net = &world->address[world->addresses];

	if (type == RULES_TYPE_NS || type == RULES_TYPE_MX) {
		if (strcmp(fact->kind, type == RULES_TYPE_NS ? "ns" : "mx") != 0)
			return false;
		world->name[world->names++] = fact->value;
		records->count++;
		return true;
	}
	if (strcmp(fact->kind, "a") != 0 || !ipnet_parse(fact->value, net) ||
	    (net->family == AF_INET) != (type == RULES_TYPE_A))
		return false;
	world->addresses++;
	records->count++;
	return true;
}

static inline enum rules_answer world_records(
    const char *name, enum rules_type type, struct rules_records *records, void *arg)
{
	static const char *const types[] = { "a", "aaaa", "ns", "mx" };
	struct world *world = arg;
	enum rules_answer answer = world_state(world, name);

	world_note(world, types[type], name);
	records->addresses = &world->address[world->addresses];
	records->names = &world->name[world->names];
	for (size_t i = 0; answer == RULES_YES && i < world->facts; i++) {
		if (strcmp(world->fact[i].name, name) == 0)
			world_take(world, &world->fact[i], type, records);
	}
	if (answer != RULES_YES)
		return answer;
	return records->count > 0 ? RULES_YES : RULES_NO;
}

/* An asker for the next decision; CLIENT is the envelope's. */
static inline struct rules_asker world_asker(struct world *world, const char *client)
{
	world->client = client != NULL ? client : "";
	world->asked[0] = '\0';
	world->addresses = world->names = 0;
	return (struct rules_asker){
		.pop = world_pop,
		.listed = world_listed,
		.records = world_records,
		.arg = world,
	};
}

#endif
