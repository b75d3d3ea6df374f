/* SPDX-License-Identifier: BSD-2-Clause
 *
 * smtpsession.c - one SMTP session as the rules see it, see smtpsession.h
 */
#include "smtpsession.h"

#include "ipnet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct smtpsession {
	const struct smtpsession_policy *policy;
	struct rules_envelope envelope; /* of the strings below */
	char *address, *name, *auth, *sender, *recipient;
	uint32_t recipients; /* of the session */
	bool asking; /* the recipient was counted and waits for its verdict */
	bool no_memory; /* a part of the envelope is missing */
	bool sender_too_long, recipient_too_long;
	bool counted; /* the message, by the throttle */
	bool closing;
	bool has_tag, tagged;
	char tag[RULES_REPLY_SIZE];
};

struct smtpsession *smtpsession_new(const struct smtpsession_policy *policy)
{
	struct smtpsession *session = calloc(1, sizeof *session);

	if (session != NULL)
		session->policy = policy;
	return session;
}

static void forget(struct smtpsession *session)
{
	free(session->address);
	free(session->name);
	free(session->auth);
	free(session->sender);
	free(session->recipient);
	session->address = session->name = session->auth = NULL;
	session->sender = session->recipient = NULL;
}

void smtpsession_free(struct smtpsession *session)
{
	if (session == NULL)
		return;
	forget(session);
	free(session);
}

/* Replaces *PLACE by a copy of at most SIZE bytes of TEXT; NULL stays NULL. */
static const char *replace(struct smtpsession *session, char **place, const char *text, size_t size)
{
	char *copy = text != NULL ? strndup(text, size) : NULL;

	if (text != NULL && copy == NULL)
		session->no_memory = true;
	free(*place);
	*place = copy;
	return copy;
}

/* Where what the client wrote as a path ends, and parameters may follow: at a
 * blank that is not within < >, quotes or a comment. */
static const char *path_end(const char *text)
{
	bool quoted = false;
	int angle = 0, comment = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0')
			text++;
		else if (comment > 0)
			comment += (*text == '(') - (*text == ')');
		else if (*text == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (*text == '(')
			comment = 1;
		else if (*text == '<')
			angle++;
		else if (*text == '>')
			angle -= angle > 0;
		else if (*text == ' ' && angle == 0)
			return text;
	}
	return text;
}

/* The address of "<a@b> SIZE=9", "a@b" and the like.  What is no path, such as
 * <a@b><c@d>, stays whole: mail servers differ about its address. */
static const char *replace_path(
    struct smtpsession *session, char **place, const char *text, bool *too_long)
{
	const char *end;

	text += strspn(text, " \t");
	end = path_end(text);
	if (*text == '<') {
		text++;
		end -= end > text && end[-1] == '>';
	}
	*too_long = end - text > SMTPSESSION_PATH_MAX;
	if (*too_long)
		end = text + SMTPSESSION_PATH_MAX;
	return replace(session, place, text, (size_t)(end - text));
}

/* Local programs come from a loopback address too: sendmail's submission, a web
 * mailer, a content filter that hands mail back. */
static bool is_loopback(const char *address)
{
	static const unsigned char v6[16] = { [15] = 1 };
	struct ipnet net;

	if (strchr(address, '/') != NULL || !ipnet_parse(address, &net))
		return false;
	return net.family == AF_INET ? net.address[0] == 127 : memcmp(net.address, v6, 16) == 0;
}

void smtpsession_connect(
    struct smtpsession *session, const char *address, const char *name, enum rules_name name_state)
{
	const struct smtpsession_policy *policy = session->policy;

	forget(session);
	*session = (struct smtpsession){ .policy = policy };
	if (address != NULL && *address == '\0')
		address = NULL;
	session->envelope.address =
	    replace(session, &session->address, address, SMTPSESSION_NAME_MAX);
	/* no name of the DNS */
	if (name != NULL && strlen(name) > SMTPSESSION_NAME_MAX)
		name = NULL;
	session->envelope.name = replace(session, &session->name, name, SMTPSESSION_NAME_MAX);
	session->envelope.name_state = name_state;
	session->envelope.local = address == NULL || is_loopback(address);
}

bool smtpsession_mail(struct smtpsession *session, const char *sender, const char *auth)
{
	smtpsession_reset(session);
	session->envelope.sender =
	    replace_path(session, &session->sender, sender, &session->sender_too_long);
	if (auth != NULL && *auth == '\0')
		auth = NULL;
	session->envelope.auth = replace(session, &session->auth, auth, SMTPSESSION_PATH_MAX);
	return smtpsession_goes_on(session);
}

static void refuse(struct smtpsession_verdict *verdict, const char *what, const char *reply)
{
	verdict->kind = SMTPSESSION_REFUSE;
	verdict->what = what;
	snprintf(verdict->reply, sizeof verdict->reply, "%s", reply);
}

/* Which limits count for this client?  Returns false while that is not known.
 * */
static bool find_class(
    const struct smtpsession *session, const struct rules_asker *asker, enum throttle_class *class)
{
	enum rules_answer pop;

	*class = THROTTLE_AUTH;
	if (session->envelope.auth != NULL)
		return true;
	pop = asker->pop != NULL ? asker->pop(asker->arg) : RULES_UNKNOWN;
	*class = pop == RULES_YES ? THROTTLE_POP : THROTTLE_STRANGER;
	return pop != RULES_PENDING;
}

/* Counts the recipient that the rules accept, or refuses it.  Returns false
 * while an answer is pending. */
static bool apply_limits(struct smtpsession *session, const struct rules_asker *asker, int64_t now,
    struct smtpsession_verdict *verdict)
{
	struct throttle *throttle = session->policy->throttle;
	const char *address = session->envelope.address;
	enum throttle_class class;

	if (throttle == NULL || address == NULL || session->envelope.local)
		return true;
	if (!find_class(session, asker, &class))
		return false;
	if ((!session->counted &&
		!throttle_allows(throttle, address, class, THROTTLE_MESSAGES, now)) ||
	    !throttle_allows(throttle, address, class, THROTTLE_RECIPIENTS, now)) {
		refuse(verdict, "rcpt throttle",
		    "450 4.7.1 too much mail from your address for now; please try again later");
		verdict->pause_ms = session->policy->delay_ms;
		return true;
	}
	if (!session->counted)
		throttle_count(throttle, address, class, THROTTLE_MESSAGES, now);
	session->counted = true;
	throttle_count(throttle, address, class, THROTTLE_RECIPIENTS, now);
	return true;
}

static void take_tag(struct smtpsession *session, const char *text)
{
	if (session->has_tag || session->tagged)
		return;
	session->has_tag = true;
	snprintf(session->tag, sizeof session->tag, "%s", text);
}

/* The rules' word.  Returns false while an answer is pending. */
static bool apply_rules(struct smtpsession *session, const struct rules_asker *asker,
    struct smtpsession_verdict *verdict)
{
	const struct smtpsession_policy *policy = session->policy;
	struct rules_decision *decision = &verdict->decision;

	if (policy->rules == NULL)
		return true;
	if (!rules_decide(
		policy->rules, &session->envelope, asker, &policy->options, NULL, NULL, decision))
		return false;
	if (decision->action == RULES_NOTO || decision->action == RULES_DENY) {
		const char *what = decision->deferred               ? "rcpt defer"
				   : decision->action == RULES_DENY ? "rcpt deny"
								    : "rcpt noto";

		refuse(verdict, what, decision->reply);
		verdict->close = session->closing = decision->action == RULES_DENY;
	}
	if (decision->delayed)
		verdict->pause_ms = policy->delay_ms;
	return true;
}

/* A verdict is there: the pause before it, the tag. */
static void finish(struct smtpsession *session, struct smtpsession_verdict *verdict)
{
	const struct smtpsession_policy *policy = session->policy;

	session->asking = false;
	if (verdict->kind == SMTPSESSION_ACCEPT && verdict->decision.action == RULES_TAG) {
		verdict->what = "rcpt tag";
		take_tag(session, verdict->decision.reply);
	}
	if (session->envelope.address != NULL)
		verdict->pause_ms =
		    tarpit_ms(&policy->tarpit, session->envelope.local ? 0 : session->recipients,
			verdict->pause_ms, policy->within_ms);
	else
		verdict->pause_ms = 0;
}

void smtpsession_rcpt(struct smtpsession *session, const char *recipient,
    const struct rules_asker *asker, int64_t now, struct smtpsession_verdict *verdict)
{
	*verdict = (struct smtpsession_verdict){ .kind = SMTPSESSION_ACCEPT, .what = "rcpt allow" };
	if (!session->asking) {
		session->envelope.recipient = replace_path(
		    session, &session->recipient, recipient, &session->recipient_too_long);
		if (session->recipients < UINT32_MAX)
			session->recipients++;
		session->asking = true;
	}
	if (session->closing) {
		refuse(verdict, "rcpt closing", smtpsession_closing());
		verdict->close = true;
	} else if (session->no_memory) {
		refuse(verdict, "rcpt defer", "451 4.3.0 out of memory; please try again later");
	} else if (session->sender_too_long || session->recipient_too_long) {
		refuse(verdict, "rcpt noto", "553 5.1.0 the address is too long");
	} else if (!apply_rules(session, asker, verdict) ||
		   (verdict->kind == SMTPSESSION_ACCEPT &&
		       !apply_limits(session, asker, now, verdict))) {
		verdict->kind = SMTPSESSION_WAIT;
		return;
	}
	finish(session, verdict);
}

bool smtpsession_goes_on(const struct smtpsession *session)
{
	return !session->closing;
}

const char *smtpsession_closing(void)
{
	return "421 4.7.0 closing the session, as the last reply said";
}

const char *smtpsession_tag(const struct smtpsession *session)
{
	return session->has_tag ? session->tag : NULL;
}

const char *smtpsession_take_tag(struct smtpsession *session)
{
	if (!session->has_tag)
		return NULL;
	session->has_tag = false;
	session->tagged = true;
	return session->tag;
}

void smtpsession_reset(struct smtpsession *session)
{
	free(session->recipient);
	free(session->sender);
	session->recipient = session->sender = NULL;
	session->envelope.recipient = session->envelope.sender = NULL;
	session->asking = session->counted = session->has_tag = session->tagged = false;
}

struct past smtpsession_past(const struct smtpsession *session)
{
	return (struct past){ .recipients = session->recipients,
		.counted = session->counted,
		.tagged = session->tagged };
}

void smtpsession_continue(struct smtpsession *session, const struct past *past)
{
	session->recipients = past->recipients;
	session->counted = past->counted;
	session->tagged = past->tagged;
}

const struct rules_envelope *smtpsession_envelope(const struct smtpsession *session)
{
	return &session->envelope;
}
