/* SPDX-License-Identifier: BSD-2-Clause
 *
 * orderdesk.h - sends the orders of this host's administrator, and removes what
 * is too old from the engine
 *
 * Owns: a connection with the rights for that, which is there only while there
 * is something to do.
 */
#ifndef RELAYMIRROR_ORDERDESK_H
#define RELAYMIRROR_ORDERDESK_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "engineclock.h"
#include "mirror.h"
#include "reader.h"

struct orderdesk;

/* SENT is called when the engine has taken the last order on an address.
 * KEEPS: logins older than so many seconds are removed from it; 0: that is
 * another host's task.  All arguments must outlive it.  Returns NULL without
 * memory. */
struct orderdesk *orderdesk_new(struct loop *loop, const struct engine_options *options,
    struct mirror *mirror, const struct engineclock *clock, const struct reader_state *reader,
    int64_t keeps, void (*sent)(const char *address, void *arg), void *arg);

/* NULL is fine, here and below. */
void orderdesk_free(struct orderdesk *desk);

/* The engine was found, or is another one; or it was lost. */
void orderdesk_restart(struct orderdesk *desk);
void orderdesk_stop(struct orderdesk *desk);

/* There may be an order to send. */
void orderdesk_kick(struct orderdesk *desk);

/* Why it cannot send, or "". */
const char *orderdesk_trouble(const struct orderdesk *desk);

#endif
