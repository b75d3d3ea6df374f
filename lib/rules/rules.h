/* SPDX-License-Identifier: BSD-2-Clause
 *
 * rules.h - who may send what to whom: the rule language of smtpd_check_rules
 *
 * Owns: parsing a rule file, matching one envelope (client, sender, recipient)
 * against it, the reply that follows, and an explanation of the decision.  The
 * language is described in relayguard-rules(5).
 *
 * Pure: no file, clock, socket or global variable.  What a rule needs to know
 * from outside (the database, the DNS, a blocklist) it asks through struct
 * rules_asker.  An answer that is still on its way is RULES_PENDING; the caller
 * then asks for the same decision again when it has arrived.
 *
 * Limits: see the RULES_*_MAX below.  A handle is read-only after rules_parse()
 * except for the scratch space of its expressions, so it belongs to one thread
 * at a time.
 */
#ifndef RELAYERS_RULES_H
#define RELAYERS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipnet.h"

#define RULES_FILE_MAX (1024 * 1024) /* bytes of a rule file */
#define RULES_LINE_MAX 16384 /* bytes of one rule, continuation lines joined */
#define RULES_REPLY_SIZE 500 /* a reply and its NUL; RFC 5321, 4.5.3.1.5: 512 */
#define RULES_HOSTS_MAX 16 /* hosts of a domain that NS= looks at */
#define RULES_ADDRESSES_MAX 16 /* addresses of such a host */
#define RULES_CUTS_MAX 6 /* domains that NS= tries for one name */
#define RULES_DEBUGS_MAX 16 /* debug rules that a decision reports */

struct rules;

/* ---- answers ---- */

/* What is known about a question.  Lists, EXCEPT and the three fields combine
 * answers by Kleene's logic; the order of these is what "and" and "or" use. */
enum rules_answer {
	RULES_NO,
	RULES_YES,
	RULES_OFF, /* cannot tell: a blocklist that is switched off */
	RULES_UNKNOWN, /* cannot tell: a temporary failure */
	RULES_PENDING /* not answered yet */
};

/* A word for the answer ("no", "yes", "off", "cannot tell", "pending"). */
const char *rules_answer_name(enum rules_answer answer);

/* Kleene's three operations, with the two kinds of "cannot tell" and "pending"
 * carried through. */
enum rules_answer rules_and(enum rules_answer a, enum rules_answer b);
enum rules_answer rules_or(enum rules_answer a, enum rules_answer b);
enum rules_answer rules_not(enum rules_answer a);

/* ---- parsing ---- */

enum rules_severity {
	RULES_WARNING, /* works, but probably not as intended */
	RULES_ERROR /* the file is refused */
};

/* Receives one finding.  LINE and COLUMN (in bytes) count from 1; LINE 0 means
 * the file as a whole.  SENTENCE says what is wrong and what was expected; it
 * has no newline, may hold any other byte of the file, and ends with the
 * call. */
typedef void rules_tell(
    enum rules_severity severity, size_t line, size_t column, const char *sentence, void *arg);

/* Parses SIZE bytes of TEXT and reports every error and warning in the order of
 * the file; warnings that compare rules come last, and only without errors.
 * Returns a handle (free it with rules_free()), or NULL after at least one
 * RULES_ERROR was reported, running out of memory included. */
struct rules *rules_parse(const char *text, size_t size, rules_tell *tell, void *arg);

/* Frees RULES; NULL is fine. */
void rules_free(struct rules *rules);

enum rules_action {
	RULES_ALLOW,
	RULES_NOTO, /* refuses this recipient */
	RULES_DENY, /* refuses this recipient and ends the session */
	RULES_DEBUG, /* is reported and decides nothing */
	RULES_TAG /* accepts, and the message gets a header field */
};

/* The word for ACTION in a rule file, without "_delay". */
const char *rules_action_name(enum rules_action action);

/* One rule as it was read.  Strings belong to the handle. */
struct rules_rule {
	enum rules_action action;
	bool delayed; /* noto_delay, deny_delay */
	size_t line; /* where it begins */
	const char *text; /* the whole rule on one line */
	const char *list[3]; /* clients, senders, recipients, as written */
};

/* How many rules there are. */
size_t rules_count(const struct rules *rules);

/* Rule N, from 1 to rules_count().  Belongs to the handle. */
const struct rules_rule *rules_rule(const struct rules *rules, size_t n);

/* Does any rule have this action? */
bool rules_uses(const struct rules *rules, enum rules_action action);

/* ---- blocklists ---- */

struct rules_range {
	uint32_t low, high; /* IPv4 addresses in host byte order, both included */
};

/* A blocklist as one pattern names it. */
struct rules_zone {
	const char *name; /* lower case, without a dot at its end */
	size_t index; /* the same for all patterns with this name; from 0 */
	const struct rules_range *ranges; /* answers that count; none: all */
	size_t range_count;
	bool notest; /* a list without test points; true if any pattern says so */
};

/* How many different blocklists the rules name. */
size_t rules_zone_count(const struct rules *rules);

/* Blocklist INDEX, from 0; without ranges.  Belongs to the handle. */
const struct rules_zone *rules_zone(const struct rules *rules, size_t index);

/* ---- one envelope ---- */

/* Where the client's name stands.  A name that is not confirmed (its addresses
 * do not include the client's) is the client's own to choose: it is never
 * matched. */
enum rules_name {
	RULES_NAME_NONE, /* the address has no name */
	RULES_NAME_CONFIRMED, /* leads forward and back */
	RULES_NAME_FORGED, /* leads somewhere else */
	RULES_NAME_UNKNOWN /* the DNS could not tell */
};

/* Strings without a NUL inside; any other byte may be there.  NULL and "" mean
 * the same. */
struct rules_envelope {
	const char *address; /* of the client; NULL: submitted on this host */
	const char *name; /* of the client; looked at when CONFIRMED */
	enum rules_name name_state;
	bool local; /* submitted on this host; a loopback address counts too */
	const char *auth; /* SMTP AUTH name; NULL: has not authenticated */
	const char *sender; /* without < >; "": the null sender */
	const char *recipient; /* without < > */
};

/* ---- asking ---- */

enum rules_type { RULES_TYPE_A, RULES_TYPE_AAAA, RULES_TYPE_NS, RULES_TYPE_MX };

/* Records of one name and type.  They stay valid until the rules_ function that
 * asked returns. */
struct rules_records {
	size_t count;
	const struct ipnet *addresses; /* of RULES_TYPE_A and RULES_TYPE_AAAA */
	const char *const *names; /* of RULES_TYPE_NS and RULES_TYPE_MX */
};

/* Where answers come from.  A NULL function answers RULES_UNKNOWN.  Each may be
 * called several times with the same question in one decision; between a call
 * that said RULES_PENDING and the next decision its answer may become known,
 * and then must not change while the decision is repeated. */
struct rules_asker {
	/* Has this envelope's client an entry in the database that counts
	 * now? */
	enum rules_answer (*pop)(void *arg);
	/* Does blocklist ZONE have ADDRESS, with an answer in ZONE's ranges? */
	enum rules_answer (*listed)(
	    const struct rules_zone *zone, const struct ipnet *address, void *arg);
	/* Has NAME (a host name in lower case) records of TYPE?  Fills in
	 * RECORDS when it answers RULES_YES; RULES_NO is both "no such name"
	 * and "no such record". */
	enum rules_answer (*records)(
	    const char *name, enum rules_type type, struct rules_records *records, void *arg);
	void *arg;
};

/* Puts every question about the client that the rules could ask, so that the
 * lookups run side by side while the session goes on.  Sender and recipient of
 * ENVELOPE are not looked at. */
void rules_foresee(const struct rules *rules, const struct rules_envelope *envelope,
    const struct rules_asker *asker);

/* Does rule N (from 1) match ENVELOPE?  *FAILED (may be NULL) becomes the index
 * in struct rules_rule.list of the list that made it something else than
 * RULES_YES, or -1. */
enum rules_answer rules_match(const struct rules *rules, size_t n,
    const struct rules_envelope *envelope, const struct rules_asker *asker, int *failed);

/* ---- the decision ---- */

struct rules_options {
	bool refuse; /* when no rule matches: noto ALL; false: allow */
	bool defer; /* a refusing rule that cannot be decided: 451; false: next rule */
};

struct rules_decision {
	enum rules_action action; /* ALLOW, NOTO, DENY or TAG */
	bool delayed;
	bool deferred; /* the reply is 451 4.4.3 because of what could not be found out */
	size_t rule; /* that decided, from 1; 0: none matched */
	/* NOTO and DENY: "550 5.7.1 text", printable ASCII; TAG: the text of
	 * the field; else "" */
	char reply[RULES_REPLY_SIZE];
	size_t debug[RULES_DEBUGS_MAX]; /* debug rules that matched on the way */
	size_t debug_count;
};

/* Called for each rule that was looked at, N from 1, with what rules_match()
 * says of it. */
typedef void rules_step(size_t n, enum rules_answer answer, int failed, void *arg);

/* Decides about ENVELOPE: the first rule that matches.  A rule that cannot be
 * told is passed by (see OPTIONS), and after one that would have been milder
 * than a permanent refusal no 5xx is given: it becomes 451.  STEP may be NULL.
 * Returns true with *DECISION, or false when an answer is pending; STEP has
 * then been told of the rules up to there. */
bool rules_decide(const struct rules *rules, const struct rules_envelope *envelope,
    const struct rules_asker *asker, const struct rules_options *options, rules_step *step,
    void *arg, struct rules_decision *decision);

#endif
