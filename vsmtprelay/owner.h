/* SPDX-License-Identifier: BSD-2-Clause
 *
 * owner.h - root's commands on a database that only its owner may change
 */
#ifndef VSMTPRELAY_OWNER_H
#define VSMTPRELAY_OWNER_H

#include "relaydb.h"

#include <sys/types.h>

/* Calls WORK with DB and ARG.  If we are root and DB is changed by the owner of
 * its directory alone, a child does it that has become that user, for good:
 * root gives the library of such a form nothing that the owner may have
 * written.  Standard output and open descriptors are the child's too; what it
 * changes in memory is lost.  Returns what WORK returns, an exit status; or one
 * for what failed, after logging why. */
int owner_run(struct relaydb *db, int (*work)(struct relaydb *db, void *arg), void *arg);

/* The user who called us, in the child too. */
uid_t owner_caller(void);

#endif
