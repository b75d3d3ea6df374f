/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inquiry.h - what one SMTP session asks the outside world, and the answers
 *
 * Joins struct rules_asker to the DNS, the blocklists and the database.
 * Owns: the questions of the session, each asked once, and their answers; that
 * these do not change while a decision is repeated.
 * Limits: INQUIRY_QUESTIONS_MAX questions a message, and INQUIRY_KEPT_MAX bytes
 * of questions and answers in all sessions together; what goes beyond cannot be
 * told.
 */
#ifndef RELAYGUARD_INQUIRY_H
#define RELAYGUARD_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "dnsanswer.h"
#include "rules.h"

#define INQUIRY_QUESTIONS_MAX 400
#define INQUIRY_KEPT_MAX (64 * 1024 * 1024)

struct database;
struct dns;
struct dnsbl;
struct inquiry;

/* Where answers come from; outlives the inquiries. */
struct sources {
	struct dns *dns; /* NULL: what the DNS would know is unknown */
	struct dnsbl *lists;
	struct database *database; /* NULL: the answer is always POP */
	enum rules_answer pop;
	int64_t timeout_ms; /* of one question */
	uint64_t rules; /* how often the rules were replaced: a zone is of one set of them */
	uint64_t asked, failed; /* questions to the DNS */
	size_t kept; /* bytes of all questions and answers */
};

/* NEWS is called when an answer has arrived, never inside of another call.
 * Returns NULL without memory. */
struct inquiry *inquiry_new(struct sources *sources, void (*news)(void *arg), void *arg);

/* Frees it and gives up what was asked.  NULL is fine. */
void inquiry_free(struct inquiry *inquiry);

/* Another client, ADDRESS (NULL: of this host): forgets everything. */
void inquiry_client(struct inquiry *inquiry, const char *address);

/* Another message: forgets what was asked for the senders and recipients of the
 * last. */
void inquiry_message(struct inquiry *inquiry);

/* A decision begins. */
void inquiry_begin(struct inquiry *inquiry);

/* What is pending counts as unknown, until the next inquiry_begin(). */
void inquiry_late(struct inquiry *inquiry);

/* Did the last decision wait for the database? */
bool inquiry_waits_for_copy(const struct inquiry *inquiry);

/* The functions that ask; good for as long as INQUIRY. */
struct rules_asker inquiry_asker(struct inquiry *inquiry);

/* Tells of each question to the DNS so far, for people; ANSWER is NULL while it
 * is pending. */
typedef void inquiry_tell(const char *name, enum rules_type type, const char *answer, void *arg);
void inquiry_each(const struct inquiry *inquiry, inquiry_tell *tell, void *arg);

#endif
