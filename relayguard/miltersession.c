/* SPDX-License-Identifier: BSD-2-Clause
 *
 * miltersession.c - connections of mail servers that speak the milter protocol,
 * see miltersession.h
 *
 * Owns: what each event of the protocol means to a session, and its answer.
 */
#include "miltersession.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "conversation.h"
#include "guard.h"
#include "log.h"
#include "milter.h"

#define TAGS_MAX 100 /* forged fields of one message that are removed */

struct miltersession {
	struct guard *guard;
	struct stream *stream;
	struct milter *milter;
	struct conversation *conversation;
	uint32_t forged; /* fields with the name of our tag */
	bool in_pump; /* an answer that comes now is sent by it */
};

static struct log_limit broken_limit;

/* ---- answers ---- */

static void flush(struct miltersession *session)
{
	size_t size;
	const char *bytes = milter_output(session->milter, &size);

	if (size == 0)
		return;
	stream_send(session->stream, bytes, size);
	milter_sent(session->milter, size);
}

static void go_on_or_close(struct miltersession *session, bool goes_on)
{
	if (goes_on)
		milter_continue(session->milter);
	else
		milter_reply(session->milter, smtpsession_closing());
}

static void pump(struct miltersession *session);

static void on_verdict(const struct smtpsession_verdict *verdict, void *arg)
{
	struct miltersession *session = arg;

	if (verdict->kind == SMTPSESSION_REFUSE)
		milter_reply(session->milter, verdict->reply);
	else
		milter_continue(session->milter);
	if (session->in_pump)
		return;
	pump(session);
	if (!conversation_waits(session->conversation))
		stream_hold(session->stream, false);
}

/* ---- events ---- */

/* {client_resolve}: both mail servers have these words. */
static enum rules_name name_state(const struct milter *milter)
{
	const char *resolve = milter_macro(milter, "client_resolve");

	if (resolve == NULL)
		return RULES_NAME_UNKNOWN;
	if (strcmp(resolve, "OK") == 0)
		return RULES_NAME_CONFIRMED;
	if (strcmp(resolve, "FORGED") == 0)
		return RULES_NAME_FORGED;
	if (strcmp(resolve, "FAIL") == 0)
		return RULES_NAME_NONE;
	return RULES_NAME_UNKNOWN;
}

static void take_connect(struct miltersession *session, const struct milter_event *event)
{
	enum rules_name state = name_state(session->milter);
	const char *name = milter_macro(session->milter, "client_name");
	const char *forged = milter_macro(session->milter, "client_ptr");

	if (state == RULES_NAME_FORGED && forged != NULL)
		name = forged;
	conversation_connect(
	    session->conversation, event->value, name != NULL ? name : event->text, state);
}

/* A recipient that the mail server has refused already: it does not look at our
 * answer. */
static void take_refused(struct miltersession *session, const struct milter_event *event)
{
	const char *status = milter_macro(session->milter, "rcpt_host");
	const char *text = milter_macro(session->milter, "rcpt_addr");

	/* a refusal by policy, RFC 3463 3.8; other recipients do not exist */
	if (status != NULL && strcmp(status + strcspn(status, "."), ".7.1") == 0) {
		session->guard->counts.attempts++;
		if (session->guard->conf->log_attempts)
			conversation_note(session->conversation, "rcpt attempt", event->text,
			    text != NULL ? text : status);
	}
	milter_continue(session->milter);
}

static void take_rcpt(struct miltersession *session, const struct milter_event *event)
{
	const char *mailer = milter_macro(session->milter, "rcpt_mailer");

	if (mailer != NULL && strcmp(mailer, "error") == 0)
		take_refused(session, event);
	else
		conversation_rcpt(session->conversation, event->text);
}

/* sendmail says only how many of a message's recipients it has refused. */
static void note_refused(struct miltersession *session)
{
	const char *number = milter_macro(session->milter, "nbadrcpts");
	char text[80];

	if (number == NULL || strspn(number, "0123456789") != strlen(number) ||
	    strspn(number, "0") == strlen(number) || strlen(number) > 9)
		return;
	session->guard->counts.attempts += strtoul(number, NULL, 10);
	if (!session->guard->conf->log_attempts)
		return;
	snprintf(text, sizeof text, "%s recipients refused by the mail server", number);
	conversation_note(session->conversation, "data attempt", NULL, text);
}

static void take_message(struct miltersession *session)
{
	const char *header = session->guard->conf->tag_header;
	struct smtpsession *smtp = conversation_session(session->conversation);
	const char *tag = smtpsession_tag(smtp);

	for (uint32_t n = session->forged; n > 0; n--)
		milter_remove(session->milter, header, n);
	if (tag != NULL)
		milter_insert(session->milter, header, tag);
	go_on_or_close(session, smtpsession_goes_on(smtp));
	smtpsession_reset(smtp);
}

static void take_header(struct miltersession *session, const struct milter_event *event)
{
	if (strcasecmp(event->text, session->guard->conf->tag_header) == 0 &&
	    session->forged < TAGS_MAX)
		session->forged++;
	if (event->answer)
		milter_continue(session->milter);
}

static void take_end(struct miltersession *session, const struct milter_event *event)
{
	unsigned long kept;

	if (event->kind != MILTER_BROKEN) {
		stream_finish(session->stream);
		return;
	}
	session->guard->counts.odd++;
	if (log_due(&broken_limit, (int64_t)time(NULL), 60, &kept))
		log_say(LOG_WARNING, "milter connection of %s closed: %s (%lu like it before)",
		    stream_peer(session->stream), milter_error(session->milter), kept);
	flush(session);
	stream_close(session->stream);
}

static void take_event(struct miltersession *session, const struct milter_event *event)
{
	const char *auth = milter_macro(session->milter, "auth_authen");
	struct smtpsession *smtp = conversation_session(session->conversation);

	switch (event->kind) {
	case MILTER_CONNECT:
		take_connect(session, event);
		if (event->answer)
			milter_continue(session->milter);
		return;
	case MILTER_MAIL:
		session->forged = 0;
		go_on_or_close(
		    session, conversation_mail(session->conversation, event->text, auth));
		return;
	case MILTER_RCPT:
		take_rcpt(session, event);
		return;
	case MILTER_DATA:
		note_refused(session);
		go_on_or_close(session, smtpsession_goes_on(smtp));
		return;
	case MILTER_UNKNOWN:
		go_on_or_close(session, smtpsession_goes_on(smtp));
		return;
	case MILTER_HEADER:
		take_header(session, event);
		return;
	case MILTER_MESSAGE:
		take_message(session);
		return;
	case MILTER_ABORT:
		smtpsession_reset(smtp);
		return;
	case MILTER_NEXT:
		/* until it says who it is, nobody is known: not this host
		 * either */
		conversation_connect(
		    session->conversation, MILTER_NOBODY, NULL, RULES_NAME_UNKNOWN);
		return;
	case MILTER_QUIT:
	case MILTER_BROKEN:
		take_end(session, event);
		return;
	case MILTER_NOTHING:
		return;
	}
}

/* Everything that waits, up to an answer that is waited for. */
static void pump(struct miltersession *session)
{
	struct milter_event event;

	session->in_pump = true;
	do {
		event = milter_next(session->milter);
		take_event(session, &event);
	} while (event.kind != MILTER_NOTHING && event.kind != MILTER_QUIT &&
		 event.kind != MILTER_BROKEN && !conversation_waits(session->conversation));
	session->in_pump = false;
	flush(session);
}

/* ---- the connection ---- */

static void unmake(struct miltersession *session)
{
	conversation_free(session->conversation);
	milter_free(session->milter);
	free(session);
}

static void *on_opened(struct stream *stream, void *arg)
{
	struct miltersession *session = calloc(1, sizeof *session);
	struct guard *guard = arg;

	if (session == NULL)
		return NULL;
	session->guard = guard;
	session->stream = stream;
	session->milter = milter_new(guard->rules != NULL && rules_uses(guard->rules, RULES_TAG));
	session->conversation = conversation_new(guard, &guard->by_milter, on_verdict, session);
	if (session->milter != NULL && session->conversation != NULL) {
		guard->counts.connections[GUARD_MILTER]++;
		return session;
	}
	unmake(session);
	return NULL;
}

static size_t on_input(struct stream *stream, const char *bytes, size_t size, void *arg)
{
	struct miltersession *session = arg;
	size_t taken = 0, now = 1;

	while (taken < size && now > 0 && !conversation_waits(session->conversation)) {
		now = milter_input(session->milter, bytes + taken, size - taken);
		taken += now;
		pump(session);
	}
	if (conversation_waits(session->conversation))
		stream_hold(stream, true);
	return taken;
}

static void on_closed(enum stream_end why, void *arg)
{
	(void)why;
	unmake(arg);
}

const struct stream_handler miltersession_handler = { on_opened, on_input, NULL, on_closed };
