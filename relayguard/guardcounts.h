/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardcounts.h - what relayguard counts, for the stats file and SIGUSR1
 *
 * Owns: the numbers, those of each rule among them, and their form for both
 * readers.  What others count (blocklists, the database, the resolver) is asked
 * of them.
 */
#ifndef RELAYGUARD_GUARDCOUNTS_H
#define RELAYGUARD_GUARDCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"
#include "tarpit.h"

struct database;
struct dnsbl;
struct sources;
struct throttle;

enum guardcounts_listener { GUARD_MILTER, GUARD_POLICY, GUARD_RELAY, GUARD_LISTENERS };

struct guardcounts {
	uint64_t connections[GUARD_LISTENERS]; /* of MTAs */
	uint64_t sessions; /* of clients */
	uint64_t accepted, tagged, refused, deferred, throttled, closed;
	uint64_t attempts; /* relay attempts that the mail server refused itself */
	uint64_t relay_ok, relay_dunno; /* of policy-relay */
	uint64_t odd; /* requests and packets that made no sense */
	uint64_t *rule; /* matches of each rule, by number - 1 */
	size_t rules;
};

struct metrics;

/* Where the other numbers are; any may be NULL except COUNTS. */
struct guardcounts_view {
	const struct guardcounts *counts;
	const struct rules *rules;
	const struct dnsbl *lists;
	const struct database *database;
	const struct sources *sources;
	const struct pauses *pauses;
	const struct throttle *throttle;
};

/* Its name, for people and for the counters. */
const char *guardcounts_listener_name(enum guardcounts_listener listener);

/* The counters of the rules OLD (NULL: none) become those of NEW: a rule that
 * reads as before keeps its number of matches.  Returns false without memory.
 * */
bool guardcounts_rules(
    struct guardcounts *counts, const struct rules *old, const struct rules *new);

/* Counts the rules that matched. */
void guardcounts_decision(struct guardcounts *counts, const struct rules_decision *decision);

/* Logs all that is not zero. */
void guardcounts_log(const struct guardcounts_view *view);

/* All counters as they are now, for metrics_write(); NULL without memory. */
struct metrics *guardcounts_metrics(const struct guardcounts_view *view);

#endif
