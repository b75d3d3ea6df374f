/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch.h - logins as they are recorded, as tail -f shows lines
 */
#ifndef VSMTPRELAY_WATCH_H
#define VSMTPRELAY_WATCH_H

#include "command.h"

/* Prints each entry that is new or has a later time, until it is interrupted or
 * nobody reads. */
int cmd_watch(struct relaydb *db, const struct call *call);

#endif
