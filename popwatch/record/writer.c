/* SPDX-License-Identifier: BSD-2-Clause
 *
 * writer.c - gathers what is to be recorded and commits it, see writer.h
 */
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "relaydb.h"
#include "table.h"

#define LOCK_MS 1000 /* how long a commit may wait for locks: the sources wait meanwhile */
#define SETTLE_MS 1000 /* how often to look for what other processes have left pending */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000
#define EXPIRE_EVERY 60 /* seconds between two runs of our own expiry */
#define EXPIRE_LATER 10 /* the same, where the database was held by somebody */
#define COMPLAIN_EVERY 3600
#define PENDING_MS 5000 /* recorded but not in force for this long: somebody holds the database */

#define USER_MAX 128
#define SESSION_MAX 64
#define SERVER_MAX 48

/* The latest login of an address since the last commit.  What a second login of
 * it looks at stands together: with many addresses none of it is in the
 * processor's cache. */
struct waiting {
	UT_hash_handle hh;
	int64_t when;
	int64_t known; /* of struct login; 0 if it was that for one of them */
	char address[RELAYDB_ADDRSTRLEN];
	bool refresh; /* all that was recorded were refreshes */
	uint8_t server_size; /* 0: nothing to log */
	uint8_t user_size;
	uint8_t session_size;
	/* server, user and session, one behind the other */
	char text[SERVER_MAX + USER_MAX + SESSION_MAX];
};

struct writer {
	struct relaydb *db;
	struct waiting *waiting;
	struct relaydb_batch *batch;
	int64_t interval_ms;
	int64_t expire;
	int64_t next_ms; /* no commit before, by the monotonic clock */
	int64_t settle_ms; /* no look for what is pending before, by the same */
	int64_t pending_ms; /* since when recorded logins are not in force; -1: they are */
	struct log_once pending; /* that, as a complaint */
	int64_t retry_ms; /* 0: the last commit succeeded */
	int64_t next_expire; /* by the clock of stamps */
	int complained; /* the code that was complained about; RELAYDB_OK: none */
	int64_t complained_at;
	uint64_t tries; /* failed since then */
	struct writer_tally tally;
};

struct writer *writer_new(const char *path, int64_t interval_ms, int64_t expire)
{
	struct writer *writer = calloc(1, sizeof *writer);
	struct relaydb_options options = { .path = path, .timeout_ms = LOCK_MS };
	int code = writer == NULL ? RELAYDB_NOMEM : relaydb_open(&writer->db, &options);

	if (code == RELAYDB_OK)
		code = relaydb_batch_new(writer->db, &writer->batch);
	if (code != RELAYDB_OK) {
		log_say(LOG_ERR, "%s: %s", path, relaydb_strcode(code));
		writer_free(writer);
		return NULL;
	}
	writer->interval_ms = interval_ms;
	writer->expire = expire;
	writer->pending_ms = -1;
	return writer;
}

void writer_configure(struct writer *writer, int64_t interval_ms, int64_t expire)
{
	writer->interval_ms = interval_ms;
	writer->expire = expire;
	writer->next_expire = 0;
}

static void drop_waiting(struct writer *writer, struct waiting *waiting)
{
	HASH_DEL(writer->waiting, waiting);
	free(waiting);
}

static void clear_waiting(struct writer *writer)
{
	struct waiting *waiting, *next;

	HASH_ITER(hh, writer->waiting, waiting, next)
	{
		drop_waiting(writer, waiting);
	}
}

void writer_free(struct writer *writer)
{
	if (writer == NULL)
		return;
	clear_waiting(writer);
	relaydb_batch_free(&writer->batch);
	relaydb_close(&writer->db);
	free(writer);
}

/* Adds as much of FROM as fits in MAX to the text that ends at *END; returns
 * its size. */
static uint8_t keep(char **end, uint8_t max, struct span from)
{
	uint8_t size = from.size < max ? (uint8_t)from.size : max;

	if (size > 0)
		memcpy(*end, from.text, size);
	*end += size;
	return size;
}

bool writer_record(struct writer *writer, const struct login *login)
{
	struct waiting *waiting;
	char *end;

	HASH_FIND_STR(writer->waiting, login->address, waiting);
	if (waiting == NULL) {
		waiting = malloc(sizeof *waiting);
		if (waiting == NULL)
			return false;
		waiting->when = 0;
		waiting->known = login->known;
		waiting->refresh = true;
		waiting->server_size = 0;
		memcpy(waiting->address, login->address, strlen(login->address) + 1);
		HASH_ADD_STR(writer->waiting, address, waiting);
		if (!TABLE_HAS(waiting)) {
			free(waiting);
			return false;
		}
	}
	if (login->when > waiting->when)
		waiting->when = login->when;
	waiting->refresh = waiting->refresh && login->refresh;
	if (login->known == 0)
		waiting->known = 0;
	if (login->server != NULL) {
		end = waiting->text;
		waiting->server_size = keep(&end, SERVER_MAX, span_of(login->server));
		waiting->user_size = keep(&end, USER_MAX, login->user);
		waiting->session_size = keep(&end, SESSION_MAX, login->session);
	}
	return true;
}

size_t writer_waiting(const struct writer *writer)
{
	return HASH_COUNT(writer->waiting);
}

bool writer_full(const struct writer *writer)
{
	return writer_waiting(writer) >= WRITER_MAX;
}

bool writer_pending(const struct writer *writer)
{
	return writer->waiting != NULL;
}

/* Is it time for our own expiry?  Also when the clock was set back. */
static bool expiry_due(const struct writer *writer, int64_t now)
{
	return writer->expire > 0 &&
	       (now >= writer->next_expire || writer->next_expire > now + EXPIRE_EVERY);
}

int64_t writer_due(const struct writer *writer, int64_t now, int64_t clock_ms)
{
	int64_t due = writer->settle_ms;

	/* full: at once, unless that is what has just failed */
	if (writer_full(writer) && writer->retry_ms == 0)
		return 0;
	if (writer_pending(writer) || expiry_due(writer, now))
		due = writer->next_ms;
	return due > clock_ms ? due - clock_ms : 0;
}

/* Once for each cause, then hourly. */
static void complain(struct writer *writer, int code, int64_t now)
{
	writer->tries++;
	if (code == writer->complained && now - writer->complained_at < COMPLAIN_EVERY &&
	    now >= writer->complained_at)
		return;
	writer->complained = code;
	writer->complained_at = now;
	log_say(LOG_ERR, "cannot record %zu changes yet, will try again: %s",
	    relaydb_batch_count(writer->batch), relaydb_error(writer->db));
}

static void failed(struct writer *writer, int code, int64_t now, int64_t clock_ms)
{
	writer->tally.failures++;
	complain(writer, code, now);
	writer->retry_ms = writer->retry_ms == 0 ? RETRY_MIN_MS : writer->retry_ms * 2;
	if (writer->retry_ms > RETRY_MAX_MS)
		writer->retry_ms = RETRY_MAX_MS;
	writer->next_ms = clock_ms + writer->retry_ms;
}

/* What is recorded is safe, but mail servers do not see it: PENDING, because of
 * WHY if that is known.  A second or two is how it should be. */
static void watch_pending(
    struct writer *writer, bool pending, const char *why, int64_t now, int64_t clock_ms)
{
	if (!pending) {
		writer->pending_ms = -1;
		if (log_over(&writer->pending, NULL))
			log_say(LOG_NOTICE, "mail servers see the recorded logins again");
		return;
	}
	if (writer->pending_ms < 0)
		writer->pending_ms = clock_ms;
	if (clock_ms - writer->pending_ms < PENDING_MS)
		return;
	if (log_once(&writer->pending, RELAYDB_LOCKED, now, COMPLAIN_EVERY))
		log_say(LOG_ERR, "logins are recorded, but mail servers do not see them yet: %s",
		    *why != '\0' ? why : "another process keeps the database busy");
}

/* The record of who was authorised: after it is true. */
static void log_logins(const struct writer *writer)
{
	const char *user, *session;

	for (const struct waiting *waiting = writer->waiting; waiting != NULL;
	     waiting = waiting->hh.next) {
		if (waiting->server_size == 0)
			continue;
		user = waiting->text + waiting->server_size;
		session = user + waiting->user_size;
		log_say(LOG_INFO, "login from %s: user '%.*s', server %.*s, session '%.*s'",
		    waiting->address, (int)waiting->user_size, user, (int)waiting->server_size,
		    waiting->text, (int)waiting->session_size, session);
	}
}

static void succeeded(
    struct writer *writer, const struct relaydb_result *result, int64_t now, int64_t clock_ms)
{
	watch_pending(writer, result->pending, "", now, clock_ms);
	if (*relaydb_notice(writer->db) != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(writer->db));
	if (writer->complained != RELAYDB_OK)
		log_say(LOG_NOTICE, "recorded %zu changes after %llu failed attempts",
		    relaydb_batch_count(writer->batch), (unsigned long long)writer->tries);
	writer->complained = RELAYDB_OK;
	writer->tries = 0;
	writer->retry_ms = 0;
	if (result->committed)
		writer->tally.commits++;
	writer->tally.recorded += writer_waiting(writer);
	writer->tally.expired += result->expired;
	relaydb_batch_clear(writer->batch);
	log_logins(writer);
	clear_waiting(writer);
}

/* Repeated logins whose rows are there need no commit.  A row that is gone was
 * deleted since, has expired, or was loaded over: that login is new.  One
 * without a stamp is the administrator's.  Where rows cannot be read, the first
 * attempt is the last one: all that wait for the lock would wait one after the
 * other. */
static void drop_known(struct writer *writer)
{
	struct waiting *waiting, *next;
	int64_t stamp;
	int code = RELAYDB_OK;

	HASH_ITER(hh, writer->waiting, waiting, next)
	{
		if (waiting->known == 0)
			continue;
		code = relaydb_get(writer->db, waiting->address, &stamp);
		if (code == RELAYDB_NOENTRY || (code == RELAYDB_OK && stamp >= waiting->known))
			drop_waiting(writer, waiting);
		else if (code != RELAYDB_OK && code != RELAYDB_NOTFOUND)
			return;
	}
}

/* Where the whole database is gone nobody has deleted an address: open
 * connections fill it again. */
static bool is_gone(struct writer *writer)
{
	int64_t stamp;

	for (const struct waiting *waiting = writer->waiting; waiting != NULL;
	     waiting = waiting->hh.next) {
		if (waiting->refresh)
			return relaydb_get(writer->db, waiting->address, &stamp) == RELAYDB_NOFILE;
	}
	return false;
}

/* The batch of what waits.  Returns a code of the store. */
static int fill_batch(struct writer *writer)
{
	bool gone = is_gone(writer);
	int code = RELAYDB_OK;

	relaydb_batch_clear(writer->batch);
	for (const struct waiting *waiting = writer->waiting; waiting != NULL && code == RELAYDB_OK;
	     waiting = waiting->hh.next) {
		if (waiting->refresh && !gone)
			code =
			    relaydb_batch_refresh(writer->batch, waiting->address, waiting->when);
		else
			code = relaydb_batch_record(writer->batch, waiting->address, waiting->when);
	}
	return code;
}

/* Puts in force what is pending: ours, or that of a login process that was
 * killed. */
static void settle(struct writer *writer, int64_t now, int64_t clock_ms)
{
	int code = relaydb_settle(writer->db, now);

	writer->settle_ms = clock_ms + SETTLE_MS;
	watch_pending(writer, code != RELAYDB_OK, relaydb_error(writer->db), now, clock_ms);
	if (code == RELAYDB_OK && *relaydb_notice(writer->db) != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(writer->db));
}

/* Commits what waits, and with EXPIRE an expiry.  Returns a code of the
 * store. */
static int commit(struct writer *writer, bool expire, int64_t now, struct relaydb_result *result)
{
	int code = fill_batch(writer);

	if (code == RELAYDB_OK && expire)
		code = relaydb_batch_expire(writer->batch, now - writer->expire);
	return code == RELAYDB_OK ? relaydb_commit(writer->batch, now, result) : code;
}

bool writer_commit(struct writer *writer, int64_t now, int64_t clock_ms)
{
	struct relaydb_result result = { 0 };
	bool expire = expiry_due(writer, now) && now > writer->expire;
	int code;

	drop_known(writer);
	if (!writer_pending(writer) && !expire) {
		if (clock_ms >= writer->settle_ms)
			settle(writer, now, clock_ms);
		return true;
	}
	code = commit(writer, expire, now, &result);
	/* logins alone go into the queue of a database that somebody holds */
	if (code == RELAYDB_LOCKED && expire && writer_pending(writer)) {
		writer->next_expire = now + EXPIRE_LATER;
		expire = false;
		code = commit(writer, expire, now, &result);
	}
	writer->next_ms = clock_ms + writer->interval_ms;
	if (code != RELAYDB_OK) {
		failed(writer, code, now, clock_ms);
		return false;
	}
	if (expire)
		writer->next_expire = now + EXPIRE_EVERY;
	succeeded(writer, &result, now, clock_ms);
	return true;
}

int writer_entries(const struct writer *writer, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg, const char **why)
{
	int code = relaydb_entries(writer->db, since, each, arg);

	*why = relaydb_error(writer->db);
	return code;
}

const struct writer_tally *writer_tally(const struct writer *writer)
{
	return &writer->tally;
}
