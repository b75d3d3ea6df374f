/* SPDX-License-Identifier: BSD-2-Clause
 *
 * waiting.c - those who wait for news, see waiting.h
 */
#include "waiting.h"

#include <stdlib.h>

#include "loop.h"

struct waiting {
	struct waiter *first;
	struct loop_timer *soon;
};

/* A waiter that is called may end itself and others, and new ones may begin:
 * after each the search starts again, among those with news. */
static void call_waiters(void *arg)
{
	struct waiting *waiting = arg;
	struct waiter *waiter = waiting->first;

	while (waiter != NULL) {
		if (!waiter->news) {
			waiter = waiter->next;
			continue;
		}
		waiter->news = false;
		waiter->again(waiter->arg);
		waiter = waiting->first;
	}
}

struct waiting *waiting_new(struct loop *loop)
{
	struct waiting *waiting = calloc(1, sizeof *waiting);

	if (waiting == NULL)
		return NULL;
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
	if (waiter->waits)
		return;
	waiter->waits = true;
	waiter->news = false;
	waiter->next = waiting->first;
	if (waiter->next != NULL)
		waiter->next->link = &waiter->next;
	waiter->link = &waiting->first;
	waiting->first = waiter;
}

void waiting_end(struct waiter *waiter)
{
	if (!waiter->waits)
		return;
	waiter->waits = false;
	*waiter->link = waiter->next;
	if (waiter->next != NULL)
		waiter->next->link = waiter->link;
}

void waiting_news(struct waiting *waiting, struct waiter *waiter)
{
	if (waiter != NULL) {
		waiter->news = waiter->waits;
	} else {
		for (struct waiter *each = waiting->first; each != NULL; each = each->next)
			each->news = true;
	}
	loop_timer_set(waiting->soon, 0);
}
