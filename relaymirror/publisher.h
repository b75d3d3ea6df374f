/* SPDX-License-Identifier: BSD-2-Clause
 *
 * publisher.h - sends this host's logins to the engine
 *
 * Owns: a connection, and one transaction at a time on it.  What has no answer
 * yet is sent again: the engine keeps the latest stamp, so that does no harm.
 */
#ifndef RELAYMIRROR_PUBLISHER_H
#define RELAYMIRROR_PUBLISHER_H

#include <stdbool.h>

#include "engine.h"
#include "engineclock.h"
#include "mirror.h"
#include "reader.h"

struct publisher;

/* HOST is this host's name, for the administrator who looks at the stream.
 * READER says which engine it must be.  SENT is called when the engine has more
 * of MIRROR than before.  All arguments must outlive it.  Returns NULL without
 * memory. */
struct publisher *publisher_new(struct loop *loop, const struct engine_options *options,
    struct mirror *mirror, const struct engineclock *clock, const struct reader_state *reader,
    const char *host, void (*sent)(void *arg), void *arg);

/* NULL is fine, here and below. */
void publisher_free(struct publisher *publisher);

/* The engine was found, or is another one: connects to it; or it was lost. */
void publisher_restart(struct publisher *publisher);
void publisher_stop(struct publisher *publisher);

/* There may be something to send. */
void publisher_kick(struct publisher *publisher);

/* Why it cannot send, or "". */
const char *publisher_trouble(const struct publisher *publisher);

#endif
