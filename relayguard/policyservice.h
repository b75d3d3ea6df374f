/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policyservice.h - the policy protocol of Postfix, SMTPD_POLICY_README
 *
 * Owns: requests (lines name=value, then an empty one), what makes one odd, and
 * the two kinds of answers.  Pure: bytes in, bytes out.  One handle is one
 * connection.
 *
 * Two endpoints use it.  The rules' answers are made by policyservice_refuse(),
 * _prepend() and _pass(): none of them can say OK.  The relay endpoint's are
 * made by policyservice_relay() alone, which says OK for an entry in the
 * database and nothing else.
 *
 * Limits: POLICY_REQUEST_MAX bytes, POLICY_ATTRIBUTES_MAX attributes a request.
 */
#ifndef RELAYGUARD_POLICYSERVICE_H
#define RELAYGUARD_POLICYSERVICE_H

#include "rules.h"

#include <stdbool.h>
#include <stddef.h>

#define POLICY_REQUEST_MAX 65536
#define POLICY_ATTRIBUTES_MAX 100

enum policy_status {
	POLICY_NOTHING, /* more bytes are needed */
	POLICY_REQUEST, /* one is there, and an answer is due */
	POLICY_BROKEN /* close the connection */
};

struct policyservice;

/* Returns NULL without memory. */
struct policyservice *policyservice_new(void);

/* Frees it; NULL is fine. */
void policyservice_free(struct policyservice *service);

/* Takes bytes that the client sent.  Returns how many of SIZE were taken: fewer
 * while a request waits for its answer or is as large as one may be. */
size_t policyservice_input(struct policyservice *service, const void *data, size_t size);

/* The next request, after the last one was answered. */
enum policy_status policyservice_next(struct policyservice *service);

/* The value of attribute NAME of the request, or NULL.  Belongs to the handle,
 * until the answer. */
const char *policyservice_get(const struct policyservice *service, const char *name);

/* The address that attribute NAME has, as the path of an SMTP command: in < >,
 * and quoted where it must be.  Postfix takes the quotes off a local part, so
 * that blanks, brackets and control characters stand there bare.  The caller
 * frees it; NULL without memory. */
char *policyservice_path(const struct policyservice *service, const char *name);

/* Why the request cannot be read, or NULL: an attribute that came twice, a line
 * that is none, a NUL, an attribute missing that every Postfix sends, a request
 * of another kind.  Nothing that a client of Postfix can send makes one so.
 * Static text. */
const char *policyservice_unreadable(const struct policyservice *service);

/* Why the request must not be believed, or NULL: it cannot be read, or has a
 * control character, which a client can send within quotes.  Static text. */
const char *policyservice_odd(const struct policyservice *service);

/* ---- answers of the rules ---- */

/* "DUNNO": other restrictions decide. */
void policyservice_pass(struct policyservice *service);

/* REPLY is "XXX text", 4xx or 5xx; CLOSE ends the client's session with it
 * (521, or 421 for a 4xx).  A reply of another form becomes a temporary
 * refusal. */
void policyservice_refuse(struct policyservice *service, const char *reply, bool close);

/* Accepts, as DUNNO does, and adds the field NAME. */
void policyservice_prepend(struct policyservice *service, const char *name, const char *value);

/* ---- the answer of the relay endpoint ---- */

/* Asks whether ADDRESS has an entry within the window. */
typedef enum rules_answer policy_entry(const char *address, void *arg);

/* Answers OK if the request is not odd, of protocol_state RCPT, and ENTRY says
 * RULES_YES to its client_address; DUNNO in every other case, without asking
 * where the request alone decides.
 * Returns true if the answer was OK. */
bool policyservice_relay(struct policyservice *service, policy_entry *entry, void *arg);

/* ---- output ---- */

/* Bytes for the client: *SIZE of them, which belong to the handle; NULL if
 * there are none. */
const char *policyservice_output(const struct policyservice *service, size_t *size);

/* SIZE of these were sent. */
void policyservice_sent(struct policyservice *service, size_t size);

#endif
