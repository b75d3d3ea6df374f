/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirror.c - which logins go to the engine, and which come from there, see
 * mirror.h
 */
#include "mirror_int.h"

#include <stdlib.h>
#include <string.h>

/* Beyond the window: what vanished stays known until its stamp cannot be taken
 * for a new one by a clock that is off, but not too far to publish. */
#define ROWS_KEPT OFFSET_MAX

struct mirror *mirror_new(const struct mirror_settings *settings, int64_t started)
{
	struct mirror *mirror = calloc(1, sizeof *mirror);

	if (mirror == NULL)
		return NULL;
	mirror->settings = *settings;
	mirror->started = started;
	mirror->ledger = ledger_new();
	mirror->orders = orders_new();
	if (mirror->ledger != NULL && mirror->orders != NULL)
		return mirror;
	mirror_free(mirror);
	return NULL;
}

void mirror_free(struct mirror *mirror)
{
	if (mirror == NULL)
		return;
	ledger_free(mirror->ledger);
	orders_free(mirror->orders);
	free(mirror);
}

void mirror_configure(struct mirror *mirror, const struct mirror_settings *settings)
{
	mirror->settings = *settings;
}

const struct mirror_tally *mirror_tally(const struct mirror *mirror)
{
	return &mirror->tally;
}

size_t mirror_rows(const struct mirror *mirror)
{
	return ledger_count(mirror->ledger);
}

bool mirror_is_full(const struct mirror *mirror)
{
	return ledger_count(mirror->ledger) >= LEDGER_MAX;
}

size_t mirror_orders(const struct mirror *mirror)
{
	return orders_count(mirror->orders);
}

void mirror_look_up(const struct mirror *mirror, const char *address, struct mirror_known *known)
{
	const struct ledger_row *row = ledger_find(mirror->ledger, address);

	*known = (struct mirror_known){ .ignored = mirror_ignores(mirror, address) };
	if (row != NULL && !row->refused) {
		known->own = row->own;
		known->unsent = row->unsent;
		known->login = row->engine;
	}
	known->deleted = orders_cover(mirror->orders, address, known->login);
}

/* ---- shared with local.c ---- */

bool mirror_ignores(const struct mirror *mirror, const char *address)
{
	struct ipnet net;

	return mirror->settings.ignore->count > 0 && ipnet_parse(address, &net) &&
	       netset_holds(mirror->settings.ignore, &net);
}

bool mirror_is_old(const struct mirror *mirror, int64_t engine, const struct moment *now)
{
	return engine < now->engine - mirror->settings.window;
}

void mirror_give_up(struct mirror *mirror, struct ledger_row *row)
{
	if (row->todo == TODO_RECORD)
		ledger_set_todo(mirror->ledger, row, TODO_NOTHING, 0);
	else if (row->todo == TODO_REPLACE)
		ledger_set_todo(mirror->ledger, row, TODO_DELETE, 0);
}

/* ---- to the engine ---- */

size_t mirror_unsent(
    struct mirror *mirror, size_t most, const struct moment *now, mirror_send_fn *each, void *arg)
{
	struct ledger *ledger = mirror->ledger;
	struct ledger_row *row, *next;
	size_t count = 0;

	if (!mirror->settings.publish || llabs(moment_offset(now)) >= OFFSET_MAX)
		return 0;
	for (row = TAILQ_FIRST(&ledger->send); row != NULL && count < most; row = next) {
		next = TAILQ_NEXT(row, send_link);
		if (mirror_is_old(mirror, row->engine, now)) {
			ledger_set_unsent(ledger, row, false);
			continue;
		}
		if (row->engine > now->engine + AHEAD_MAX) /* the engine's clock went back */
			continue;
		each(row->address, row->engine, arg);
		count++;
	}
	return count;
}

size_t mirror_backlog(const struct mirror *mirror)
{
	return mirror->ledger->unsent;
}

void mirror_sent(struct mirror *mirror, const char *address, int64_t stamp)
{
	struct ledger_row *row = ledger_find(mirror->ledger, address);

	mirror->tally.sent++;
	if (row != NULL && row->engine == stamp)
		ledger_set_unsent(mirror->ledger, row, false);
}

/* What is under way, and deleted, stays here. */
static void stop_deleted(struct mirror *mirror, const char *address)
{
	struct ledger_row *row = ledger_find(mirror->ledger, address);

	if (row == NULL || !orders_cover(mirror->orders, address, row->engine))
		return;
	ledger_set_unsent(mirror->ledger, row, false);
	row->own = false;
	mirror_give_up(mirror, row);
	ledger_touch(mirror->ledger, row);
}

const struct order *mirror_unsent_order(const struct mirror *mirror)
{
	return orders_unsent(mirror->orders);
}

bool mirror_order_sent(struct mirror *mirror, const struct order *sent, const struct streamid *id)
{
	return orders_sent(mirror->orders, sent, id);
}

/* ---- from the engine ---- */

/* The login of ADDRESS that the engine has is this one. */
static enum verdict_remote write_row(
    struct mirror *mirror, const char *address, int64_t engine, const struct moment *now)
{
	int64_t local = moment_to_local(now, engine);
	struct ledger_row *row = ledger_find(mirror->ledger, address);

	if (row == NULL)
		row = ledger_add(mirror->ledger, address);
	if (row == NULL)
		return REMOTE_FULL;
	/* so close it is this host's login, sent before a crash and seen again
	 * by a clock that was read again */
	row->own = row->own && engine - row->engine <= AHEAD_MAX;
	row->engine = engine;
	ledger_set_unsent(mirror->ledger, row, false);
	if (row->todo == TODO_DELETE || row->todo == TODO_REPLACE)
		ledger_set_todo(mirror->ledger, row, TODO_REPLACE, local);
	else if (row->absent || local > row->local)
		ledger_set_todo(mirror->ledger, row, TODO_RECORD, local);
	ledger_touch(mirror->ledger, row);
	return REMOTE_WRITTEN;
}

bool mirror_give_order(
    struct mirror *mirror, const char *address, enum order_kind kind, const struct moment *now)
{
	if (!orders_give(mirror->orders, address, kind, now->engine))
		return false;
	stop_deleted(mirror, address);
	/* what the command wrote may have come under an earlier delete, before
	 * this order did */
	if (kind == ORDER_ADD && !mirror_ignores(mirror, address))
		write_row(mirror, address, now->engine, now);
	return true;
}

static enum verdict_remote judge_remote(
    struct mirror *mirror, const char *text, int64_t stamp, int64_t told, const struct moment *now)
{
	char address[RELAYDB_ADDRSTRLEN];
	const struct ledger_row *row;

	if (relaydb_address(text, address) != RELAYDB_OK || stamp < 0)
		return REMOTE_BAD;
	if (mirror_ignores(mirror, address))
		return REMOTE_IGNORED;
	if (stamp > now->engine + AHEAD_MAX || stamp > told + AHEAD_MAX)
		return REMOTE_FUTURE;
	if (mirror_is_old(mirror, stamp, now))
		return REMOTE_OLD;
	if (orders_cover(mirror->orders, address, stamp))
		return REMOTE_DELETED;
	row = ledger_find(mirror->ledger, address);
	if (row != NULL && stamp <= row->engine)
		return REMOTE_KNOWN;
	return write_row(mirror, address, stamp, now);
}

enum verdict_remote mirror_remote(struct mirror *mirror, const char *address, int64_t stamp,
    int64_t told, const struct moment *now)
{
	enum verdict_remote verdict = judge_remote(mirror, address, stamp, told, now);

	mirror->tally.remote[verdict]++;
	return verdict;
}

bool mirror_order(struct mirror *mirror, const struct order *order, const struct moment *now)
{
	int64_t told = (int64_t)(order->id.ms / 1000);
	struct order taken = *order;

	if (taken.stamp < now->engine - ORDERS_KEPT)
		return false;
	if (taken.kind == ORDER_ADD &&
	    (taken.stamp > told + AHEAD_MAX || taken.stamp > now->engine + AHEAD_MAX))
		return false;
	if (taken.stamp > now->engine)
		taken.stamp = now->engine;
	if (!orders_take(mirror->orders, &taken))
		return false;
	mirror->tally.orders++;
	if (taken.kind == ORDER_DELETE) {
		stop_deleted(mirror, taken.address);
		return true;
	}
	if (mirror->settings.subscribe && !mirror_ignores(mirror, taken.address) &&
	    !mirror_is_old(mirror, taken.stamp, now))
		write_row(mirror, taken.address, taken.stamp, now);
	return false;
}

struct position *mirror_position(struct mirror *mirror)
{
	return &mirror->position;
}

enum continuity mirror_meet(struct mirror *mirror, const struct engine_facts *facts)
{
	enum continuity continuity = continuity_check(&mirror->position, facts);
	struct position *position = &mirror->position;

	if (continuity != CONTINUITY_NEW_ENGINE)
		return continuity;
	for (struct ledger_row *row = mirror->ledger->table; row != NULL; row = row->hh.next) {
		if (row->own && !row->absent)
			ledger_set_unsent(mirror->ledger, row, mirror->settings.publish);
	}
	orders_send_again(mirror->orders);
	/* nothing of it was read: a crash before that does not skip it */
	*position = (struct position){ .identity = "" };
	memcpy(position->identity, facts->identity, sizeof position->identity);
	return continuity;
}

void mirror_forget(struct mirror *mirror, const struct moment *now)
{
	int64_t since = now->engine - mirror->settings.window - ROWS_KEPT;
	struct ledger_row *row, *next;

	HASH_ITER(hh, mirror->ledger->table, row, next)
	{
		/* what the database has stays known */
		if (row->absent && row->todo == TODO_NOTHING && row->engine < since)
			ledger_remove(mirror->ledger, row);
	}
	orders_forget(mirror->orders, now->engine);
}

/* ---- the state ---- */

static void save_position(struct mirror *mirror, FILE *out)
{
	const struct position *position = &mirror->position;
	char log[STREAMID_SIZE], orders[STREAMID_SIZE];

	fprintf(out, "at %s %s %s\n", streamid_format(&position->log, log),
	    streamid_format(&position->orders, orders), position->identity);
	mirror->saved = *position;
}

void mirror_save(struct mirror *mirror, bool all, FILE *out)
{
	ledger_save(mirror->ledger, all, out);
	if (all || orders_changed(mirror->orders))
		orders_save(mirror->orders, out);
	if (all || memcmp(&mirror->saved, &mirror->position, sizeof mirror->saved) != 0)
		save_position(mirror, out);
}

/* "LOG ORDERS IDENTITY", and the identity is the rest of it. */
static bool load_position(struct mirror *mirror, const char *text)
{
	struct position position = { .identity = "" };
	size_t size = strcspn(text, " "), next;

	if (text[size] == '\0' || !streamid_parse(text, size, &position.log))
		return false;
	text += size + 1;
	next = strcspn(text, " ");
	if (text[next] == '\0' || !streamid_parse(text, next, &position.orders) ||
	    strlen(text + next + 1) >= IDENTITY_SIZE)
		return false;
	memcpy(position.identity, text + next + 1, strlen(text + next + 1) + 1);
	mirror->position = position;
	return true;
}

bool mirror_load(struct mirror *mirror, const char *line)
{
	bool done = false;

	if (strncmp(line, "row ", 4) == 0)
		done = ledger_load(mirror->ledger, line + 4);
	else if (strncmp(line, "order ", 6) == 0)
		done = orders_load(mirror->orders, line + 6);
	else if (strncmp(line, "at ", 3) == 0)
		done = load_position(mirror, line + 3);
	mirror->remembers |= done;
	return done;
}
