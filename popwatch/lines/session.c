/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session.c - what belongs together over several lines, see session.h
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "session_key.h"
#include "table.h"

#define ROOM_EVERY 60 /* seconds */
#define LOGOUTS_KNOWN (30 * 86400) /* seconds that a logout proves that there are logouts */

/* An entry; its key is of session_key.h. */
struct session {
	char *key;
	char address[RELAYDB_ADDRSTRLEN];
	int64_t since; /* the line that made it */
	int64_t seen; /* when its address was last recorded */
	int64_t until; /* when it is too old */
	UT_hash_handle hh; /* in the order of their making: the first is the oldest */
};

/* Anybody can connect, so connections have a table of their own: they push out each other, never what a login has made. */
enum { CONNECTIONS, LOGINS, TABLES };

struct sessions {
	struct session *tables[TABLES];
	int64_t swept; /* by the times of lines: when a full table was last rid of what is too old */
	size_t limit; /* of each */
	int64_t join_max;
	int64_t session_max;
	int64_t boot;
	uint64_t dropped;
	bool changed;
};

struct sessions *sessions_new(size_t limit, int64_t join_max, int64_t session_max)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);

	if (sessions != NULL)
		*sessions = (struct sessions){ .limit = limit / TABLES, .join_max = join_max, .session_max = session_max };
	return sessions;
}

void sessions_configure(struct sessions *sessions, int64_t join_max, int64_t session_max)
{
	sessions->join_max = join_max;
	sessions->session_max = session_max;
}

static struct session **table_of(struct sessions *sessions, const char *key)
{
	return &sessions->tables[*key == SESSION_CONNECTION ? CONNECTIONS : LOGINS];
}

static void drop_from(struct sessions *sessions, struct session **table, struct session *session)
{
	HASH_DEL(*table, session);
	free(session->key);
	free(session);
	sessions->changed = true;
}

static void drop(struct sessions *sessions, struct session *session)
{
	drop_from(sessions, table_of(sessions, session->key), session);
}

void sessions_free(struct sessions *sessions)
{
	struct session *session, *next;

	for (int i = 0; sessions != NULL && i < TABLES; i++) {
		HASH_ITER(hh, sessions->tables[i], session, next)
		{
			drop_from(sessions, &sessions->tables[i], session);
		}
	}
	free(sessions);
}

/* ---- entries ---- */

static struct session *find(const struct sessions *sessions, const char *key)
{
	struct session *session;

	HASH_FIND_STR(sessions->tables[*key == SESSION_CONNECTION ? CONNECTIONS : LOGINS], key, session);
	return session;
}

/* Makes room in the table that this key belongs to: what is too old goes first, but not at every line of a log that
 * is caught up with: a look at all the entries is once a minute of the log's time. */
static void make_room(struct sessions *sessions, const char *key, int64_t now)
{
	struct session **table = table_of(sessions, key);

	if (HASH_COUNT(*table) >= sessions->limit && now >= sessions->swept + ROOM_EVERY) {
		sessions->swept = now;
		sessions_sweep(sessions, now);
	}
	if (*table != NULL && HASH_COUNT(*table) >= sessions->limit) {
		drop_from(sessions, table, *table);
		sessions->dropped++;
	}
}

/* Puts a new entry in, in place of one with this key.  Without memory there is none: its login is not followed. */
static struct session *put(struct sessions *sessions, const char *key, const char *address, int64_t since, int64_t until)
{
	struct session *session = find(sessions, key), **table = table_of(sessions, key);

	if (session != NULL)
		drop(sessions, session);
	make_room(sessions, key, since);
	if ((session = calloc(1, sizeof *session)) == NULL || (session->key = strdup(key)) == NULL) {
		free(session);
		return NULL;
	}
	memcpy(session->address, address, strlen(address) + 1);
	session->since = session->seen = since;
	session->until = until;
	HASH_ADD_KEYPTR(hh, *table, session->key, strlen(session->key), session);
	if (!TABLE_HAS(session)) {
		free(session->key);
		free(session);
		return NULL;
	}
	sessions->changed = true;
	return session;
}

/* ---- events ---- */

/* The address that the line itself has; false if there is none, or if it is no address. */
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
	char key[SESSION_KEY_MAX] = "";

	if (own_address(event) && session_connection_key(event, key))
		put(sessions, key, event->address, event->when, event->when + sessions->join_max);
	/* a client that connects has proved nothing: its address must not get any further */
	*event->address = '\0';
}

/* The address of the login's connection, which is then used up: another login of this process needs another connection. */
static bool joined_address(struct sessions *sessions, struct event *event)
{
	char key[SESSION_KEY_MAX] = "";
	struct session *session;

	if (event->server->shared_logger || !session_connection_key(event, key) || (session = find(sessions, key)) == NULL)
		return false;
	if (event->when <= session->until)
		memcpy(event->address, session->address, sizeof event->address);
	drop(sessions, session);
	return *event->address != '\0';
}

/* The connection of this process has ended: who has its number next is somebody else. */
static void end_connection(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX] = "";
	struct session *session;

	if (session_connection_key(event, key) && (session = find(sessions, key)) != NULL)
		drop(sessions, session);
}

bool sessions_connected(const struct sessions *sessions, struct event *event)
{
	const struct session *session;
	char key[SESSION_KEY_MAX] = "";

	return event->server->shared_logger && session_connection_key(event, key) && (session = find(sessions, key)) != NULL &&
	       event->when <= session->until && own_address(event) && strcmp(event->address, session->address) == 0;
}

/* Many servers tell a logout in some versions and set-ups alone.  Where none was ever seen, a login must not count as open. */
static bool tells_logouts(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX] = "";

	return session_mark_key(event, key) && find(sessions, key) != NULL;
}

static void note_logout(struct sessions *sessions, const struct event *event)
{
	const struct session *known;
	char key[SESSION_KEY_MAX] = "";

	if (!session_mark_key(event, key))
		return;
	known = find(sessions, key);
	if (known == NULL || known->until - event->when < LOGOUTS_KNOWN / 2)
		put(sessions, key, "", event->when, event->when + LOGOUTS_KNOWN);
}

/* Seconds that a connection with this BOUND of its definition (0: none) may stay open; 0:
 * it is not followed. */
static int64_t open_max(const struct sessions *sessions, int64_t bound)
{
	return bound != 0 && bound < sessions->session_max ? bound : sessions->session_max;
}

static bool take_login(struct sessions *sessions, struct event *event)
{
	int64_t bound = bound_of(event->server->bounds, event->captures->kind, event->header->tag);
	int64_t max = open_max(sessions, bound);
	char key[SESSION_KEY_MAX] = "";

	/* a line that has an address, though none that we can read, must not fall back on another one */
	if (event->captures->ip.text != NULL ? !own_address(event) : !joined_address(sessions, event))
		return false;
	if (event->server->shared_logger)
		end_connection(sessions, event);
	if (max > 0 && event->when >= sessions->boot && tells_logouts(sessions, event) && session_open_key(event, key))
		put(sessions, key, event->address, event->when, event->when + max);
	return true;
}

/* Its process has begun another connection, or has refused a login: whoever logged in
 * there before has gone, though no line says so. */
static void end_process(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX] = "";
	struct session *session = NULL;

	if (event->server->by_pid && event->captures->session.size == 0 && session_open_key(event, key))
		session = find(sessions, key);
	if (session != NULL)
		drop(sessions, session);
}

static bool take_logout(struct sessions *sessions, struct event *event)
{
	char key[SESSION_KEY_MAX] = "";
	struct session *session;

	end_connection(sessions, event);
	if (!session_open_key(event, key))
		return false;
	note_logout(sessions, event);
	if ((session = find(sessions, key)) == NULL)
		return false;
	if (event->when <= session->until)
		memcpy(event->address, session->address, sizeof event->address);
	drop(sessions, session);
	return *event->address != '\0';
}

static void take_start(struct sessions *sessions, const struct event *event)
{
	struct session *session, *next;
	char key[SESSION_KEY_MAX] = "";
	size_t size;

	if (!session_server_key(event, SESSION_OPEN, key, &size))
		return;
	HASH_ITER(hh, sessions->tables[LOGINS], session, next)
	{
		if (strncmp(session->key, key, size) == 0 && session->key[size] == ' ')
			drop(sessions, session);
	}
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
		if (event->server->one_try || event->server->shared_logger)
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

void sessions_end(struct sessions *sessions, const struct event *event)
{
	char key[SESSION_KEY_MAX] = "";
	struct session *session;

	if (event->role == ROLE_START)
		take_start(sessions, event);
	if (event->role == ROLE_NONE || event->role == ROLE_START)
		return;
	if (event->role != ROLE_FAIL || event->server->one_try || event->server->shared_logger)
		end_connection(sessions, event);
	/* a login or a connection of that process or session is another one than the one that is open */
	if (event->role != ROLE_FAIL && session_open_key(event, key) && (session = find(sessions, key)) != NULL)
		drop(sessions, session);
}

/* ---- time ---- */

void sessions_sweep(struct sessions *sessions, int64_t now)
{
	struct session *session, *next;

	for (int i = 0; i < TABLES; i++) {
		HASH_ITER(hh, sessions->tables[i], session, next)
		{
			if (session->until < now)
				drop_from(sessions, &sessions->tables[i], session);
		}
	}
}

void sessions_refresh(
    struct sessions *sessions, int64_t now, int64_t every, void (*each)(const char *address, void *arg), void *arg)
{
	struct session *session, *next;

	HASH_ITER(hh, sessions->tables[LOGINS], session, next)
	{
		if (*session->key != SESSION_OPEN || now - session->seen < every)
			continue;
		each(session->address, arg);
		session->seen = now;
		sessions->changed = true;
	}
}

void sessions_forget(struct sessions *sessions, int64_t boot)
{
	struct session *session, *next;

	sessions->boot = boot;
	for (int i = 0; i < TABLES; i++) {
		HASH_ITER(hh, sessions->tables[i], session, next)
		{
			if (*session->key != SESSION_MARK)
				drop_from(sessions, &sessions->tables[i], session);
		}
	}
}

/* Returns false if there is no reason any more to have it in the table. */
static bool limit_login(const struct sessions *sessions, struct session *session, const struct server *servers)
{
	const struct server *server = servers;
	int64_t max;

	while (server != NULL && !session_key_is_of(session->key, server->name))
		server = server->next;
	if (server == NULL || *session->key == SESSION_MARK)
		return server != NULL;
	max = open_max(sessions, bound_longest(server->bounds));
	if (session->until - session->since > max)
		session->until = session->since + max;
	return max > 0;
}

void sessions_limit(struct sessions *sessions, const struct server *servers)
{
	struct session *session, *next;

	for (session = sessions->tables[CONNECTIONS]; session != NULL; session = session->hh.next) {
		if (session->until - session->since > sessions->join_max)
			session->until = session->since + sessions->join_max;
	}
	HASH_ITER(hh, sessions->tables[LOGINS], session, next)
	{
		if (!limit_login(sessions, session, servers))
			drop_from(sessions, &sessions->tables[LOGINS], session);
	}
	sessions->changed = true;
}

size_t sessions_count(const struct sessions *sessions)
{
	return (size_t)HASH_COUNT(sessions->tables[CONNECTIONS]) + HASH_COUNT(sessions->tables[LOGINS]);
}

uint64_t sessions_dropped(const struct sessions *sessions)
{
	return sessions->dropped;
}

bool sessions_changed(struct sessions *sessions)
{
	return sessions->changed;
}

/* ---- the state file ---- */

void sessions_save(struct sessions *sessions, FILE *out)
{
	const struct session *session;

	for (int i = 0; i < TABLES; i++) {
		for (session = sessions->tables[i]; session != NULL; session = session->hh.next)
			fprintf(out, "session %lld %lld %lld %s %s\n", (long long)session->since, (long long)session->seen,
			    (long long)session->until, *session->address != '\0' ? session->address : "-", session->key);
	}
	sessions->changed = false;
}

bool sessions_restore(struct sessions *sessions, const char *line)
{
	struct session_saved saved;
	struct session *session;

	if (!session_parse(line, &saved))
		return false;
	if (sessions == NULL)
		return true;
	session = put(sessions, saved.key, saved.address, saved.since, saved.until);
	if (session != NULL)
		session->seen = saved.seen;
	return true;
}
