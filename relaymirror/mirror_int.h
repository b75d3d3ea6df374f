/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirror_int.h - what mirror.c and local.c share, see mirror.h
 */
#ifndef RELAYMIRROR_MIRROR_INT_H
#define RELAYMIRROR_MIRROR_INT_H

#include "ledger.h"
#include "mirror.h"

struct mirror {
	struct mirror_settings settings;
	struct ledger *ledger;
	struct orders *orders;
	struct position position;
	struct position saved; /* as the state file has it */
	struct mirror_tally tally;
	int64_t started;
	bool remembers; /* there was a state, or a look at the database */
	unsigned scan;
};

/* Is ADDRESS, in the store's form, neither sent nor written? */
bool mirror_ignores(const struct mirror *mirror, const char *address);

/* Is the stamp ENGINE older than the window? */
bool mirror_is_old(const struct mirror *mirror, int64_t engine, const struct moment *now);

/* What was planned for the database is not written. */
void mirror_give_up(struct mirror *mirror, struct ledger_row *row);

#endif
