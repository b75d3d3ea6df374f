/* SPDX-License-Identifier: BSD-2-Clause
 *
 * blocklist.h - what a DNS blocklist's answers mean, and whether to believe
 * them
 *
 * Owns: names to ask (RFC 5782, 2.1 and 2.4), which answers count, the
 * self-test (RFC 5782, 5) before the first use and every hour, and the rule
 * that no hit refuses anybody unless the same list said NXDOMAIN for 127.0.0.1
 * within the last minute: lists that died, or that refuse a resolver, have made
 * whole sites refuse all mail. Pure; the clock, in milliseconds, is an
 * argument.  Leaves to the caller: sending questions, and repeating
 * blocklist_judge() when a reply has arrived.
 */
#ifndef RELAYGUARD_BLOCKLIST_H
#define RELAYGUARD_BLOCKLIST_H

#include "rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCKLIST_NAME_SIZE 254
#define BLOCKLIST_TEST_MS 3600000 /* between two self-tests of a good list */
#define BLOCKLIST_RETRY_MS 60000 /* of one that is off, or did not answer */
#define BLOCKLIST_PROOF_MS 60000 /* how long NXDOMAIN for 127.0.0.1 counts */
#define BLOCKLIST_REST_MS 5000 /* after a question that failed */

/* The test points. */
enum blocklist_point {
	BLOCKLIST_MUST_BE_LISTED = 1, /* 127.0.0.2 */
	BLOCKLIST_MUST_NOT = 2 /* 127.0.0.1 */
};

enum blocklist_outcome {
	BLOCKLIST_NXDOMAIN,
	BLOCKLIST_NODATA, /* the name is there, without an address */
	BLOCKLIST_ADDRESSES,
	BLOCKLIST_FAILED /* SERVFAIL, no reply in time, and the like */
};

struct blocklist_reply {
	enum blocklist_outcome outcome;
	const uint32_t *addresses; /* A records, host byte order */
	size_t count;
};

enum blocklist_state {
	BLOCKLIST_UNTRIED, /* no self-test was completed */
	BLOCKLIST_GOOD,
	BLOCKLIST_OFF /* it failed its test: it matches nobody */
};

/* One list.  Zero it, then set NOTEST. */
struct blocklist {
	bool notest; /* has no 127.0.0.2: only 127.0.0.1 is asked for */
	enum blocklist_state state;
	const char *why; /* OFF: static text */
	unsigned asked; /* test points that are on their way */
	unsigned passed, failed; /* in this round of the test */
	bool testing;
	int64_t next_test;
	bool proven; /* PROOF is set */
	int64_t proof; /* when 127.0.0.1 was last NXDOMAIN */
	bool wanted; /* a hit waits for the proof */
	int64_t rest; /* until then no proof is asked for again */
	uint64_t hits; /* judged RULES_YES */
	uint64_t failures; /* questions that failed */
	uint64_t offs; /* how often it went off */
};

/* Writes the name to ask for ADDRESS in ZONE to OUT. */
void blocklist_name(const struct ipnet *address, const char *zone, char out[BLOCKLIST_NAME_SIZE]);

/* The same for a test point. */
void blocklist_point_name(
    enum blocklist_point point, const char *zone, char out[BLOCKLIST_NAME_SIZE]);

/* The test points that must be asked for now, as bits; they count as on their
 * way until blocklist_tested().  Call it before and after blocklist_judge(). */
unsigned blocklist_due(struct blocklist *list, int64_t now);

/* The reply to one of these.  Returns true when the state has changed, which
 * should be logged. */
bool blocklist_tested(struct blocklist *list, enum blocklist_point point,
    const struct blocklist_reply *reply, int64_t now);

/* What REPLY to a question about a client means.  RANGES are those of the
 * pattern (none: every answer of the list counts). RULES_PENDING: a test point
 * is on its way or due; RULES_OFF: the list is off; RULES_UNKNOWN: the list, or
 * its test, did not answer, or it answered with something that is no listing,
 * such as 127.255.255.254. */
enum rules_answer blocklist_judge(struct blocklist *list, const struct rules_zone *ranges,
    const struct blocklist_reply *reply, int64_t now);

#endif
