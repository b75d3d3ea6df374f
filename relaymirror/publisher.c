/* SPDX-License-Identifier: BSD-2-Clause
 *
 * publisher.c - sends this host's logins to the engine, see publisher.h
 */
#include "publisher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "keys.h"
#include "loop.h"

#define AT_ONCE 500
#define NUMBER 24
#define AGAIN_MS 1000 /* after which logins are tried that the clocks as they are hold back */

struct login {
	char address[RELAYDB_ADDRSTRLEN];
	int64_t stamp;
	char text[NUMBER];
};

struct publisher {
	struct engine *engine;
	struct loop_timer *timer;
	struct mirror *mirror;
	const struct engineclock *clock;
	const struct reader_state *reader;
	const char *host;
	void (*sent)(void *arg);
	void *arg;
	bool ready; /* ENGINE is up, and the one that READER reads */
	struct login logins[AT_ONCE]; /* of the transaction */
	size_t count; /* 0: there is none */
	const char *words[AT_ONCE * 2 + 3];
};

static void gather(const char *address, int64_t stamp, void *arg)
{
	struct publisher *publisher = arg;
	struct login *login = &publisher->logins[publisher->count++];

	snprintf(login->address, sizeof login->address, "%s", address);
	snprintf(login->text, sizeof login->text, "%" PRId64, stamp);
	login->stamp = stamp;
}

static void on_queued(const struct redisReply *answer, void *arg)
{
	struct publisher *publisher = arg;

	engine_refused(publisher->engine, answer);
}

/* Did each command of a transaction of COUNT do what it should? */
static bool all_went_well(struct publisher *publisher, const struct redisReply *answer)
{
	if (engine_refused(publisher->engine, answer))
		return false;
	if (answer_count(answer) != publisher->count + 1) {
		engine_fail(publisher->engine, "its answer makes no sense");
		return false;
	}
	for (size_t i = 0; i < answer_count(answer); i++) {
		if (engine_refused(publisher->engine, answer_at(answer, i)))
			return false;
	}
	return true;
}

static void on_exec(const struct redisReply *answer, void *arg)
{
	struct publisher *publisher = arg;

	if (!all_went_well(publisher, answer))
		return;
	engine_works(publisher->engine);
	for (size_t i = 0; i < publisher->count; i++)
		mirror_sent(
		    publisher->mirror, publisher->logins[i].address, publisher->logins[i].stamp);
	publisher->count = 0;
	publisher->sent(publisher->arg);
	publisher_kick(publisher);
}

static void ask(
    struct publisher *publisher, engine_answer_fn *answer, const char *const word[], size_t count)
{
	engine_ask(publisher->engine, answer, ENGINE_WAIT_MS, word, count);
}

/* One ZADD for all, an XADD each: the sorted set is for hosts that read the
 * whole, the stream for those that follow.  A transaction, since a host goes
 * from the one to the other without a gap. */
static void send_logins(struct publisher *publisher, const struct moment *now)
{
	static const char *const multi[] = { "MULTI" }, *const exec[] = { "EXEC" };
	char oldest[NUMBER];
	size_t n = 3;

	snprintf(oldest, sizeof oldest, "%" PRId64, (now->engine - KEPT_LOG) * 1000);
	publisher->words[0] = "ZADD";
	publisher->words[1] = KEY_LOGINS;
	publisher->words[2] = "GT";
	for (size_t i = 0; i < publisher->count; i++) {
		publisher->words[n++] = publisher->logins[i].text;
		publisher->words[n++] = publisher->logins[i].address;
	}
	ask(publisher, on_queued, multi, 1);
	ask(publisher, on_queued, publisher->words, n);
	for (size_t i = 0; i < publisher->count; i++) {
		const struct login *login = &publisher->logins[i];
		const char *const word[] = { "XADD", KEY_LOG, "MINID", "~", oldest, "*", "o", "r",
			"a", login->address, "s", login->text, "h", publisher->host };

		ask(publisher, on_queued, word, 14);
	}
	ask(publisher, on_exec, exec, 1);
}

void publisher_kick(struct publisher *publisher)
{
	struct moment now;

	if (publisher == NULL || !publisher->ready || publisher->count > 0 ||
	    !engine_is_up(publisher->engine) || !engineclock_now(publisher->clock, &now))
		return;
	mirror_unsent(publisher->mirror, AT_ONCE, &now, gather, publisher);
	if (publisher->count > 0)
		send_logins(publisher, &now);
	else if (mirror_backlog(publisher->mirror) > 0)
		loop_timer_set(publisher->timer, AGAIN_MS);
}

static void on_time(void *arg)
{
	publisher_kick(arg);
}

static void on_info(const struct redisReply *answer, void *arg)
{
	struct publisher *publisher = arg;

	if (!reader_is_at(publisher->reader, publisher->engine, answer))
		return;
	publisher->ready = true;
	publisher_kick(publisher);
	/* else the answer to what was sent tells whether it works */
	if (publisher->count == 0)
		engine_works(publisher->engine);
}

static void on_up(void *arg)
{
	struct publisher *publisher = arg;
	static const char *const info[] = { "INFO", "server" };

	ask(publisher, on_info, info, 2);
}

static void on_down(void *arg)
{
	struct publisher *publisher = arg;

	publisher->ready = false;
	publisher->count = 0;
	loop_timer_stop(publisher->timer);
}

static const struct engine_handler handler = { on_up, on_down, NULL };

struct publisher *publisher_new(struct loop *loop, const struct engine_options *options,
    struct mirror *mirror, const struct engineclock *clock, const struct reader_state *reader,
    const char *host, void (*sent)(void *arg), void *arg)
{
	struct publisher *publisher = calloc(1, sizeof *publisher);

	if (publisher == NULL)
		return NULL;
	publisher->mirror = mirror;
	publisher->clock = clock;
	publisher->reader = reader;
	publisher->host = host;
	publisher->sent = sent;
	publisher->arg = arg;
	publisher->timer = loop_timer_new(loop, on_time, publisher);
	publisher->engine = engine_new(loop, options, &handler, publisher);
	if (publisher->timer != NULL && publisher->engine != NULL)
		return publisher;
	publisher_free(publisher);
	return NULL;
}

void publisher_free(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	engine_free(publisher->engine);
	loop_timer_free(publisher->timer);
	free(publisher);
}

void publisher_stop(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	engine_stop(publisher->engine);
	on_down(publisher);
}

void publisher_restart(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	publisher_stop(publisher);
	engine_start(publisher->engine);
}

const char *publisher_trouble(const struct publisher *publisher)
{
	return publisher != NULL ? engine_trouble(publisher->engine) : "";
}
