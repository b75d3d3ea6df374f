/* SPDX-License-Identifier: BSD-2-Clause
 *
 * change.h - the commands that change the database a little: one commit each
 */
#ifndef VSMTPRELAY_CHANGE_H
#define VSMTPRELAY_CHANGE_H

#include "command.h"

/* Records an address with the current time or a given one, whatever is
 * there. */
int cmd_add(struct relaydb *db, const struct call *call);

/* Removes the addresses; none if one of them is no address. */
int cmd_delete(struct relaydb *db, const struct call *call);

/* Removes what is old, see take_minutes(); before a terminal it says what that
 * is, and how many were removed. */
int cmd_expire(struct relaydb *db, const struct call *call);

#endif
