/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ledger.c - what this host has exchanged with the engine, see ledger.h
 */
#include "ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct ledger *ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);

	if (ledger == NULL)
		return NULL;
	TAILQ_INIT(&ledger->send);
	TAILQ_INIT(&ledger->save);
	TAILQ_INIT(&ledger->todo);
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	struct ledger_row *row, *next;

	if (ledger == NULL)
		return;
	HASH_ITER(hh, ledger->table, row, next)
	{
		HASH_DEL(ledger->table, row);
		free(row);
	}
	free(ledger);
}

struct ledger_row *ledger_find(const struct ledger *ledger, const char *address)
{
	struct ledger_row *row;

	HASH_FIND_STR(ledger->table, address, row);
	return row;
}

struct ledger_row *ledger_add(struct ledger *ledger, const char *address)
{
	struct ledger_row *row;

	if (HASH_COUNT(ledger->table) >= LEDGER_MAX)
		return NULL;
	row = calloc(1, sizeof *row);
	if (row == NULL)
		return NULL;
	memcpy(row->address, address, strlen(address) + 1);
	row->absent = true;
	HASH_ADD_STR(ledger->table, address, row);
	if (TABLE_HAS(row))
		return row;
	free(row);
	return NULL;
}

void ledger_remove(struct ledger *ledger, struct ledger_row *row)
{
	ledger_set_unsent(ledger, row, false);
	ledger_set_todo(ledger, row, TODO_NOTHING, 0);
	if (row->unsaved)
		TAILQ_REMOVE(&ledger->save, row, save_link);
	HASH_DEL(ledger->table, row);
	free(row);
}

void ledger_set_unsent(struct ledger *ledger, struct ledger_row *row, bool unsent)
{
	if (row->unsent == unsent)
		return;
	row->unsent = unsent;
	if (unsent) {
		TAILQ_INSERT_TAIL(&ledger->send, row, send_link);
		ledger->unsent++;
	} else {
		TAILQ_REMOVE(&ledger->send, row, send_link);
		ledger->unsent--;
	}
	ledger_touch(ledger, row);
}

void ledger_set_todo(struct ledger *ledger, struct ledger_row *row, enum todo todo, int64_t planned)
{
	if (row->todo == TODO_NOTHING && todo != TODO_NOTHING)
		TAILQ_INSERT_TAIL(&ledger->todo, row, todo_link);
	else if (row->todo != TODO_NOTHING && todo == TODO_NOTHING)
		TAILQ_REMOVE(&ledger->todo, row, todo_link);
	if (row->todo != todo || row->planned != planned)
		ledger_touch(ledger, row);
	row->todo = todo;
	row->planned = planned;
}

void ledger_touch(struct ledger *ledger, struct ledger_row *row)
{
	if (row->unsaved)
		return;
	row->unsaved = true;
	TAILQ_INSERT_TAIL(&ledger->save, row, save_link);
}

size_t ledger_count(const struct ledger *ledger)
{
	return HASH_COUNT(ledger->table);
}

/* ---- text: "row ADDRESS ENGINE LOCAL PLANNED FLAGS" ---- */

/* What the flags are: a letter each, or '-'; the last one is what is to be
 * done, of enum todo. */
static const char letters[] = "oaru", todos[] = "-wdp";

static void print_row(const struct ledger_row *row, FILE *out)
{
	fprintf(out, "row %s %" PRId64 " %" PRId64 " %" PRId64 " %c%c%c%c%c\n", row->address,
	    row->engine, row->local, row->planned, row->own ? 'o' : '-', row->absent ? 'a' : '-',
	    row->refused ? 'r' : '-', row->unsent ? 'u' : '-', todos[row->todo]);
}

void ledger_save(struct ledger *ledger, bool all, FILE *out)
{
	struct ledger_row *row;

	if (all) {
		for (row = ledger->table; row != NULL; row = row->hh.next)
			print_row(row, out);
	}
	while (!TAILQ_EMPTY(&ledger->save)) {
		row = TAILQ_FIRST(&ledger->save);
		if (!all)
			print_row(row, out);
		TAILQ_REMOVE(&ledger->save, row, save_link);
		row->unsaved = false;
	}
}

/* Are they flags as above? */
static bool are_flags(const char *flags)
{
	if (strlen(flags) != sizeof letters || strchr(todos, flags[sizeof letters - 1]) == NULL)
		return false;
	for (size_t i = 0; i < sizeof letters - 1; i++) {
		if (flags[i] != letters[i] && flags[i] != '-')
			return false;
	}
	return true;
}

bool ledger_load(struct ledger *ledger, const char *text)
{
	char address[64], canonical[RELAYDB_ADDRSTRLEN], stamps[3][32], flags[8];
	struct ledger_row *row;
	int64_t stamp[3];
	int end = -1;

	if (sscanf(text, "%63s %31s %31s %31s %7s%n", address, stamps[0], stamps[1], stamps[2],
		flags, &end) != 5 ||
	    end < 0 || text[end] != '\0' || !are_flags(flags) ||
	    relaydb_address(address, canonical) != RELAYDB_OK)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (relaydb_stamp(stamps[i], &stamp[i]) != RELAYDB_OK)
			return false;
	}
	row = ledger_find(ledger, canonical);
	if (row == NULL)
		row = ledger_add(ledger, canonical);
	if (row == NULL)
		return false;
	row->engine = stamp[0];
	row->local = stamp[1];
	row->own = flags[0] == 'o';
	row->absent = flags[1] == 'a';
	row->refused = flags[2] == 'r';
	ledger_set_unsent(ledger, row, flags[3] == 'u');
	ledger_set_todo(ledger, row, (enum todo)(strchr(todos, flags[4]) - todos), stamp[2]);
	return true;
}
