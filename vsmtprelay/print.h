/* SPDX-License-Identifier: BSD-2-Clause
 *
 * print.h - the commands that print rows: list, dump, get
 *
 * Each in the form that makemap(8) reads back (output.h), as JSON, or for
 * people (human.h).
 */
#ifndef VSMTPRELAY_PRINT_H
#define VSMTPRELAY_PRINT_H

#include "command.h"

/* The entries that expire with the same argument would remove. */
int cmd_list(struct relaydb *db, const struct call *call);

/* All rows. */
int cmd_dump(struct relaydb *db, const struct call *call);

/* The rows of some addresses; those that have none are named on standard
 * error. */
int cmd_get(struct relaydb *db, const struct call *call);

#endif
