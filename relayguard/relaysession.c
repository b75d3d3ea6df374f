/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relaysession.c - whether a client may relay, see relaysession.h
 *
 * Owns: waiting, DATABASE_FRESH_MS at most, for the copy of a database that has
 * just changed.
 */
#include "relaysession.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "database.h"
#include "guard.h"
#include "loop.h"
#include "policyservice.h"
#include "policystream.h"

struct relaysession {
	struct guard *guard;
	struct stream *stream;
	struct policyservice *service;
	struct waiter waiter;
	struct loop_timer *timer;
	int64_t since_ms; /* when the request under way came; 0: there is none */
	bool waits;
	enum rules_answer found; /* about the client of this request */
};

static enum rules_answer look_up(const struct relaysession *session, const char *address)
{
	return database_entry(session->guard->sources.database, address, (int64_t)time(NULL),
	    session->since_ms, clock_monotonic_ms());
}

/* What was found for this request.  Not another look: a login that comes
 * between two would make the second pending, and refuse a client with an entry.
 */
static enum rules_answer entry(const char *address, void *arg)
{
	const struct relaysession *session = arg;

	(void)address;
	return session->found;
}

/* Is the database being copied again?  Requests that say nothing about an entry
 * need not wait for it. */
static bool must_wait(struct relaysession *session)
{
	const char *address = policyservice_get(session->service, "client_address");
	const char *state = policyservice_get(session->service, "protocol_state");

	session->found = RULES_NO;
	if (policyservice_odd(session->service) == NULL && address != NULL && state != NULL &&
	    strcmp(state, "RCPT") == 0)
		session->found = look_up(session, address);
	return session->found == RULES_PENDING;
}

static void answer(struct relaysession *session)
{
	const char *odd = policyservice_odd(session->service);

	if (odd != NULL)
		policystream_odd(
		    session->guard, GUARD_RELAY, session->stream, "answered DUNNO", odd);
	if (policyservice_relay(session->service, entry, session))
		session->guard->counts.relay_ok++;
	else
		session->guard->counts.relay_dunno++;
}

static void wait_for_copy(struct relaysession *session)
{
	int64_t left = session->since_ms + DATABASE_FRESH_MS - clock_monotonic_ms();

	session->waits = true;
	waiting_begin(session->guard->waiting, &session->waiter);
	loop_timer_set(session->timer, left > 0 ? left : 0);
	stream_hold(session->stream, true);
}

static void pump(struct relaysession *session)
{
	enum policy_status status = POLICY_REQUEST;

	while (status == POLICY_REQUEST && !session->waits) {
		status = policyservice_next(session->service);
		if (status != POLICY_REQUEST)
			break;
		if (session->since_ms == 0)
			session->since_ms = clock_monotonic_ms();
		if (must_wait(session)) {
			wait_for_copy(session);
			break;
		}
		answer(session);
		session->since_ms = 0;
	}
	policystream_flush(session->stream, session->service);
	if (status == POLICY_BROKEN)
		policystream_give_up(session->guard, GUARD_RELAY, session->stream);
}

static void look_again(void *arg)
{
	struct relaysession *session = arg;

	if (!session->waits)
		return;
	session->waits = false;
	waiting_end(&session->waiter);
	loop_timer_stop(session->timer);
	pump(session);
	if (!session->waits)
		stream_hold(session->stream, false);
}

/* ---- the connection ---- */

static void unmake(struct relaysession *session)
{
	waiting_end(&session->waiter);
	loop_timer_free(session->timer);
	policyservice_free(session->service);
	free(session);
}

static void *on_opened(struct stream *stream, void *arg)
{
	struct relaysession *session = calloc(1, sizeof *session);
	struct guard *guard = arg;

	if (session == NULL)
		return NULL;
	session->guard = guard;
	session->stream = stream;
	session->waiter.again = look_again;
	session->waiter.arg = session;
	session->service = policyservice_new();
	session->timer = loop_timer_new(guard->loop, look_again, session);
	if (session->service != NULL && session->timer != NULL) {
		guard->counts.connections[GUARD_RELAY]++;
		return session;
	}
	unmake(session);
	return NULL;
}

static size_t on_input(struct stream *stream, const char *bytes, size_t size, void *arg)
{
	struct relaysession *session = arg;
	size_t taken = 0, now = 1;

	(void)stream;
	while (taken < size && now > 0 && !session->waits) {
		now = policyservice_input(session->service, bytes + taken, size - taken);
		taken += now;
		pump(session);
	}
	return taken;
}

static void on_closed(enum stream_end why, void *arg)
{
	(void)why;
	unmake(arg);
}

const struct stream_handler relaysession_handler = { on_opened, on_input, NULL, on_closed };
