/* SPDX-License-Identifier: BSD-2-Clause
 *
 * orders.c - the last word of an administrator on each address, see orders.h
 */
#include "orders.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

struct kept {
	struct order order;
	bool unsent;
	UT_hash_handle hh;
};

/* An order whose name is this much later than its stamp waited at its host for
 * the engine. */
#define LATE_MS 2000

struct orders {
	struct kept *table; /* by address */
	size_t unsent;
	bool changed;
};

struct orders *orders_new(void)
{
	return calloc(1, sizeof(struct orders));
}

static void drop(struct orders *orders, struct kept *kept)
{
	orders->unsent -= kept->unsent;
	HASH_DEL(orders->table, kept);
	free(kept);
}

void orders_free(struct orders *orders)
{
	struct kept *kept, *next;

	if (orders == NULL)
		return;
	HASH_ITER(hh, orders->table, kept, next)
	{
		drop(orders, kept);
	}
	free(orders);
}

static struct kept *find(const struct orders *orders, const char *address)
{
	struct kept *kept;

	HASH_FIND_STR(orders->table, address, kept);
	return kept;
}

static struct kept *oldest(const struct orders *orders)
{
	struct kept *found = orders->table;

	for (struct kept *kept = found; kept != NULL; kept = kept->hh.next) {
		if (kept->order.stamp < found->order.stamp)
			found = kept;
	}
	return found;
}

/* The one of ADDRESS, or a new one, with what it says left to the caller; NULL
 * without memory. */
static struct kept *place(struct orders *orders, const char *address)
{
	struct kept *kept = find(orders, address);

	if (kept != NULL)
		return kept;
	if (HASH_COUNT(orders->table) >= ORDERS_MAX)
		drop(orders, oldest(orders));
	kept = calloc(1, sizeof *kept);
	if (kept == NULL)
		return NULL;
	memcpy(kept->order.address, address, strlen(address) + 1);
	HASH_ADD_STR(orders->table, order.address, kept);
	if (TABLE_HAS(kept))
		return kept;
	free(kept);
	return NULL;
}

/* When it was given, in milliseconds.  What has waited, or still does, counts
 * as the last one of its second. */
static uint64_t given_ms(const struct order *order, bool unsent)
{
	uint64_t stamp_ms = (uint64_t)order->stamp * 1000;

	if (unsent || order->id.ms >= stamp_ms + LATE_MS)
		return stamp_ms + 999;
	return order->id.ms;
}

/* Was it given after KEPT? */
static bool is_later(const struct order *order, const struct kept *kept)
{
	uint64_t a = given_ms(order, false), b = given_ms(&kept->order, kept->unsent);

	if (a != b)
		return a > b;
	/* what is still to be sent will have the later name */
	return !kept->unsent && streamid_compare(&order->id, &kept->order.id) > 0;
}

static void mark(struct orders *orders, struct kept *kept, bool unsent)
{
	orders->unsent += unsent;
	orders->unsent -= kept->unsent;
	kept->unsent = unsent;
	orders->changed = true;
}

bool orders_take(struct orders *orders, const struct order *order)
{
	struct kept *kept = find(orders, order->address);
	bool own;

	if (kept != NULL && !is_later(order, kept))
		return false;
	/* it may be this host's, if the answer to its sending was lost */
	own = kept != NULL && kept->order.own && kept->order.kind == order->kind &&
	      kept->order.stamp == order->stamp;
	kept = place(orders, order->address);
	if (kept == NULL)
		return false;
	kept->order = *order;
	kept->order.own = own;
	mark(orders, kept, false);
	return true;
}

bool orders_give(struct orders *orders, const char *address, enum order_kind kind, int64_t stamp)
{
	struct kept *kept = place(orders, address);

	if (kept == NULL)
		return false;
	kept->order.kind = kind;
	kept->order.stamp = stamp;
	kept->order.own = true;
	mark(orders, kept, true);
	return true;
}

const struct order *orders_unsent(const struct orders *orders)
{
	if (orders->unsent == 0)
		return NULL;
	for (const struct kept *kept = orders->table; kept != NULL; kept = kept->hh.next) {
		if (kept->unsent)
			return &kept->order;
	}
	return NULL;
}

bool orders_sent(struct orders *orders, const struct order *sent, const struct streamid *id)
{
	struct kept *kept = find(orders, sent->address);

	if (kept == NULL || !kept->unsent)
		return true;
	/* a delete and an add can have the same second */
	if (kept->order.stamp != sent->stamp || kept->order.kind != sent->kind)
		return false;
	kept->order.id = *id;
	mark(orders, kept, false);
	return true;
}

void orders_send_again(struct orders *orders)
{
	for (struct kept *kept = orders->table; kept != NULL; kept = kept->hh.next) {
		if (kept->order.own && kept->order.kind == ORDER_DELETE)
			mark(orders, kept, true);
	}
}

bool orders_cover(const struct orders *orders, const char *address, int64_t stamp)
{
	const struct kept *kept = find(orders, address);

	return kept != NULL && kept->order.kind == ORDER_DELETE &&
	       stamp <= kept->order.stamp + AHEAD_MAX;
}

void orders_forget(struct orders *orders, int64_t engine_now)
{
	struct kept *kept, *next;

	HASH_ITER(hh, orders->table, kept, next)
	{
		if (kept->order.stamp >= engine_now - ORDERS_KEPT)
			continue;
		drop(orders, kept);
		orders->changed = true;
	}
}

size_t orders_count(const struct orders *orders)
{
	return HASH_COUNT(orders->table);
}

bool orders_changed(const struct orders *orders)
{
	return orders->changed;
}

void orders_save(struct orders *orders, FILE *out)
{
	char id[STREAMID_SIZE];

	for (const struct kept *kept = orders->table; kept != NULL; kept = kept->hh.next)
		fprintf(out, "order %s %c %" PRId64 " %s %c%c\n", kept->order.address,
		    kept->order.kind == ORDER_DELETE ? 'd' : 'a', kept->order.stamp,
		    streamid_format(&kept->order.id, id), kept->order.own ? 'o' : '-',
		    kept->unsent ? 'u' : '-');
	orders->changed = false;
}

bool orders_load(struct orders *orders, const char *text)
{
	char address[64], canonical[RELAYDB_ADDRSTRLEN], stamp[32], id[64], kind, own, unsent;
	struct order order = { .kind = ORDER_DELETE };
	struct kept *kept;
	int end = -1;

	if (sscanf(text, "%63s %c %31s %63s %c%c%n", address, &kind, stamp, id, &own, &unsent,
		&end) != 6 ||
	    end < 0 || text[end] != '\0' || strchr("da", kind) == NULL ||
	    strchr("o-", own) == NULL || strchr("u-", unsent) == NULL)
		return false;
	if (relaydb_address(address, canonical) != RELAYDB_OK ||
	    relaydb_stamp(stamp, &order.stamp) != RELAYDB_OK ||
	    !streamid_parse(id, strlen(id), &order.id))
		return false;
	kept = place(orders, canonical);
	if (kept == NULL)
		return false;
	memcpy(order.address, canonical, sizeof order.address);
	order.kind = kind == 'd' ? ORDER_DELETE : ORDER_ADD;
	order.own = own == 'o';
	kept->order = order;
	mark(orders, kept, unsent == 'u');
	return true;
}
