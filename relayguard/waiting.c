/* SPDX-License-Identifier: BSD-2-Clause
 *
 * waiting.c - those who wait for news, see waiting.h
 */
#include "waiting.h"

#include <stdlib.h>

#include "loop.h"

/* Called before the loop looks at its sockets again: news for all of thousands
 * must not keep those waiting who need none. */
#define CALLS_MAX 32

/* In the order in which they came. */
struct queue {
	struct waiter *first, **end;
};

struct waiting {
	struct queue quiet, news; /* without news, and with some */
	struct loop_timer *soon;
};

static void enqueue(struct queue *queue, struct waiter *waiter)
{
	waiter->queue = queue;
	waiter->next = NULL;
	waiter->link = queue->end;
	*queue->end = waiter;
	queue->end = &waiter->next;
}

static void dequeue(struct waiter *waiter)
{
	*waiter->link = waiter->next;
	if (waiter->next != NULL)
		waiter->next->link = waiter->link;
	else
		waiter->queue->end = waiter->link;
}

/* A waiter that is called may end itself and others, and new ones may begin. */
static void call_waiters(void *arg)
{
	struct waiting *waiting = arg;

	for (size_t i = 0; i < CALLS_MAX && waiting->news.first != NULL; i++) {
		struct waiter *waiter = waiting->news.first;

		dequeue(waiter);
		enqueue(&waiting->quiet, waiter);
		waiter->again(waiter->arg);
	}
	if (waiting->news.first != NULL)
		loop_timer_set(waiting->soon, 0);
}

struct waiting *waiting_new(struct loop *loop)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	if (waiting == NULL)
		return NULL;
	waiting->quiet.end = &waiting->quiet.first;
	waiting->news.end = &waiting->news.first;
	waiting->soon = loop_timer_new(loop, call_waiters, waiting);
	if (waiting->soon != NULL)
		return waiting;
	free(waiting);
	return NULL;
}

void waiting_free(struct waiting *waiting)
{
	if (waiting == NULL)
		return;
	loop_timer_free(waiting->soon);
	free(waiting);
}

void waiting_begin(struct waiting *waiting, struct waiter *waiter)
{
	if (waiter->queue == NULL)
		enqueue(&waiting->quiet, waiter);
}

void waiting_end(struct waiter *waiter)
{
	if (waiter->queue == NULL)
		return;
	dequeue(waiter);
	waiter->queue = NULL;
}

static void give_news(struct waiting *waiting, struct waiter *waiter)
{
	if (waiter->queue != &waiting->quiet)
		return;
	dequeue(waiter);
	enqueue(&waiting->news, waiter);
}

void waiting_news(struct waiting *waiting, struct waiter *waiter)
{
	if (waiter != NULL) {
		give_news(waiting, waiter);
	} else {
		while (waiting->quiet.first != NULL)
			give_news(waiting, waiting->quiet.first);
	}
	if (waiting->news.first != NULL)
		loop_timer_set(waiting->soon, 0);
}
