/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conversation.h - one client's session: decisions that may have to wait for an
 * answer, and are given after a pause, each within its time
 *
 * Joins smtpsession.h, which decides, to what it asks (inquiry.h), to the
 * timers and to the log.  The protocols stand on it. Owns: the time within
 * which a recipient is answered, the pause, the place among those that pause,
 * the log line of each decision and its counters.
 */
#ifndef RELAYGUARD_CONVERSATION_H
#define RELAYGUARD_CONVERSATION_H

#include <stdbool.h>

#include "smtpsession.h"

struct conversation;
struct guard;

/* A recipient is to be answered, and now. */
typedef void conversation_done(const struct smtpsession_verdict *verdict, void *arg);

/* Under POLICY, which outlives it.  Returns NULL without memory. */
struct conversation *conversation_new(struct guard *guard, const struct smtpsession_policy *policy,
    conversation_done *done, void *arg);

/* Frees it; what it waited for is given up and DONE is not called any more.
 * NULL is fine. */
void conversation_free(struct conversation *conversation);

/* A client has connected, see smtpsession_connect(); its lookups begin. */
void conversation_connect(struct conversation *conversation, const char *address, const char *name,
    enum rules_name name_state);

/* MAIL, see smtpsession_mail(). */
bool conversation_mail(struct conversation *conversation, const char *sender, const char *auth);

/* RCPT: DONE is called, perhaps before this returns.  Not while one waits. */
void conversation_rcpt(struct conversation *conversation, const char *recipient);

/* Does a recipient wait for its answer? */
bool conversation_waits(const struct conversation *conversation);

/* Logs what the client did that no rule was asked about: WHAT is a word of
 * ours, REPLY what the mail server says. */
void conversation_note(const struct conversation *conversation, const char *what,
    const char *recipient, const char *reply);

struct smtpsession *conversation_session(const struct conversation *conversation);

#endif
