/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engine.c - a connection to Redis or Valkey, see engine.h
 */
#include "engine_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "log.h"
#include "loop.h"
#include "remedy.h"
#include "tls.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000
#define COMPLAIN_S 3600

/* ---- the end of a connection ---- */

void engine_disconnect(struct engine *engine)
{
	loop_fd_free(engine->watched);
	engine->watched = NULL;
	if (engine->connection != NULL)
		redisFree(engine->connection);
	else if (engine->fd >= 0)
		close(engine->fd);
	engine->connection = NULL;
	engine->fd = -1;
	engine->pending = 0;
	engine->unread = 0;
	loop_timer_stop(engine->timer);
}

/* A number for a text, so that a new reason is logged, the same one not. */
static int cause_of(const char *why)
{
	unsigned sum = 5381;

	for (; *why != '\0'; why++)
		sum = (sum * 33 + (unsigned char)*why) & 0xffffff;
	return (int)sum + 1;
}

/* Half of it to all of it: many hosts lose an engine at the same moment. */
static int64_t jitter(int64_t ms)
{
	return ms / 2 + (int64_t)arc4random_uniform((uint32_t)(ms / 2 + 1));
}

/* Returns false if another place can be tried at once. */
static bool try_later(struct engine *engine)
{
	bool other =
	    engine->options->url->sentinel && ++engine->tried < engine->options->url->count;

	engine->phase = PHASE_WAITING;
	engine->sentinel = (engine->sentinel + 1) % engine->options->url->count;
	if (other) {
		loop_timer_set(engine->timer, 0);
		return false;
	}
	engine->tried = 0;
	loop_timer_set(engine->timer, jitter(engine->retry_ms));
	engine->retry_ms =
	    engine->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : engine->retry_ms * 2;
	return true;
}

void engine_fail(struct engine *engine, const char *why)
{
	const struct engine_handler *handler = engine->handler;
	bool was_up = engine->phase == PHASE_UP, in_vain;

	if (engine->phase == PHASE_STOPPED || engine->phase == PHASE_WAITING)
		return;
	/* it may be the connection's own text */
	snprintf(engine->why, sizeof engine->why, "%s", why);
	engine_disconnect(engine);
	if (log_once(&engine->complaint, cause_of(engine->why), (int64_t)time(NULL), COMPLAIN_S))
		log_say(LOG_WARNING, "cannot %s %s%s%s: %s", engine->options->purpose,
		    engine->place.text, engine->at_sentinel ? " (a Sentinel)" : "",
		    handler->failed == NULL ? ", trying again" : "", engine->why);
	in_vain = try_later(engine);
	if (was_up)
		handler->down(engine->arg);
	else if (in_vain && handler->failed != NULL)
		handler->failed(engine->arg);
}

bool engine_refused(struct engine *engine, const struct redisReply *answer)
{
	const char *error = answer_error(answer);
	char why[WHY_SIZE];

	if (error != NULL)
		engine_fail(engine, remedy_text(error, why, sizeof why));
	return error != NULL;
}

void engine_works(struct engine *engine)
{
	unsigned long failures;

	engine->retry_ms = RETRY_MIN_MS;
	engine->tried = 0;
	engine->why[0] = '\0';
	if (log_over(&engine->complaint, &failures))
		log_say(LOG_NOTICE, "can %s %s again, after %lu failures", engine->options->purpose,
		    engine->place.text, failures + 1);
}

void engine_broken(struct engine *engine)
{
	const char *why = engine->connection->errstr;

	engine_fail(engine, engine->options->url->tls ? tls_why(why) : why);
}

/* ---- asking ---- */

void engine_deadline(struct engine *engine)
{
	int64_t now = clock_monotonic_ms(), at;

	if (engine->pending == 0) {
		loop_timer_stop(engine->timer);
		return;
	}
	at = engine->requests[engine->first].deadline;
	loop_timer_set(engine->timer, at > now ? at - now : 0);
}

/* Sends what waits, and waits for what can be done next. */
void engine_flush(struct engine *engine)
{
	redisContext *connection = engine->connection;
	size_t before = sdslen(connection->obuf);
	int done = 0;

	if (redisBufferWrite(connection, &done) != REDIS_OK) {
		engine_broken(engine);
		return;
	}
	/* TLS may have to read before it can write */
	if (done == 0 && engine->options->url->tls && sdslen(connection->obuf) == before)
		done = 1;
	if (!loop_fd_want(engine->watched, done != 0 ? LOOP_READ : LOOP_READ | LOOP_WRITE))
		engine_fail(engine, "cannot wait for it");
}

void engine_append(struct engine *engine, engine_answer_fn *answer, int64_t wait_ms,
    const char *const word[], size_t count)
{
	struct request *request;

	if (engine->pending == ENGINE_PENDING) {
		engine_fail(engine, "too many questions without an answer");
		return;
	}
	if (redisAppendCommandArgv(engine->connection, (int)count, (const char **)word, NULL) !=
	    REDIS_OK) {
		engine_fail(engine, engine->connection->errstr);
		return;
	}
	request = &engine->requests[(engine->first + engine->pending) % ENGINE_PENDING];
	request->answer = answer;
	request->deadline = clock_monotonic_ms() + wait_ms;
	engine->pending++;
	if (engine->pending == 1)
		engine_deadline(engine);
	/* the loop sends them together */
	if (!loop_fd_want(engine->watched, LOOP_READ | LOOP_WRITE))
		engine_fail(engine, "cannot wait for it");
}

void engine_ask(struct engine *engine, engine_answer_fn *answer, int64_t wait_ms,
    const char *const word[], size_t count)
{
	if (engine->phase == PHASE_UP)
		engine_append(engine, answer, wait_ms, word, count);
}

/* Hands on one answer.  Returns false when the connection is over. */
static bool hand_on(struct engine *engine, redisReply *reply)
{
	const redisContext *connection = engine->connection;
	engine_answer_fn *answer;

	if (engine->pending == 0) {
		engine_fail(engine, "it answered what nobody had asked");
		return false;
	}
	answer = engine->requests[engine->first].answer;
	engine->first = (engine->first + 1) % ENGINE_PENDING;
	engine->pending--;
	engine_deadline(engine);
	if (answer != NULL)
		answer(reply, engine->phase == PHASE_UP ? engine->arg : engine);
	return engine->connection == connection;
}

void engine_take(struct engine *engine)
{
	redisContext *connection = engine->connection;
	size_t before = connection->reader->len;
	void *reply = NULL;
	bool goes_on = true;

	if (redisBufferRead(connection) != REDIS_OK) {
		engine_broken(engine);
		return;
	}
	engine->unread += connection->reader->len - before;
	while (goes_on) {
		if (redisGetReplyFromReader(connection, &reply) != REDIS_OK) {
			engine_fail(engine, connection->errstr);
			return;
		}
		if (reply == NULL)
			break;
		engine->unread = connection->reader->len - connection->reader->pos;
		goes_on = hand_on(engine, reply);
		freeReplyObject(reply);
	}
	if (goes_on && engine->unread > ENGINE_ANSWER_MAX)
		engine_fail(engine, "its answer has no end");
}

/* ---- making ---- */

struct engine *engine_new(struct loop *loop, const struct engine_options *options,
    const struct engine_handler *handler, void *arg)
{
	struct engine *engine = calloc(1, sizeof *engine);

	if (engine == NULL)
		return NULL;
	engine->loop = loop;
	engine->options = options;
	engine->handler = handler;
	engine->arg = arg;
	engine->fd = -1;
	engine->retry_ms = RETRY_MIN_MS;
	engine->place = options->url->places[0];
	engine->timer = loop_timer_new(loop, engine_on_time, engine);
	if (engine->timer != NULL)
		return engine;
	free(engine);
	return NULL;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	engine_disconnect(engine);
	loop_timer_free(engine->timer);
	free(engine);
}

void engine_start(struct engine *engine)
{
	if (engine->phase == PHASE_STOPPED)
		engine_connect(engine);
}

void engine_stop(struct engine *engine)
{
	engine_disconnect(engine);
	engine->phase = PHASE_STOPPED;
}

bool engine_is_by_sentinel(const struct engine *engine)
{
	return engine->options->url->sentinel;
}

bool engine_is_up(const struct engine *engine)
{
	return engine->phase == PHASE_UP;
}

const char *engine_trouble(const struct engine *engine)
{
	return engine->why;
}

const char *engine_place(const struct engine *engine)
{
	return engine->place.text;
}
