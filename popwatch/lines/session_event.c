/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session_event.c - what an event does to the entries behind session.h
 */
#include "session.h"

#include <string.h>

#include "layout.h"
#include "session_key.h"
#include "session_table.h"

#define LOGOUTS_KNOWN (30 * 86400) /* seconds that a logout proves that there are logouts */
#define ENDED_KNOWN 60 /* seconds that a login may be logged after its logout */

/* The address that the line itself has; false if there is none, or if it is no
 * address. */
static bool own_address(struct event *event)
{
	const struct span *ip = &event->captures->ip;
	char text[RELAYDB_ADDRSTRLEN];

	*event->address = '\0';
	if (ip->text == NULL || ip->size >= sizeof text)
		return false;
	memcpy(text, ip->text, ip->size);
	text[ip->size] = '\0';
	return relaydb_address(text, event->address) == RELAYDB_OK;
}

static void take_connect(struct sessions *sessions, struct event *event)
{
	char key[SESSION_KEY_MAX];

	if (own_address(event) && session_connection_key(event, key))
		session_put(
		    sessions, key, event->address, event->when, event->when + sessions->join_max);
	/* a client that connects has proved nothing: its address must not get
	 * any further */
	*event->address = '\0';
}

/* The address of the login's connection, which is then used up: another login
 * of this process needs another connection. */
static bool joined_address(struct sessions *sessions, struct event *event)
{
	char key[SESSION_KEY_MAX];
	struct session *session;

	if (event->definition->shared_logger || !session_connection_key(event, key))
		return false;
	session = session_find(sessions, key);
	if (session == NULL)
		return false;
	if (event->when <= session->until)
		memcpy(event->address, session->address, sizeof event->address);
	session_drop(sessions, session);
	return *event->address != '\0';
}

/* The connection of this process has ended: who has its number next is somebody
 * else. */
static void end_connection(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX];
	struct session *session;

	if (!session_connection_key(event, key))
		return;
	session = session_find(sessions, key);
	if (session != NULL)
		session_drop(sessions, session);
}

bool sessions_connected(const struct sessions *sessions, struct event *event)
{
	const struct session *session;
	char key[SESSION_KEY_MAX];

	if (!event->definition->shared_logger || !session_connection_key(event, key))
		return false;
	session = session_find(sessions, key);
	return session != NULL && event->when <= session->until && own_address(event) &&
	       strcmp(event->address, session->address) == 0;
}

/* Many servers log a logout in some versions and set-ups alone.  Where none
 * was ever seen, a login must not count as open. */
static bool logs_logouts(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX];

	return session_mark_key(event, key) && session_find(sessions, key) != NULL;
}

static void note_logout(struct sessions *sessions, const struct event *event)
{
	const struct session *known;
	char key[SESSION_KEY_MAX];

	if (!session_mark_key(event, key))
		return;
	known = session_find(sessions, key);
	if (known == NULL || known->until - event->when < LOGOUTS_KNOWN / 2)
		session_put(sessions, key, "", event->when, event->when + LOGOUTS_KNOWN);
}

/* One process may log a login, another its logout, and the second may be first,
 * as Dovecot's are on a busy host: such a login is not open. */
static void note_ended(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX];

	if (event->role == ROLE_LOGOUT && session_ended_key(event, key))
		session_put(sessions, key, "", event->when, event->when + ENDED_KNOWN);
}

static bool has_ended(const struct sessions *sessions, const struct event *event)
{
	const struct session *ended;
	char key[SESSION_KEY_MAX];

	if (!session_ended_key(event, key))
		return false;
	ended = session_find(sessions, key);
	return ended != NULL && event->when <= ended->until;
}

static bool take_login(struct sessions *sessions, struct event *event)
{
	int64_t bound =
	    bound_of(event->definition->bounds, event->captures->kind, event->header->tag);
	int64_t max = session_open_max(sessions, bound);
	char key[SESSION_KEY_MAX];

	/* a line that has an address, though none that we can read, must not
	 * fall back on another one */
	if (event->captures->ip.text != NULL ? !own_address(event)
					     : !joined_address(sessions, event))
		return false;
	if (event->definition->shared_logger)
		end_connection(sessions, event);
	if (max > 0 && event->when >= sessions->boot && logs_logouts(sessions, event) &&
	    !has_ended(sessions, event) && session_open_key(event, key))
		session_put(sessions, key, event->address, event->when, event->when + max);
	return true;
}

/* Its process has begun another connection, or has refused a login: the user
 * who logged in there before has gone, though no line says so. */
static void end_process(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX];
	struct session *session = NULL;

	if (event->definition->by_pid && event->captures->session.size == 0 &&
	    session_open_key(event, key))
		session = session_find(sessions, key);
	if (session != NULL)
		session_drop(sessions, session);
}

static bool take_logout(struct sessions *sessions, struct event *event)
{
	char key[SESSION_KEY_MAX];
	struct session *session;

	end_connection(sessions, event);
	if (!session_open_key(event, key))
		return false;
	/* before the search: it may have to make room in the table */
	note_logout(sessions, event);
	session = session_find(sessions, key);
	if (session == NULL) {
		note_ended(sessions, event);
		return false;
	}
	if (event->when <= session->until)
		memcpy(event->address, session->address, sizeof event->address);
	event->seen = session->seen;
	session_drop(sessions, session);
	return *event->address != '\0';
}

static void take_start(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX];
	size_t size;

	if (session_server_key(event, SESSION_OPEN, key, &size))
		session_drop_all(sessions, key, size);
}

bool sessions_take(struct sessions *sessions, struct event *event)
{
	*event->address = '\0';
	switch (event->role) {
	case ROLE_CONNECT:
		end_process(sessions, event);
		take_connect(sessions, event);
		return false;
	case ROLE_LOGIN:
		return take_login(sessions, event);
	case ROLE_FAIL:
		end_process(sessions, event);
		if (event->definition->one_try || event->definition->shared_logger)
			end_connection(sessions, event);
		return false;
	case ROLE_LOGOUT:
		return take_logout(sessions, event);
	case ROLE_START:
		take_start(sessions, event);
		return false;
	default:
		return false;
	}
}

void sessions_take_doubted(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX];
	struct session *session;

	if (event->role == ROLE_START)
		take_start(sessions, event);
	if (event->role == ROLE_NONE || event->role == ROLE_START)
		return;
	if (event->role != ROLE_FAIL || event->definition->one_try ||
	    event->definition->shared_logger)
		end_connection(sessions, event);
	/* a login or a connection of that process or session is another one
	 * than the one that is open */
	if (event->role == ROLE_FAIL || !session_open_key(event, key))
		return;
	session = session_find(sessions, key);
	if (session != NULL)
		session_drop(sessions, session);
	else
		note_ended(sessions, event);
}
