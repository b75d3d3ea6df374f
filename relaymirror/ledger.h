/* SPDX-License-Identifier: BSD-2-Clause
 *
 * ledger.h - what this host has exchanged with the engine: a row an address
 *
 * Owns: the rows, the lists of those with something left to do, their form in
 * the state file.  Leaves to mirror.c: every decision.
 * Limits: LEDGER_MAX rows.
 */
#ifndef RELAYMIRROR_LEDGER_H
#define RELAYMIRROR_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "relaydb.h"
#include "table.h"

#define LEDGER_MAX 2000000

/* What the local database is to be told. */
enum todo {
	TODO_NOTHING,
	TODO_RECORD, /* a login at PLANNED */
	TODO_DELETE,
	TODO_REPLACE /* delete what is there, then record */
};

struct ledger_row {
	char address[RELAYDB_ADDRSTRLEN]; /* in the store's form */
	int64_t engine; /* the login's stamp by the engine's clock, fixed when it is first seen */
	int64_t local; /* the stamp in the local database, as it was found or written last */
	int64_t planned; /* the one it is to get; 0: none */
	bool own; /* a login at this host, which a new engine is told again */
	bool absent; /* it is not in the local database */
	bool refused; /* its stamp was in the future: never sent */
	/* by the functions below alone */
	bool unsent; /* the engine is to be told */
	bool unsaved; /* the state file does not have it so */
	enum todo todo;
	unsigned scan; /* the look at the local database that found it last */
	TAILQ_ENTRY(ledger_row) send_link, save_link, todo_link;
	UT_hash_handle hh;
};

TAILQ_HEAD(ledger_list, ledger_row);

struct ledger {
	struct ledger_row *table; /* by address */
	struct ledger_list send, save, todo;
	size_t unsent;
};

/* Returns NULL without memory. */
struct ledger *ledger_new(void);

/* NULL is fine. */
void ledger_free(struct ledger *ledger);

/* The row of ADDRESS, or NULL. */
struct ledger_row *ledger_find(const struct ledger *ledger, const char *address);

/* Adds a row for ADDRESS, which has none; it is absent, the rest is zero.
 * Returns NULL without memory, or if there are LEDGER_MAX. */
struct ledger_row *ledger_add(struct ledger *ledger, const char *address);

void ledger_remove(struct ledger *ledger, struct ledger_row *row);

/* The row is, or is not, in the list of those to send. */
void ledger_set_unsent(struct ledger *ledger, struct ledger_row *row, bool unsent);

/* Something, or nothing, is left to do at the local database; PLANNED is 0
 * unless something is recorded. */
void ledger_set_todo(
    struct ledger *ledger, struct ledger_row *row, enum todo todo, int64_t planned);

/* After a change that the state file is to have. */
void ledger_touch(struct ledger *ledger, struct ledger_row *row);

size_t ledger_count(const struct ledger *ledger);

/* Writes a line for each row, or for each touched one; none is touched then. */
void ledger_save(struct ledger *ledger, bool all, FILE *out);

/* Takes what follows the word "row" of such a line, in place of an earlier one
 * for its address.  Returns false if it is no such text, or without memory. */
bool ledger_load(struct ledger *ledger, const char *text);

#endif
