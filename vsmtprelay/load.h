/* SPDX-License-Identifier: BSD-2-Clause
 *
 * load.h - a dump becomes the database
 */
#ifndef VSMTPRELAY_LOAD_H
#define VSMTPRELAY_LOAD_H

#include "command.h"

/* The command: its argument is the dump, none or "-" standard input.  It is
 * opened as the caller, and loaded as the owner of the database (owner.h). */
int cmd_load(struct relaydb *db, const struct call *call);

/* A dump that is open. */
struct dump {
	int fd;
	const char *command; /* on whose behalf, for messages */
	const char *name; /* of the dump, for messages */
	bool lines; /* somebody can look at its lines: messages give their numbers */
};

/* Replaces DB by the dump ARG, a struct dump: all or nothing.  What failed is
 * logged, and what was changed.  Returns the exit status. */
int load_dump(struct relaydb *db, void *arg);

#endif
