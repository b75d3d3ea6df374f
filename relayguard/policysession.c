/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policysession.c - the rules by the policy protocol, see policysession.h
 *
 * Owns: which requests belong to one client's session (its address and port)
 * and to one message (the attribute instance), though they come by several
 * connections. Limit: Postfix does not say why a client has no name, so whether
 * it has none, or a forged one, is not known here.
 */
#include "policysession.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conversation.h"
#include "guard.h"
#include "policyservice.h"
#include "policystream.h"

#define INSTANCE_SIZE 128

struct policysession {
	struct guard *guard;
	struct stream *stream;
	struct policyservice *service;
	struct conversation *conversation;
	char *client, *instance; /* of the last request */
	bool in_pump;
};

static void pump(struct policysession *session);

static void on_verdict(const struct smtpsession_verdict *verdict, void *arg)
{
	struct policysession *session = arg;
	struct smtpsession *smtp = conversation_session(session->conversation);
	const char *tag = NULL;

	if (verdict->kind == SMTPSESSION_ACCEPT)
		tag = smtpsession_take_tag(smtp);
	if (verdict->kind == SMTPSESSION_REFUSE)
		policyservice_refuse(session->service, verdict->reply, verdict->close);
	else if (tag != NULL)
		policyservice_prepend(session->service, session->guard->conf->tag_header, tag);
	else
		policyservice_pass(session->service);
	if (session->in_pump)
		return;
	pump(session);
	if (!conversation_waits(session->conversation))
		stream_hold(session->stream, false);
}

/* ---- requests ---- */

static const char *value_of(const struct policysession *session, const char *name)
{
	const char *value = policyservice_get(session->service, name);

	return value != NULL ? value : "";
}

/* Is *KEPT what it was?  It becomes VALUE.  Without memory nothing is as it
 * was. */
static bool stays(char **kept, const char *value)
{
	bool same = *kept != NULL && strcmp(*kept, value) == 0;

	if (same)
		return true;
	free(*kept);
	*kept = strdup(value);
	return false;
}

/* One client's session has one address and port; a server that does not tell
 * the port has one session a message. */
static bool same_client(struct policysession *session)
{
	const char *port = value_of(session, "client_port"), *other;
	char client[200];
	int size;

	other = *port != '\0' ? port : value_of(session, "instance");
	size = snprintf(
	    client, sizeof client, "%.80s %.100s", value_of(session, "client_address"), other);
	if (size < 0 || *other == '\0' || (size_t)size >= sizeof client)
		client[0] = '\0';
	return stays(&session->client, client) && *client != '\0';
}

static void take_client(struct policysession *session)
{
	const char *name = value_of(session, "client_name");
	bool named = *name != '\0' && strcmp(name, "unknown") != 0;

	conversation_connect(session->conversation, value_of(session, "client_address"),
	    named ? name : NULL, named ? RULES_NAME_CONFIRMED : RULES_NAME_UNKNOWN);
}

/* A client that this connection has not seen before: another may have. */
static void take_past(struct policysession *session)
{
	struct past past;

	if (pasts_find(session->guard->pasts, session->client != NULL ? session->client : "",
		session->instance != NULL ? session->instance : "", clock_monotonic_ms(), &past))
		smtpsession_continue(conversation_session(session->conversation), &past);
}

static void keep_past(const struct policysession *session)
{
	struct past past;

	if (session->client == NULL || session->instance == NULL)
		return;
	past = smtpsession_past(conversation_session(session->conversation));
	pasts_keep(
	    session->guard->pasts, session->client, session->instance, &past, clock_monotonic_ms());
}

static void take_rcpt(struct policysession *session)
{
	const char *given = value_of(session, "instance");
	/* Postfix' and Exim's have some dozen bytes */
	const char *instance = strlen(given) < INSTANCE_SIZE ? given : "";
	char *sender = policyservice_path(session->service, "sender");
	char *recipient = policyservice_path(session->service, "recipient");
	bool same = same_client(session);
	bool goes_on = true;

	if (!same)
		take_client(session);
	if (!stays(&session->instance, instance) || *instance == '\0' || !same)
		goes_on = conversation_mail(session->conversation, sender != NULL ? sender : "",
		    value_of(session, "sasl_username"));
	if (!same)
		take_past(session);
	if (sender == NULL || recipient == NULL)
		policyservice_refuse(
		    session->service, "451 4.3.0 out of memory; please try again later", false);
	else if (goes_on)
		conversation_rcpt(session->conversation, recipient);
	else
		policyservice_refuse(session->service, smtpsession_closing(), true);
	free(sender);
	free(recipient);
}

static void take_request(struct policysession *session)
{
	const char *odd = policyservice_unreadable(session->service);

	if (odd != NULL) {
		policystream_odd(
		    session->guard, GUARD_POLICY, session->stream, "not looked at", odd);
		policyservice_pass(session->service);
	} else if (strcmp(value_of(session, "protocol_state"), "RCPT") != 0) {
		policyservice_pass(session->service);
	} else {
		take_rcpt(session);
	}
}

static void pump(struct policysession *session)
{
	enum policy_status status = POLICY_REQUEST;

	session->in_pump = true;
	while (status == POLICY_REQUEST && !conversation_waits(session->conversation)) {
		status = policyservice_next(session->service);
		if (status == POLICY_REQUEST)
			take_request(session);
	}
	session->in_pump = false;
	policystream_flush(session->stream, session->service);
	if (status == POLICY_BROKEN)
		policystream_give_up(session->guard, GUARD_POLICY, session->stream);
}

/* ---- the connection ---- */

static void unmake(struct policysession *session)
{
	conversation_free(session->conversation);
	policyservice_free(session->service);
	free(session->client);
	free(session->instance);
	free(session);
}

static void *on_opened(struct stream *stream, void *arg)
{
	struct policysession *session = calloc(1, sizeof *session);
	struct guard *guard = arg;

	if (session == NULL)
		return NULL;
	session->guard = guard;
	session->stream = stream;
	session->service = policyservice_new();
	session->conversation = conversation_new(guard, &guard->by_policy, on_verdict, session);
	if (session->service != NULL && session->conversation != NULL) {
		guard->counts.connections[GUARD_POLICY]++;
		return session;
	}
	unmake(session);
	return NULL;
}

static size_t on_input(struct stream *stream, const char *bytes, size_t size, void *arg)
{
	struct policysession *session = arg;
	size_t taken = 0, now = 1;

	while (taken < size && now > 0 && !conversation_waits(session->conversation)) {
		now = policyservice_input(session->service, bytes + taken, size - taken);
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
	keep_past(arg);
	unmake(arg);
}

const struct stream_handler policysession_handler = { on_opened, on_input, NULL, on_closed };
