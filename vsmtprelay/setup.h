/* SPDX-License-Identifier: BSD-2-Clause
 *
 * setup.h - what this host still needs to be a POP-before-SMTP relay
 */
#ifndef VSMTPRELAY_SETUP_H
#define VSMTPRELAY_SETUP_H

#include "command.h"

/* Looks at the host and prints the steps in an order in which the relay is
 * never open: the mail server is told last.  A step that is done is one line;
 * one that is not has the lines to write, as the documents have them, and the
 * file that they go into.  With --write it makes the directory and
 * popwatch.conf if they are missing; it never touches a file that is there,
 * nor any of a mail server. Returns EX_OK if nothing is left to do,
 * EXIT_PARTLY if something is. */
int cmd_setup(struct relaydb *db, const struct call *call);

#endif
