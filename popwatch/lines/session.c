/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session.c - what belongs together over several lines, see session.h: the
 * entries
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "session_key.h"
#include "session_table.h"

#define ROOM_EVERY 60 /* seconds */

struct sessions *sessions_new(size_t limit, int64_t join_max, int64_t session_max)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);

	if (sessions != NULL)
		*sessions = (struct sessions){
			.limit = limit / TABLES, .join_max = join_max, .session_max = session_max
		};
	return sessions;
}

void sessions_configure(struct sessions *sessions, int64_t join_max, int64_t session_max)
{
	sessions->join_max = join_max;
	sessions->session_max = session_max;
}

int64_t session_open_max(const struct sessions *sessions, int64_t bound)
{
	return bound != 0 && bound < sessions->session_max ? bound : sessions->session_max;
}

static struct session **table_of(struct sessions *sessions, const char *key)
{
	return &sessions->tables[*key == SESSION_CONNECTION ? CONNECTIONS : LOGINS];
}

/* Does the entry of KEY only say something about logins? */
static bool is_note(const char *key)
{
	return *key == SESSION_ENDED || *key == SESSION_MARK;
}

static void drop_from(struct sessions *sessions, struct session **table, struct session *session)
{
	HASH_DEL(*table, session);
	if (is_note(session->key))
		sessions->notes--;
	free(session);
	sessions->changed = true;
}

void session_drop(struct sessions *sessions, struct session *session)
{
	drop_from(sessions, table_of(sessions, session->key), session);
}

void session_drop_all(struct sessions *sessions, const char *key, size_t size)
{
	struct session *session, *next;

	HASH_ITER(hh, sessions->tables[LOGINS], session, next)
	{
		if (strncmp(session->key, key, size) == 0 && session->key[size] == ' ')
			session_drop(sessions, session);
	}
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

struct session *session_find(const struct sessions *sessions, const char *key)
{
	struct session *session;

	HASH_FIND_STR(
	    sessions->tables[*key == SESSION_CONNECTION ? CONNECTIONS : LOGINS], key, session);
	return session;
}

/* Makes room in the table that this key belongs to: what is too old goes first,
 * but not at every line of a log that is caught up with: a look at all the
 * entries is once a minute of the log's time. */
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

struct session *session_put(
    struct sessions *sessions, const char *key, const char *address, int64_t since, int64_t until)
{
	struct session **table = table_of(sessions, key), *session;
	size_t size = strlen(key);
	unsigned sum;

	HASH_VALUE(key, size, sum);
	HASH_FIND_BYHASHVALUE(hh, *table, key, size, sum, session);
	if (session != NULL)
		session_drop(sessions, session);
	make_room(sessions, key, since);
	session = malloc(sizeof *session + size + 1);
	if (session == NULL)
		return NULL;
	memcpy(session->key, key, size + 1);
	memcpy(session->address, address, strlen(address) + 1);
	session->since = session->seen = since;
	session->until = until;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, *table, session->key, size, sum, session);
	if (!TABLE_HAS(session)) {
		free(session);
		return NULL;
	}
	if (is_note(key))
		sessions->notes++;
	sessions->changed = true;
	return session;
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
    struct sessions *sessions, int64_t now, int64_t every, sessions_refresh_fn *each, void *arg)
{
	struct session *session, *next;

	HASH_ITER(hh, sessions->tables[LOGINS], session, next)
	{
		if (*session->key != SESSION_OPEN || now - session->seen < every)
			continue;
		each(session->address, session->seen, arg);
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
static bool limit_login(
    const struct sessions *sessions, struct session *session, const struct definition *definitions)
{
	const struct definition *definition = definitions;
	int64_t max;

	while (definition != NULL && !session_key_is_of(session->key, definition->name))
		definition = definition->next;
	if (definition == NULL || *session->key == SESSION_MARK)
		return definition != NULL;
	max = session_open_max(sessions, bound_longest(definition->bounds));
	if (session->until - session->since > max)
		session->until = session->since + max;
	return max > 0;
}

void sessions_apply_limits(struct sessions *sessions, const struct definition *definitions)
{
	struct session *session, *next;

	for (session = sessions->tables[CONNECTIONS]; session != NULL; session = session->hh.next) {
		if (session->until - session->since > sessions->join_max)
			session->until = session->since + sessions->join_max;
	}
	HASH_ITER(hh, sessions->tables[LOGINS], session, next)
	{
		if (!limit_login(sessions, session, definitions))
			drop_from(sessions, &sessions->tables[LOGINS], session);
	}
	sessions->changed = true;
}

size_t sessions_count(const struct sessions *sessions)
{
	return (size_t)HASH_COUNT(sessions->tables[CONNECTIONS]) +
	       HASH_COUNT(sessions->tables[LOGINS]);
}

size_t sessions_open(const struct sessions *sessions)
{
	return HASH_COUNT(sessions->tables[LOGINS]) - sessions->notes;
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
		for (session = sessions->tables[i]; session != NULL; session = session->hh.next) {
			if (*session->key != SESSION_ENDED)
				fprintf(out, "session %lld %lld %lld %s %s\n",
				    (long long)session->since, (long long)session->seen,
				    (long long)session->until,
				    *session->address != '\0' ? session->address : "-",
				    session->key);
		}
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
	session = session_put(sessions, saved.key, saved.address, saved.since, saved.until);
	if (session != NULL)
		session->seen = saved.seen;
	return true;
}
