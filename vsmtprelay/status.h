/* SPDX-License-Identifier: BSD-2-Clause
 *
 * status.h - the host on one screen, and logins as they are recorded
 */
#ifndef VSMTPRELAY_STATUS_H
#define VSMTPRELAY_STATUS_H

#include "command.h"

/* Each part with ok, or what to do about it; with --json for monitoring.
 * Returns EX_OK, or EXIT_PARTLY if something needs attention. */
int cmd_status(struct relaydb *db, const struct call *call);

#endif
