/* SPDX-License-Identifier: BSD-2-Clause
 *
 * why.h - may this client relay now, and why (not)?
 *
 * Changes nothing, sends nothing, and asks no network but what the mail server
 * asks itself.
 */
#ifndef VSMTPRELAY_WHY_H
#define VSMTPRELAY_WHY_H

#include "command.h"

/* Prints the answer, then what it rests on.  Returns EX_OK for yes, EXIT_PARTLY
 * for no; EX_USAGE for what is no address; that of what failed if it cannot be
 * told. */
int cmd_why(struct relaydb *db, const struct call *call);

#endif
