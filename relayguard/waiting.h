/* SPDX-License-Identifier: BSD-2-Clause
 *
 * waiting.h - those who wait for news: an answer of the DNS, a copy of the
 * database, the self-test of a blocklist
 *
 * Owns: the order, which is that of the news; that a waiter is called from the
 * loop, never inside of the call that brought the news; and that the loop looks
 * at its sockets between a few calls and the next.
 */
#ifndef RELAYGUARD_WAITING_H
#define RELAYGUARD_WAITING_H

struct loop;
struct queue;
struct waiting;

/* Zero at first, except for the two of the caller's. */
struct waiter {
	void (*again)(void *arg);
	void *arg;
	struct queue *queue; /* NULL: does not wait */
	struct waiter *next, **link;
};

/* Returns NULL without memory. */
struct waiting *waiting_new(struct loop *loop);

/* Frees it; nobody may wait any more.  NULL is fine. */
void waiting_free(struct waiting *waiting);

/* From now on news call AGAIN. */
void waiting_begin(struct waiting *waiting, struct waiter *waiter);

/* No longer; fine for one that does not wait. */
void waiting_end(struct waiter *waiter);

/* There is news for WAITER, or, if it is NULL, for all. */
void waiting_news(struct waiting *waiting, struct waiter *waiter);

#endif
