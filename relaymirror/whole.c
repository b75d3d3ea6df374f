/* SPDX-License-Identifier: BSD-2-Clause
 *
 * whole.c - reading all that the engine has, see reader.h
 */
#include "reader_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "keys.h"

#define JITTER_MS 30000 /* many readers at once are spread over this, for ... */
#define JITTER_ROWS 1000000 /* ... so many rows, and in proportion */
#define PAGE "1000"
#define ORDER_PAGES_MAX 1000
#define ROW_PAGES_MAX 20000

static void ask_rows(struct reader *reader);
static void ask_orders(struct reader *reader);

static void finish_whole(struct reader *reader)
{
	struct position *position = mirror_position(reader->mirror);

	position->log = reader->noted.log;
	position->orders = reader->noted.orders;
	reader->state.complete = true;
	reader->handler->changed(reader->arg);
	reader_follow(reader);
}

static void take_row(
    struct reader *reader, const struct redisReply *member, const struct redisReply *score)
{
	const struct moment now = reader_moment(reader);
	const char *address = answer_text(member);
	int64_t stamp;

	if (address == NULL || !answer_number(score, &stamp) || stamp > RELAYDB_STAMP_MAX)
		stamp = -1;
	mirror_remote(reader->mirror, address != NULL ? address : "", stamp, now.engine, &now);
}

static void on_rows(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;
	const char *cursor = answer_text(answer_at(answer, 0));
	const struct redisReply *rows = answer_at(answer, 1);

	if (engine_refused(reader->engine, answer))
		return;
	if (cursor == NULL || strlen(cursor) >= sizeof reader->cursor) {
		reader_no_sense(reader);
		return;
	}
	for (size_t i = 0; i + 1 < answer_count(rows); i += 2)
		take_row(reader, answer_at(rows, i), answer_at(rows, i + 1));
	snprintf(reader->cursor, sizeof reader->cursor, "%s", cursor);
	reader->handler->changed(reader->arg);
	if (strcmp(cursor, "0") == 0)
		finish_whole(reader);
	else if (++reader->pages > ROW_PAGES_MAX)
		engine_fail(reader->engine, "its set of logins has no end");
	else
		ask_rows(reader);
}

static void ask_rows(struct reader *reader)
{
	const char *const word[] = { "ZSCAN", KEY_LOGINS, reader->cursor, "COUNT", PAGE };

	reader_ask(reader, on_rows, ENGINE_WAIT_MS, 5, word);
}

static void on_order_page(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;
	struct entrylist *list = &reader->entries;

	if (engine_refused(reader->engine, answer))
		return;
	if (!entrylist_read(list, answer, &(struct streamid){ 0, 0 }, &reader->order_cursor)) {
		reader_no_sense(reader);
		return;
	}
	for (size_t i = 0; i < list->count; i++)
		reader_take_order(reader, &list->entries[i]);
	reader->order_cursor = list->last_order;
	if (list->count > 0 && ++reader->pages > ORDER_PAGES_MAX)
		engine_fail(reader->engine, "its list of orders has no end");
	else if (list->count > 0)
		ask_orders(reader);
	else if (reader->subscribe) {
		reader->pages = 0;
		strcpy(reader->cursor, "0");
		ask_rows(reader);
	} else
		finish_whole(reader);
}

static void ask_orders(struct reader *reader)
{
	char id[STREAMID_SIZE];
	const char *const word[] = { "XREAD", "COUNT", PAGE, "STREAMS", KEY_ORDERS,
		streamid_format(&reader->order_cursor, id) };

	reader_ask(reader, on_order_page, ENGINE_WAIT_MS, 6, word);
}

static void on_size(const struct redisReply *answer, void *arg)
{
	struct reader *reader = arg;
	int64_t rows = 0, most;

	if (engine_refused(reader->engine, answer))
		return;
	if (!answer_number(answer, &rows) || rows > JITTER_ROWS)
		rows = JITTER_ROWS;
	most = rows * JITTER_MS / JITTER_ROWS;
	reader_later(reader, most > 0 ? arc4random_uniform((uint32_t)most) : 0, ask_orders);
}

/* It goes on afterwards from the ends of the streams, as they were just now. */
void reader_begin_whole(struct reader *reader)
{
	static const char *const word[] = { "ZCARD", KEY_LOGINS };

	reader->state.complete = false;
	reader->state.snapshots++;
	reader->noted.log = reader->facts.log.last;
	reader->noted.orders = reader->facts.orders.last;
	reader->order_cursor = (struct streamid){ 0, 0 };
	reader->pages = 0;
	if (reader->subscribe)
		reader_ask(reader, on_size, ENGINE_WAIT_MS, 2, word);
	else
		ask_orders(reader);
}
