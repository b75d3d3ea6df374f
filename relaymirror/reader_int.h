/* SPDX-License-Identifier: BSD-2-Clause
 *
 * reader_int.h - what reader.c and whole.c share, see reader.h
 */
#ifndef RELAYMIRROR_READER_INT_H
#define RELAYMIRROR_READER_INT_H

#include "entrylist.h"
#include "reader.h"

struct loop_timer;

struct reader {
	struct engine *engine;
	struct loop_timer *timer;
	void (*next)(struct reader *reader); /* when the timer ends */
	struct mirror *mirror;
	struct engineclock *clock;
	bool publish, subscribe;
	const struct reader_handler *handler;
	void *arg;
	struct reader_state state;
	struct facts facts; /* as they come in; in STATE are those that came whole */
	int64_t asked_ms, info_ms;
	bool named; /* we have tried to give it an epoch */
	struct entrylist entries; /* read, and not taken yet */
	/* of reading the whole */
	struct position noted; /* the ends of the streams when it began */
	struct streamid order_cursor;
	char cursor[24];
	unsigned pages;
};

/* Asks the COUNT words WORD. */
void reader_ask(struct reader *reader, engine_answer_fn *answer, int64_t wait_ms, size_t count,
    const char *const word[]);

/* Calls NEXT in MS milliseconds, if the engine can still be asked then. */
void reader_later(struct reader *reader, int64_t ms, void (*next)(struct reader *reader));

/* Gives the connection up: the engine answers something else. */
void reader_no_sense(struct reader *reader);

struct moment reader_moment(const struct reader *reader);

/* Takes an order, and looks the address up where it says so. */
void reader_take_order(struct reader *reader, const struct entry *entry);

/* Waits for what comes after the position. */
void reader_follow(struct reader *reader);

/* Reads all that there is, and then follows from the ends of the streams, as
 * the facts have them. */
void reader_begin_whole(struct reader *reader);

#endif
