/* SPDX-License-Identifier: BSD-2-Clause
 *
 * smtpsession.h - one SMTP session as the rules see it: what each command of
 * the client is answered
 *
 * Owns: the envelope, the order throttle behind rules, the end of a session
 * after deny, one tag a message, the number of recipients.  Pure: the clock and
 * every answer from outside are arguments.  The milter and the policy service
 * feed it.
 *
 * Who submits on this host, or from a loopback address, has no limit and waits
 * only where a rule says so.
 *
 * Limits: an address of more than SMTPSESSION_PATH_MAX bytes is refused, four
 * times as long as any of RFC 5321; of names, what is longer is none, or cut.
 *
 * A client may always send what the rules and limits allow; nothing here can
 * give it the right to relay.
 */
#ifndef RELAYGUARD_SMTPSESSION_H
#define RELAYGUARD_SMTPSESSION_H

#include "pasts.h"
#include "rules.h"
#include "tarpit.h"
#include "throttle.h"

#include <stdbool.h>
#include <stdint.h>

#define SMTPSESSION_PATH_MAX 1024
#define SMTPSESSION_NAME_MAX 255

/* What decisions are made by; outlives the sessions, and may be changed between
 * two calls: a recipient that waits is then decided again. */
struct smtpsession_policy {
	const struct rules *rules; /* NULL: none, everything is allowed */
	struct rules_options options;
	struct tarpit tarpit;
	struct throttle *throttle; /* NULL: no limits */
	int64_t delay_ms; /* of noto_delay, deny_delay and what is over a limit */
	int64_t within_ms; /* every pause is at most this long */
};

enum smtpsession_kind {
	SMTPSESSION_WAIT, /* an answer from outside is pending: ask again */
	SMTPSESSION_ACCEPT,
	SMTPSESSION_REFUSE
};

struct smtpsession_verdict {
	enum smtpsession_kind kind;
	char reply[RULES_REPLY_SIZE]; /* of SMTPSESSION_REFUSE */
	bool close; /* the session ends: each further command gets 421 */
	int64_t pause_ms; /* before the answer is given */
	const char *what; /* for the log: "rcpt deny" and the like; static */
	struct rules_decision decision; /* of the rules */
};

struct smtpsession;

/* Makes a session whose client is not known yet.  Returns NULL without memory.
 * */
struct smtpsession *smtpsession_new(const struct smtpsession_policy *policy);

/* Frees it; NULL is fine. */
void smtpsession_free(struct smtpsession *session);

/* The client: ADDRESS as text (NULL or "": submitted on this host), NAME and
 * how it stands.  Forgets all of an earlier session. */
void smtpsession_connect(
    struct smtpsession *session, const char *address, const char *name, enum rules_name name_state);

/* MAIL: SENDER as in the command, with or without < > and parameters; AUTH is
 * the SMTP AUTH name, NULL if there is none.  Begins a message. Returns true if
 * the session goes on; false if the command must be refused with
 * smtpsession_closing(). */
bool smtpsession_mail(struct smtpsession *session, const char *sender, const char *auth);

/* RCPT: the verdict about RECIPIENT, in the same forms.  After SMTPSESSION_WAIT
 * call it again when an answer has arrived: it is about the same recipient
 * then, whatever RECIPIENT is.  NOW is in seconds since the epoch. */
void smtpsession_rcpt(struct smtpsession *session, const char *recipient,
    const struct rules_asker *asker, int64_t now, struct smtpsession_verdict *verdict);

/* DATA or any other command that is asked about: may the session go on? */
bool smtpsession_goes_on(const struct smtpsession *session);

/* What a session that may not go on is told: "421 ...".  Static text. */
const char *smtpsession_closing(void);

/* The text of the tag that the message gets, or NULL.  Belongs to the session,
 * until the next message. */
const char *smtpsession_tag(const struct smtpsession *session);

/* The same, and from now on NULL until the next message: for a protocol that
 * tags at the recipient. */
const char *smtpsession_take_tag(struct smtpsession *session);

/* What counts of the session if it goes on by another connection; and that it
 * does, in the message that has begun. */
struct past smtpsession_past(const struct smtpsession *session);
void smtpsession_continue(struct smtpsession *session, const struct past *past);

/* The message was taken, or given up; the session goes on. */
void smtpsession_reset(struct smtpsession *session);

/* The envelope as it stands, for the log.  Belongs to the session. */
const struct rules_envelope *smtpsession_envelope(const struct smtpsession *session);

#endif
