/* SPDX-License-Identifier: BSD-2-Clause
 *
 * orders.h - the last word of an administrator on each address
 *
 * Owns: which of two orders is the later one, which logins a delete covers, and
 * for how long an order is kept.  The later one is by the names in the stream,
 * not by anybody's clock; only what had to wait for the engine counts by its
 * stamp.  It outlives the engine: this is what keeps a deleted address from
 * coming back out of an old dump or another host's file.
 * A delete covers logins with a stamp up to AHEAD_MAX seconds after it, since
 * that is how far ahead of the engine a stamp may be.
 * Limits: ORDERS_MAX addresses; beyond that the oldest order is forgotten.
 */
#ifndef RELAYMIRROR_ORDERS_H
#define RELAYMIRROR_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "moment.h"
#include "relaydb.h"
#include "streamid.h"

#define ORDERS_MAX 100000
#define ORDERS_KEPT (25 * 3600) /* seconds: longer than the longest window */

enum order_kind { ORDER_DELETE, ORDER_ADD };

struct order {
	char address[RELAYDB_ADDRSTRLEN]; /* in the store's form */
	enum order_kind kind;
	int64_t stamp; /* when, by the engine's clock */
	struct streamid id; /* its name in the stream; 0-0: it is not there yet */
	bool own; /* given at this host */
};

struct orders;

/* Returns NULL without memory. */
struct orders *orders_new(void);

/* NULL is fine. */
void orders_free(struct orders *orders);

/* Takes ORDER from the stream, whose stamp is not negative.  Returns true if it
 * is the last word on its address now; false if a later one is known, which may
 * be one that is still to be sent, or without memory. */
bool orders_take(struct orders *orders, const struct order *order);

/* Takes an order given at this host, which is to be sent.  Returns false
 * without memory. */
bool orders_give(struct orders *orders, const char *address, enum order_kind kind, int64_t stamp);

/* The first that is to be sent; NULL if none is.  Belongs to ORDERS, until it
 * is changed. */
const struct order *orders_unsent(const struct orders *orders);

/* SENT, as orders_unsent() had it, is in the stream as ID.  Returns false if a
 * later order on its address was given meanwhile, which is still to be sent. */
bool orders_sent(struct orders *orders, const struct order *sent, const struct streamid *id);

/* The engine may have lost them: this host's deletes that are still the last
 * word are to be sent again.  Adds are not: somebody may have deleted the
 * address since. */
void orders_send_again(struct orders *orders);

/* Was a login from ADDRESS with this stamp of the engine's clock deleted? */
bool orders_cover(const struct orders *orders, const char *address, int64_t stamp);

/* Forgets those that are older than ORDERS_KEPT. */
void orders_forget(struct orders *orders, int64_t engine_now);

size_t orders_count(const struct orders *orders);

/* Did anything change since orders_save()? */
bool orders_changed(const struct orders *orders);

/* Writes a line for each. */
void orders_save(struct orders *orders, FILE *out);

/* Takes what follows the word "order" of such a line.  Returns false if it is
 * no such text, or without memory. */
bool orders_load(struct orders *orders, const char *text);

#endif
