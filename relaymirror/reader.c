/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reader.c - follows the engine, see reader.h
 */
#include "reader_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "entrylist.h"
#include "keys.h"
#include "log.h"
#include "loop.h"
#include "remedy.h"

#define BLOCK_MS "1000"
#define BLOCK_WAIT_MS (1000 + ENGINE_WAIT_MS)
#define PACE_MS 20 /* between two readings: what comes meanwhile comes together */
#define INFO_MS 1000
#define SLOW_MS 1000 /* before the clock is asked again, whose answer took too long to count */

static void ask_facts(struct reader *reader);

void reader_ask(struct reader *reader, engine_answer_fn *answer, int64_t wait_ms, size_t count,
    const char *const word[])
{
	engine_ask(reader->engine, answer, wait_ms, word, count);
}

void reader_later(struct reader *reader, int64_t ms, void (*next)(struct reader *reader))
{
	reader->next = next;
	loop_timer_set(reader->timer, ms);
}

static void on_time(void *arg)
{
	struct reader *reader = arg;

	if (engine_is_up(reader->engine))
		reader->next(reader);
}

void reader_no_sense(struct reader *reader)
{
	engine_fail(reader->engine, "its answer makes no sense");
}

/* ---- taking what came ---- */

/* Facts are the first that is asked, so the engine's clock is known. */
struct moment reader_moment(const struct reader *reader)
{
	struct moment now;

	engineclock_now(reader->clock, &now);
	return now;
}

void reader_take_order(struct reader *reader, const struct entry *entry)
{
	struct order order = { .kind = entry->kind, .stamp = entry->stamp, .id = entry->id };
	const struct moment now = reader_moment(reader);

	if (relaydb_address(entry->address, order.address) != RELAYDB_OK)
		return;
	if (mirror_order(reader->mirror, &order, &now))
		reader->handler->look_up(order.address, reader->arg);
}

static void take_login(struct reader *reader, const struct entry *entry)
{
	const struct moment now = reader_moment(reader);
	const int64_t told_ms = (int64_t)entry->id.ms;

	reader->state.lag_ms = clock_monotonic_ms() + reader->clock->distance_ms - told_ms;
	mirror_remote(reader->mirror, entry->address, entry->stamp, told_ms / 1000, &now);
}

/* Orders first: what they delete is then not written at all. */
static void take_entries(struct reader *reader)
{
	struct position *position = mirror_position(reader->mirror);
	const struct entrylist *list = &reader->entries;

	for (size_t i = 0; i < list->count; i++) {
		if (list->entries[i].order)
			reader_take_order(reader, &list->entries[i]);
	}
	for (size_t i = 0; i < list->count; i++) {
		if (!list->entries[i].order && list->entries[i].kind == ORDER_ADD)
			take_login(reader, &list->entries[i]);
	}
	position->orders = list->last_order;
	position->log = list->last_login;
	if (list->count > 0)
		reader->handler->changed(reader->arg);
}

/* ---- what the engine is ---- */

static void on_named(const struct redisReply *answer, void *arg)
{
	/* it need not let us */
	(void)answer;
	ask_facts(arg);
}

/* Gives the engine an epoch, a random word, if it has none: after FLUSHALL it
 * is another one to those who read it. */
static void name_engine(struct reader *reader)
{
	char word[33];
	const char *const command[] = { "SETNX", KEY_EPOCH, word };

	reader->named = true;
	snprintf(word, sizeof word, "%08x%08x%08x%08x", arc4random(), arc4random(), arc4random(),
	    arc4random());
	reader_ask(reader, on_named, ENGINE_WAIT_MS, 3, command);
}

/* The entries were read before the facts were asked for: if these show no gap,
 * nothing is missing among the entries. */
static void judge(struct reader *reader)
{
	const struct engine_facts facts = facts_engine(&reader->facts);
	const bool first = mirror_position(reader->mirror)->identity[0] == '\0';

	switch (mirror_meet(reader->mirror, &facts)) {
	case CONTINUITY_KEPT:
		reader->state.complete = true;
		take_entries(reader);
		if (reader->entries.count > 0)
			reader_later(reader, PACE_MS, reader_follow);
		else
			reader_follow(reader);
		return;
	case CONTINUITY_NEW_ENGINE:
		reader->handler->renewed(first, reader->arg);
		reader->handler->changed(reader->arg);
		reader_begin_whole(reader);
		return;
	case CONTINUITY_GAP:
		reader_begin_whole(reader);
		return;
	}
}

/* The last of the facts. */
static void on_clock(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;
	const int64_t now = clock_monotonic_ms();

	if (engine_refused(reader->engine, answer))
		return;
	facts_time(&reader->facts, answer);
	if (reader->facts.time_ms == 0 || reader->facts.run_id[0] == '\0') {
		reader_no_sense(reader);
		return;
	}
	if (reader->facts.replica && (reader->publish || engine_is_by_sentinel(reader->engine))) {
		char why[120];

		engine_fail(
		    reader->engine, remedy_text("READONLY: it is a replica", why, sizeof why));
		return;
	}
	engineclock_set(reader->clock, reader->facts.time_ms, reader->asked_ms, now);
	reader->state.facts = reader->facts;
	reader->state.facts_ms = now;
	if (!reader->clock->known) {
		engine_works(reader->engine);
		reader_later(reader, SLOW_MS, ask_facts);
		return;
	}
	if (!reader->state.reached) {
		reader->state.reached = true;
		reader->state.since_ms = now;
		reader->handler->found(reader->arg);
	}
	if (reader->facts.epoch[0] != '\0')
		reader->named = false;
	if (reader->publish && !reader->named && reader->facts.epoch[0] == '\0')
		name_engine(reader);
	else
		judge(reader);
}

static void on_info(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;

	if (!engine_refused(reader->engine, answer))
		facts_info(&reader->facts, answer);
}

static void on_epoch(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;

	if (!engine_refused(reader->engine, answer))
		facts_epoch(&reader->facts, answer);
}

/* "no such key" is an error here, and an answer. */
static bool is_missing(const struct redisReply *answer)
{
	const char *error = answer_error(answer);

	return error != NULL && strncmp(error, "ERR no such key", 15) == 0;
}

static void on_log(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;

	if (is_missing(answer) || !engine_refused(reader->engine, answer))
		facts_stream(&reader->facts.log, answer);
}

static void on_orders(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;

	if (is_missing(answer) || !engine_refused(reader->engine, answer))
		facts_stream(&reader->facts.orders, answer);
}

static void ask_facts(struct reader *reader)
{
	static const char *const info[] = { "INFO" };
	static const char *const part[] = { "INFO", "replication" };
	static const char *const epoch[] = { "GET", KEY_EPOCH };
	static const char *const log[] = { "XINFO", "STREAM", KEY_LOG };
	static const char *const orders[] = { "XINFO", "STREAM", KEY_ORDERS };
	static const char *const clock[] = { "TIME" };
	const int64_t now = clock_monotonic_ms();

	if (reader->facts.run_id[0] == '\0')
		reader_ask(reader, on_info, ENGINE_WAIT_MS, 1, info);
	else if (now - reader->info_ms >= INFO_MS)
		reader_ask(reader, on_info, ENGINE_WAIT_MS, 2, part);
	if (now - reader->info_ms >= INFO_MS)
		reader->info_ms = now;
	reader_ask(reader, on_epoch, ENGINE_WAIT_MS, 2, epoch);
	if (reader->subscribe)
		reader_ask(reader, on_log, ENGINE_WAIT_MS, 3, log);
	reader_ask(reader, on_orders, ENGINE_WAIT_MS, 3, orders);
	reader->asked_ms = clock_monotonic_ms();
	reader_ask(reader, on_clock, ENGINE_WAIT_MS, 1, clock);
}

/* ---- following ---- */

static void on_entries(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;
	const struct position *position = mirror_position(reader->mirror);

	if (engine_refused(reader->engine, answer))
		return;
	if (!entrylist_read(&reader->entries, answer, &position->log, &position->orders)) {
		reader_no_sense(reader);
		return;
	}
	/* not before: one that refuses this after it has told its facts is
	 * tried more and more seldom */
	engine_works(reader->engine);
	ask_facts(reader);
}

void reader_follow(struct reader *reader)
{
	const struct position *position = mirror_position(reader->mirror);
	char log[STREAMID_SIZE], orders[STREAMID_SIZE];
	const char *const both[] = { "XREAD", "COUNT", ENTRYLIST_COUNT, "BLOCK", BLOCK_MS,
		"STREAMS", KEY_ORDERS, KEY_LOG, streamid_format(&position->orders, orders),
		streamid_format(&position->log, log) };
	const char *const alone[] = { "XREAD", "COUNT", ENTRYLIST_COUNT, "BLOCK", BLOCK_MS,
		"STREAMS", KEY_ORDERS, orders };

	/* ORDERS was formatted for BOTH, and is in ALONE too */
	if (reader->subscribe)
		reader_ask(reader, on_entries, BLOCK_WAIT_MS, 10, both);
	else
		reader_ask(reader, on_entries, BLOCK_WAIT_MS, 8, alone);
}

/* ---- the connection ---- */

static void on_up(void *arg)
{
	struct reader *reader = arg;
	const struct position *position = mirror_position(reader->mirror);

	memset(&reader->facts, 0, sizeof reader->facts);
	reader->info_ms = 0;
	reader->named = false;
	entrylist_clear(&reader->entries, &position->log, &position->orders);
	ask_facts(reader);
}

static void on_down(void *arg)
{
	struct reader *reader = arg;

	loop_timer_stop(reader->timer);
	if (!reader->state.reached)
		return;
	reader->state.reached = false;
	reader->state.complete = false;
	reader->handler->lost(reader->arg);
}

static const struct engine_handler engine_handler = { on_up, on_down, NULL };

/* ---- making ---- */

struct reader *reader_new(struct loop *loop, const struct engine_options *options,
    struct mirror *mirror, struct engineclock *clock, bool publish, bool subscribe,
    const struct reader_handler *handler, void *arg)
{
	struct reader *reader = calloc(1, sizeof *reader);

	if (reader == NULL)
		return NULL;
	reader->mirror = mirror;
	reader->clock = clock;
	reader->publish = publish;
	reader->subscribe = subscribe;
	reader->handler = handler;
	reader->arg = arg;
	reader->timer = loop_timer_new(loop, on_time, reader);
	reader->engine = engine_new(loop, options, &engine_handler, reader);
	if (reader->timer != NULL && reader->engine != NULL)
		return reader;
	reader_free(reader);
	return NULL;
}

void reader_free(struct reader *reader)
{
	if (reader == NULL)
		return;
	engine_free(reader->engine);
	loop_timer_free(reader->timer);
	free(reader);
}

void reader_start(struct reader *reader)
{
	engine_start(reader->engine);
}

bool reader_is_at(
    const struct reader_state *state, struct engine *engine, const struct redisReply *answer)
{
	struct facts facts = { .replica = false };

	if (engine_refused(engine, answer))
		return false;
	facts_info(&facts, answer);
	if (strcmp(facts.run_id, state->facts.run_id) == 0)
		return true;
	engine_fail(engine, "it is another engine than the one that is read");
	return false;
}

const struct reader_state *reader_state(const struct reader *reader)
{
	return &reader->state;
}

const char *reader_trouble(const struct reader *reader)
{
	return engine_trouble(reader->engine);
}

const char *reader_place(const struct reader *reader)
{
	return engine_place(reader->engine);
}
