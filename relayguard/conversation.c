/* SPDX-License-Identifier: BSD-2-Clause
 *
 * conversation.c - one client's session, see conversation.h
 */
#include "conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attempts.h"
#include "clock.h"
#include "database.h"
#include "guard.h"
#include "log.h"
#include "loop.h"
#include "relaydb.h"

/* Of answer-within, for the way there and back and for a slow machine. */
#define RESERVE_MS 200

enum state { IDLE, ASKING, PAUSING };

struct conversation {
	struct guard *guard;
	struct smtpsession *session;
	struct inquiry *inquiry;
	struct waiter waiter;
	struct loop_timer *timer;
	enum state state;
	bool paused; /* it has a place among those that pause */
	int64_t begun_ms, deadline_ms; /* of the recipient that is decided */
	struct smtpsession_verdict *verdict; /* while PAUSING */
	conversation_done *done;
	void *arg;
};

/* ---- the answer ---- */

static void count(struct guard *guard, const struct smtpsession_verdict *verdict)
{
	struct guardcounts *counts = &guard->counts;

	guardcounts_decision(counts, &verdict->decision);
	if (verdict->kind == SMTPSESSION_ACCEPT) {
		counts->accepted++;
		if (verdict->decision.action == RULES_TAG)
			counts->tagged++;
		return;
	}
	counts->refused++;
	if (strcmp(verdict->what, "rcpt defer") == 0)
		counts->deferred++;
	else if (strcmp(verdict->what, "rcpt throttle") == 0)
		counts->throttled++;
	else if (strcmp(verdict->what, "rcpt deny") == 0)
		counts->closed++;
}

/* The line of a decision, and of the debug rules on its way. */
static void say(const struct conversation *conversation, const struct smtpsession_verdict *verdict)
{
	const struct rules_decision *decision = &verdict->decision;
	bool tag = decision->action == RULES_TAG && verdict->kind == SMTPSESSION_ACCEPT;
	struct attempt attempt = {
		.envelope = smtpsession_envelope(conversation->session),
		.reply = tag ? decision->reply : verdict->reply,
	};
	char line[ATTEMPTS_LINE_SIZE];

	for (size_t i = 0; i < decision->debug_count; i++) {
		attempt.what = "rcpt debug";
		attempt.rule = decision->debug[i];
		attempts_line(line, &attempt);
		log_say(LOG_INFO, "%s", line);
	}
	attempt.what = verdict->what;
	attempt.rule = decision->rule;
	attempts_line(line, &attempt);
	log_say(LOG_INFO, "%s", line);
}

static void finish(struct conversation *conversation, const struct smtpsession_verdict *verdict)
{
	conversation->state = IDLE;
	loop_timer_stop(conversation->timer);
	waiting_end(&conversation->waiter);
	count(conversation->guard, verdict);
	say(conversation, verdict);
	conversation->done(verdict, conversation->arg);
}

static void end_pause(struct conversation *conversation)
{
	if (conversation->paused)
		pauses_end(&conversation->guard->pauses);
	conversation->paused = false;
}

/* Keeps the answer back, if there is time and room for it.  Returns false if it
 * is to be given now. */
static bool pause_before(
    struct conversation *conversation, const struct smtpsession_verdict *verdict)
{
	int64_t left = conversation->deadline_ms - clock_monotonic_ms();
	int64_t pause = verdict->pause_ms < left ? verdict->pause_ms : left;
	struct smtpsession_verdict *kept;

	if (pause <= 0)
		return false;
	kept = malloc(sizeof *kept);
	if (kept == NULL || !pauses_begin(&conversation->guard->pauses)) {
		free(kept);
		return false;
	}
	*kept = *verdict;
	conversation->verdict = kept;
	conversation->paused = true;
	conversation->state = PAUSING;
	waiting_end(&conversation->waiter);
	loop_timer_set(conversation->timer, pause);
	return true;
}

/* ---- the decision ---- */

/* When to look again though no news came. */
static void set_patience(struct conversation *conversation)
{
	int64_t clock = clock_monotonic_ms(), until = conversation->deadline_ms;

	if (inquiry_waits_for_copy(conversation->inquiry) &&
	    conversation->begun_ms + DATABASE_FRESH_MS < until)
		until = conversation->begun_ms + DATABASE_FRESH_MS;
	if (until <= clock)
		until = conversation->deadline_ms;
	loop_timer_set(conversation->timer, until > clock ? until - clock : 0);
}

/* RECIPIENT is looked at when it is decided for the first time. */
static void decide(struct conversation *conversation, const char *recipient)
{
	struct rules_asker asker = inquiry_asker(conversation->inquiry);
	struct smtpsession_verdict verdict;

	if (clock_monotonic_ms() >= conversation->deadline_ms)
		inquiry_late(conversation->inquiry);
	smtpsession_rcpt(conversation->session, recipient, &asker, (int64_t)time(NULL), &verdict);
	if (verdict.kind == SMTPSESSION_WAIT) {
		set_patience(conversation);
		return;
	}
	if (!pause_before(conversation, &verdict))
		finish(conversation, &verdict);
}

static void on_news(void *arg)
{
	struct conversation *conversation = arg;

	if (conversation->state == ASKING)
		decide(conversation, "");
}

static void on_timer(void *arg)
{
	struct conversation *conversation = arg;
	struct smtpsession_verdict *verdict = conversation->verdict;

	if (conversation->state == ASKING) {
		decide(conversation, "");
		return;
	}
	conversation->verdict = NULL;
	end_pause(conversation);
	finish(conversation, verdict);
	free(verdict);
}

static void on_answer(void *arg)
{
	struct conversation *conversation = arg;

	waiting_news(conversation->guard->waiting, &conversation->waiter);
}

void conversation_rcpt(struct conversation *conversation, const char *recipient)
{
	const struct guardconf *conf = conversation->guard->conf;

	conversation->begun_ms = clock_monotonic_ms();
	conversation->deadline_ms =
	    conversation->begun_ms + conf->answer_within * 1000 - RESERVE_MS;
	conversation->state = ASKING;
	inquiry_begin(conversation->inquiry);
	waiting_begin(conversation->guard->waiting, &conversation->waiter);
	decide(conversation, recipient);
}

bool conversation_waits(const struct conversation *conversation)
{
	return conversation->state != IDLE;
}

/* ---- the session ---- */

void conversation_connect(struct conversation *conversation, const char *address, const char *name,
    enum rules_name name_state)
{
	const struct rules *rules = conversation->guard->rules;
	struct rules_asker asker = inquiry_asker(conversation->inquiry);
	char text[RELAYDB_ADDRSTRLEN];

	/* sendmail writes IPv6 with all its zeros */
	if (address != NULL && relaydb_address(address, text) == RELAYDB_OK)
		address = text;
	conversation->guard->counts.sessions++;
	smtpsession_connect(conversation->session, address, name, name_state);
	inquiry_client(conversation->inquiry, address != NULL && *address != '\0' ? address : NULL);
	if (rules != NULL)
		rules_foresee(rules, smtpsession_envelope(conversation->session), &asker);
}

bool conversation_mail(struct conversation *conversation, const char *sender, const char *auth)
{
	inquiry_message(conversation->inquiry);
	return smtpsession_mail(conversation->session, sender, auth);
}

void conversation_note(const struct conversation *conversation, const char *what,
    const char *recipient, const char *reply)
{
	struct rules_envelope envelope = *smtpsession_envelope(conversation->session);
	const struct attempt attempt = { .what = what, .envelope = &envelope, .reply = reply };
	size_t size = recipient != NULL ? strlen(recipient) : 0;
	char line[ATTEMPTS_LINE_SIZE], *bare = NULL;

	if (size >= 2 && recipient[0] == '<' && recipient[size - 1] == '>')
		bare = strndup(recipient + 1, size - 2);
	envelope.recipient = bare != NULL ? bare : recipient;
	attempts_line(line, &attempt);
	log_say(LOG_INFO, "%s", line);
	free(bare);
}

struct smtpsession *conversation_session(const struct conversation *conversation)
{
	return conversation->session;
}

struct conversation *conversation_new(struct guard *guard, const struct smtpsession_policy *policy,
    conversation_done *done, void *arg)
{
	struct conversation *conversation = calloc(1, sizeof *conversation);

	if (conversation == NULL)
		return NULL;
	conversation->guard = guard;
	conversation->done = done;
	conversation->arg = arg;
	conversation->waiter.again = on_news;
	conversation->waiter.arg = conversation;
	conversation->session = smtpsession_new(policy);
	conversation->inquiry = inquiry_new(&guard->sources, on_answer, conversation);
	conversation->timer = loop_timer_new(guard->loop, on_timer, conversation);
	if (conversation->session != NULL && conversation->inquiry != NULL &&
	    conversation->timer != NULL)
		return conversation;
	conversation_free(conversation);
	return NULL;
}

void conversation_free(struct conversation *conversation)
{
	if (conversation == NULL)
		return;
	end_pause(conversation);
	waiting_end(&conversation->waiter);
	loop_timer_free(conversation->timer);
	inquiry_free(conversation->inquiry);
	smtpsession_free(conversation->session);
	free(conversation->verdict);
	free(conversation);
}
