/* SPDX-License-Identifier: BSD-2-Clause
 *
 * orderdesk.c - sends orders, see orderdesk.h
 */
#include "orderdesk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "keys.h"
#include "log.h"
#include "loop.h"

#define NUMBER 24
#define EXPIRE_MS 600000
#define IDLE_MS 10000 /* the connection is kept for another order */

struct orderdesk {
	struct engine *engine;
	struct loop_timer *timer;
	struct mirror *mirror;
	const struct engineclock *clock;
	const struct reader_state *reader;
	int64_t keeps;
	void (*sent)(const char *address, void *arg);
	void *arg;
	bool found; /* by the reader */
	bool ready; /* it is the engine that is read */
	bool busy; /* something is under way */
	int64_t expire_ms; /* when to remove what is old, by the monotonic clock */
	struct order order; /* under way */
};

static void work(struct orderdesk *desk);

static void ask(
    struct orderdesk *desk, engine_answer_fn *answer, const char *const word[], size_t count)
{
	engine_ask(desk->engine, answer, ENGINE_WAIT_MS, word, count);
}

static void on_queued(const struct redisReply *answer, void *arg)
{
	struct orderdesk *desk = arg;

	engine_refused(desk->engine, answer);
}

/* The last answer of the transaction is the order's name in the stream. */
static void on_exec(const struct redisReply *answer, void *arg)
{
	struct orderdesk *desk = arg;
	const size_t count = answer_count(answer);
	const char *id;
	struct streamid name;

	if (engine_refused(desk->engine, answer))
		return;
	for (size_t i = 0; i < count; i++) {
		if (engine_refused(desk->engine, answer_at(answer, i)))
			return;
	}
	id = count > 0 ? answer_text(answer_at(answer, count - 1)) : NULL;
	if (id == NULL || !streamid_parse(id, strlen(id), &name)) {
		engine_fail(desk->engine, "its answer makes no sense");
		return;
	}
	engine_works(desk->engine);
	desk->busy = false;
	if (mirror_order_sent(desk->mirror, &desk->order, &name))
		desk->sent(desk->order.address, desk->arg);
	work(desk);
}

static void send_order(struct orderdesk *desk, const struct moment *now)
{
	static const char *const multi[] = { "MULTI" }, *const exec[] = { "EXEC" };
	char stamp[NUMBER], oldest[NUMBER];
	const char *const kind = desk->order.kind == ORDER_DELETE ? "d" : "a";
	const char *const remove[] = { "ZREM", KEY_LOGINS, desk->order.address };
	const char *const add[] = { "ZADD", KEY_LOGINS, "GT", stamp, desk->order.address };
	const char *const tell[] = { "XADD", KEY_ORDERS, "MINID", "~", oldest, "*", "o", kind, "a",
		desk->order.address, "s", stamp };

	snprintf(stamp, sizeof stamp, "%" PRId64, desk->order.stamp);
	snprintf(oldest, sizeof oldest, "%" PRId64, (now->engine - KEPT_ORDERS) * 1000);
	desk->busy = true;
	ask(desk, on_queued, multi, 1);
	/* an order that waited may come after a later login, which stays; who
	 * reads the set has read the order before */
	if (desk->order.kind == ORDER_ADD)
		ask(desk, on_queued, add, 5);
	else if (now->engine - desk->order.stamp <= AHEAD_MAX)
		ask(desk, on_queued, remove, 3);
	ask(desk, on_queued, tell, 12);
	ask(desk, on_exec, exec, 1);
}

static void on_expired(const struct redisReply *answer, void *arg)
{
	struct orderdesk *desk = arg;
	const char *error = answer_error(answer);

	desk->busy = false;
	desk->expire_ms = clock_monotonic_ms() + EXPIRE_MS;
	if (error != NULL)
		log_say(LOG_WARNING, "cannot remove old logins from %s: %s",
		    engine_place(desk->engine), error);
	else
		engine_works(desk->engine);
	work(desk);
}

static void expire(struct orderdesk *desk, const struct moment *now)
{
	char oldest[NUMBER];
	const char *const word[] = { "ZREMRANGEBYSCORE", KEY_LOGINS, "-inf", oldest };

	snprintf(oldest, sizeof oldest, "(%" PRId64, now->engine - desk->keeps);
	desk->busy = true;
	ask(desk, on_expired, word, 4);
}

static bool expiry_is_due(const struct orderdesk *desk)
{
	return desk->keeps > 0 && clock_monotonic_ms() >= desk->expire_ms;
}

/* The next thing to do, if there is one. */
static void work(struct orderdesk *desk)
{
	const struct order *order = mirror_unsent_order(desk->mirror);
	struct moment now;

	if (!desk->found || desk->busy || !engineclock_now(desk->clock, &now))
		return;
	if (order == NULL && !expiry_is_due(desk)) {
		loop_timer_set(desk->timer, IDLE_MS);
	} else if (!desk->ready) {
		engine_start(desk->engine);
	} else if (order != NULL) {
		desk->order = *order;
		send_order(desk, &now);
	} else {
		expire(desk, &now);
	}
}

/* Nothing to do: the connection is not needed, until there is. */
static void on_time(void *arg)
{
	struct orderdesk *desk = arg;
	bool idle = mirror_unsent_order(desk->mirror) == NULL && !expiry_is_due(desk);

	if (idle && !desk->busy) {
		engine_stop(desk->engine);
		desk->ready = false;
		loop_timer_set(desk->timer, EXPIRE_MS);
	}
	if (!idle)
		work(desk);
}

static void on_info(const struct redisReply *answer, void *arg)
{
	struct orderdesk *desk = arg;

	if (!reader_is_at(desk->reader, desk->engine, answer))
		return;
	desk->ready = true;
	work(desk);
}

static void on_up(void *arg)
{
	struct orderdesk *desk = arg;
	static const char *const info[] = { "INFO", "server" };

	ask(desk, on_info, info, 2);
}

static void on_down(void *arg)
{
	struct orderdesk *desk = arg;

	desk->ready = false;
	desk->busy = false;
}

static const struct engine_handler handler = { on_up, on_down, NULL };

struct orderdesk *orderdesk_new(struct loop *loop, const struct engine_options *options,
    struct mirror *mirror, const struct engineclock *clock, const struct reader_state *reader,
    int64_t keeps, void (*sent)(const char *address, void *arg), void *arg)
{
	struct orderdesk *desk = calloc(1, sizeof *desk);

	if (desk == NULL)
		return NULL;
	desk->mirror = mirror;
	desk->clock = clock;
	desk->reader = reader;
	desk->keeps = keeps;
	desk->sent = sent;
	desk->arg = arg;
	desk->timer = loop_timer_new(loop, on_time, desk);
	desk->engine = engine_new(loop, options, &handler, desk);
	if (desk->timer != NULL && desk->engine != NULL)
		return desk;
	orderdesk_free(desk);
	return NULL;
}

void orderdesk_free(struct orderdesk *desk)
{
	if (desk == NULL)
		return;
	engine_free(desk->engine);
	loop_timer_free(desk->timer);
	free(desk);
}

void orderdesk_stop(struct orderdesk *desk)
{
	if (desk == NULL)
		return;
	engine_stop(desk->engine);
	loop_timer_stop(desk->timer);
	desk->found = false;
	on_down(desk);
}

void orderdesk_restart(struct orderdesk *desk)
{
	if (desk == NULL)
		return;
	orderdesk_stop(desk);
	desk->found = true;
	work(desk);
}

void orderdesk_kick(struct orderdesk *desk)
{
	if (desk != NULL)
		work(desk);
}

const char *orderdesk_trouble(const struct orderdesk *desk)
{
	return desk != NULL ? engine_trouble(desk->engine) : "";
}
