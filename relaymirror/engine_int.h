/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engine_int.h - what engine.c and connect.c share, see engine.h
 */
#ifndef RELAYMIRROR_ENGINE_INT_H
#define RELAYMIRROR_ENGINE_INT_H

#include <hiredis/hiredis.h>

#include "engine.h"
#include "log.h"

#define WHY_SIZE 256

struct loop_fd;
struct loop_timer;

enum phase {
	PHASE_STOPPED,
	PHASE_WAITING, /* until it is tried again */
	PHASE_CONNECTING,
	PHASE_GREETING, /* AUTH, SELECT, the question to Sentinel */
	PHASE_UP
};

struct request {
	engine_answer_fn *answer;
	int64_t deadline;
};

struct engine {
	struct loop *loop;
	const struct engine_options *options;
	const struct engine_handler *handler;
	void *arg;
	enum phase phase;
	struct engineplace place;
	bool at_sentinel;
	size_t sentinel, tried; /* which one is asked, and how many were in vain */
	int fd; /* while connecting; then it is the connection's */
	redisContext *connection;
	struct loop_fd *watched;
	struct loop_timer *timer;
	int64_t connect_deadline;
	int64_t retry_ms;
	size_t unread; /* bytes that came since the last whole answer */
	struct request requests[ENGINE_PENDING]; /* a ring */
	size_t first, pending;
	struct log_once complaint;
	char why[WHY_SIZE];
};

/* Connects to where the URL says, or the Sentinel whose turn it is. */
void engine_connect(struct engine *engine);

/* A deadline has passed, or the time to try again has come. */
void engine_on_time(void *arg);

/* Closes what is open; nothing that was asked will be answered. */
void engine_disconnect(struct engine *engine);

/* hiredis has failed: as engine_fail(), with its reason, or that of TLS. */
void engine_broken(struct engine *engine);

/* engine_ask() in any phase of a connection. */
void engine_append(struct engine *engine, engine_answer_fn *answer, int64_t wait_ms,
    const char *const word[], size_t count);

/* Sends what waits, and waits for what can be done next. */
void engine_flush(struct engine *engine);

/* Reads what is there, and hands on the answers in it. */
void engine_take(struct engine *engine);

/* Sets the timer for the answer that is due next. */
void engine_deadline(struct engine *engine);

#endif
