/* SPDX-License-Identifier: BSD-2-Clause
 *
 * writer.c - gathers what is to be recorded and commits it, see writer.h
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "relaydb.h"
#include "writer.h"

#define LOCK_MS 1000		/* how long a commit may wait for locks: the sources wait meanwhile */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000
#define EXPIRE_EVERY 60		/* seconds between two runs of our own expiry */
#define COMPLAIN_EVERY 3600

struct writer {
	struct relaydb *db;
	struct relaydb_batch *batch;
	int64_t interval_ms;
	int64_t expire;
	int64_t next_ms;	/* no commit before, by the monotonic clock */
	int64_t retry_ms;	/* 0: the last commit succeeded */
	int64_t next_expire;	/* by the clock of stamps */
	int complained;		/* the code that was complained about; RELAYDB_OK: none */
	int64_t complained_at;
	uint64_t tries;		/* failed since then */
	struct writer_tally tally;
};

struct writer *
writer_new(const char *path, int64_t interval_ms, int64_t expire)
{
	struct writer *writer = calloc(1, sizeof *writer);
	struct relaydb_options options = { .path = path, .timeout_ms = LOCK_MS };

	if (writer == NULL || relaydb_open(&writer->db, &options) != RELAYDB_OK ||
	    relaydb_batch_new(writer->db, &writer->batch) != RELAYDB_OK) {
		log_say(LOG_ERR, "%s: out of memory", path);
		writer_free(writer);
		return NULL;
	}
	writer->interval_ms = interval_ms;
	writer->expire = expire;
	return writer;
}

void
writer_configure(struct writer *writer, int64_t interval_ms, int64_t expire)
{
	writer->interval_ms = interval_ms;
	writer->expire = expire;
	writer->next_expire = 0;
}

void
writer_free(struct writer *writer)
{
	if (writer == NULL)
		return;
	relaydb_batch_free(&writer->batch);
	relaydb_close(&writer->db);
	free(writer);
}

bool
writer_record(struct writer *writer, const char *address, int64_t when)
{
	return relaydb_batch_record(writer->batch, address, when) == RELAYDB_OK;
}

bool
writer_pending(const struct writer *writer)
{
	return relaydb_batch_count(writer->batch) > 0;
}

/* Is it time for our own expiry?  Also when the clock was set back. */
static bool
expiry_due(const struct writer *writer, int64_t now)
{
	return writer->expire > 0 && (now >= writer->next_expire || writer->next_expire > now + EXPIRE_EVERY);
}

int64_t
writer_due(const struct writer *writer, int64_t now, int64_t clock_ms)
{
	if (writer_pending(writer) || expiry_due(writer, now))
		return writer->next_ms > clock_ms ? writer->next_ms - clock_ms : 0;
	return writer->expire > 0 ? (writer->next_expire - now) * 1000 : -1;
}

/* Once for each cause, then hourly. */
static void
complain(struct writer *writer, int code, int64_t now)
{
	writer->tries++;
	if (code == writer->complained && now - writer->complained_at < COMPLAIN_EVERY && now >= writer->complained_at)
		return;
	writer->complained = code;
	writer->complained_at = now;
	log_say(LOG_ERR, "cannot record %zu changes yet, will try again: %s", relaydb_batch_count(writer->batch),
	    relaydb_error(writer->db));
}

static void
failed(struct writer *writer, int code, int64_t now, int64_t clock_ms)
{
	writer->tally.failures++;
	complain(writer, code, now);
	writer->retry_ms = writer->retry_ms == 0 ? RETRY_MIN_MS : writer->retry_ms * 2;
	if (writer->retry_ms > RETRY_MAX_MS)
		writer->retry_ms = RETRY_MAX_MS;
	writer->next_ms = clock_ms + writer->retry_ms;
}

static void
succeeded(struct writer *writer, const struct relaydb_result *result, size_t count)
{
	if (*relaydb_notice(writer->db) != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(writer->db));
	if (writer->complained != RELAYDB_OK)
		log_say(LOG_NOTICE, "recorded %zu changes after %llu failed attempts", count, (unsigned long long)writer->tries);
	writer->complained = RELAYDB_OK;
	writer->tries = 0;
	writer->retry_ms = 0;
	writer->tally.commits += result->committed;
	writer->tally.recorded += count;
	writer->tally.expired += result->expired;
	relaydb_batch_clear(writer->batch);
}

bool
writer_commit(struct writer *writer, int64_t now, int64_t clock_ms)
{
	struct relaydb_result result = { 0 };
	size_t count = relaydb_batch_count(writer->batch);
	int code;

	if (expiry_due(writer, now) && now > writer->expire &&
	    relaydb_batch_expire(writer->batch, now - writer->expire) == RELAYDB_OK)
		writer->next_expire = now + EXPIRE_EVERY;
	if (!writer_pending(writer))
		return true;
	code = relaydb_commit(writer->batch, now, &result);
	writer->next_ms = clock_ms + writer->interval_ms;
	if (code != RELAYDB_OK) {
		failed(writer, code, now, clock_ms);
		return false;
	}
	succeeded(writer, &result, count);
	return true;
}

const struct writer_tally *
writer_tally(const struct writer *writer)
{
	return &writer->tally;
}
