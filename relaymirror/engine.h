/* SPDX-License-Identifier: BSD-2-Clause
 *
 * engine.h - a connection to Redis or Valkey that never makes anybody wait
 *
 * Home of <hiredis/hiredis.h>, with answer.c and tls.c.  Owns: connecting, by
 * way of Sentinel where the URL says so, TLS, AUTH, SELECT; the deadline of
 * every step and every answer; trying again, ever more slowly; how much an
 * answer may be.  The socket is ours, not hiredis's: not blocking and
 * close-on-exec.
 * Leaves to the caller: what is asked, and what answers mean.
 *
 * Whatever an engine says, or fails to say, is "later, elsewhere": the
 * connection is given up and made again, by way of Sentinel again.
 * Limits: ENGINE_PENDING requests without an answer; an answer of
 * ENGINE_ANSWER_MAX bytes with lists of ENGINE_LIST_MAX.
 */
#ifndef RELAYMIRROR_ENGINE_H
#define RELAYMIRROR_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engineurl.h"

#define ENGINE_PENDING 4096
#define ENGINE_ANSWER_MAX (4 * 1024 * 1024)
#define ENGINE_LIST_MAX 65536
#define ENGINE_WAIT_MS 5000 /* for an answer */

struct loop;
struct tls;
struct engine;
struct redisReply;

struct engine_options {
	const char *purpose; /* for messages: "read from" */
	const struct engineurl *url;
	const char *user, *password; /* "": none */
	const char *sentinel_user, *sentinel_password;
	/* where Sentinel may say that the engine is: no more than the sandbox
	 * lets through */
	const uint16_t *ports;
	size_t port_count;
	struct tls *tls; /* for a URL with it */
};

struct engine_handler {
	/* It can be asked. */
	void (*up)(void *arg);
	/* It cannot any more, and what was asked will not be answered.  It is
	 * being tried again, until engine_stop(). */
	void (*down)(void *arg);
	/* Each place where it may be was tried once more, in vain, and why was
	 * logged.  NULL: it does not matter. */
	void (*failed)(void *arg);
};

typedef void engine_answer_fn(const struct redisReply *answer, void *arg);

/* Makes one that is stopped.  OPTIONS, what it points to, and HANDLER must
 * outlive it.  Returns NULL without memory. */
struct engine *engine_new(struct loop *loop, const struct engine_options *options,
    const struct engine_handler *handler, void *arg);

/* NULL is fine. */
void engine_free(struct engine *engine);

/* Connects, from now on whenever it is not connected. */
void engine_start(struct engine *engine);

/* Disconnects, without calling DOWN. */
void engine_stop(struct engine *engine);

bool engine_is_up(const struct engine *engine);

/* Asks the COUNT words WORD; ANSWER (NULL: nobody cares) is called with the
 * answer, from the loop, which must come within WAIT_MS.  Only while it is up.
 * Fails the connection if that cannot be done; then ANSWER is not called. */
void engine_ask(struct engine *engine, engine_answer_fn *answer, int64_t wait_ms,
    const char *const word[], size_t count);

/* Gives the connection up because of WHY, and tries again.  Logged once, and
 * then hourly while nothing else happens. */
void engine_fail(struct engine *engine, const char *why);

/* The same if ANSWER is an error; returns true then. */
bool engine_refused(struct engine *engine, const struct redisReply *answer);

/* What is asked gets answers that are of use: logged if there was a complaint;
 * the next failure is followed by a try at once. */
void engine_works(struct engine *engine);

/* Why it does not work, as a message may show it; "" if it does, or nothing
 * has failed yet. */
const char *engine_trouble(const struct engine *engine);

/* Did Sentinel say where it is? */
bool engine_is_by_sentinel(const struct engine *engine);

/* Where it is connected to, or was, or will be. */
const char *engine_place(const struct engine *engine);

#endif
