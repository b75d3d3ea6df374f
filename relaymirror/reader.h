/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reader.h - follows the engine: orders, and if this host subscribes, logins
 *
 * Owns: a connection; the order in which it is asked, so that nothing is missed
 * without notice: entries are read, then what the engine says of itself, and
 * only if that shows no gap are they taken (continuity.h).  Else the whole is
 * read: the ends of the streams are noted, then orders, then the sorted set
 * (ZSCAN returns what is there throughout), then the streams from there.
 * It also keeps the engine's clock.
 */
#ifndef RELAYMIRROR_READER_H
#define RELAYMIRROR_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "engineclock.h"
#include "facts.h"
#include "mirror.h"

struct reader;

struct reader_handler {
	/* The row of ADDRESS in the local database is to be looked up, and
	 * given to mirror_local(). */
	void (*look_up)(const char *address, void *arg);
	/* MIRROR has changed: something may be to write, or to save. */
	void (*changed)(void *arg);
	/* The engine, or what it knows, is another than before, or the FIRST
	 * that this host meets: all has to be told again. */
	void (*renewed)(bool first, void *arg);
	/* It is reached, and its clock known; it is not any more. */
	void (*found)(void *arg);
	void (*lost)(void *arg);
};

struct reader_state {
	bool reached; /* the engine answers, and its clock is known */
	bool complete; /* all that there was has been read since */
	int64_t since_ms, facts_ms; /* by the monotonic clock: reached; last answer */
	int64_t lag_ms; /* of the last login that came */
	int64_t snapshots;
	struct facts facts;
};

/* Makes one that is stopped.  All arguments must outlive it.  Returns NULL
 * without memory. */
struct reader *reader_new(struct loop *loop, const struct engine_options *options,
    struct mirror *mirror, struct engineclock *clock, bool publish, bool subscribe,
    const struct reader_handler *handler, void *arg);

/* NULL is fine. */
void reader_free(struct reader *reader);

void reader_start(struct reader *reader);

/* Is ENGINE, which has answered INFO with ANSWER, the one that is read?
 * Sentinel may have said one engine to the reader, and now another: what that
 * one is told the reader would not see, and would not send again.  Gives ENGINE
 * up if not. */
bool reader_is_at(
    const struct reader_state *state, struct engine *engine, const struct redisReply *answer);

/* Belongs to it. */
const struct reader_state *reader_state(const struct reader *reader);

/* Why the engine is not reached; "". */
const char *reader_trouble(const struct reader *reader);
const char *reader_place(const struct reader *reader);

#endif
