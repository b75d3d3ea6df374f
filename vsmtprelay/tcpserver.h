/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcpserver.h - the entries for qmail, whose tcpserver(1) reads a cdb
 */
#ifndef VSMTPRELAY_TCPSERVER_H
#define VSMTPRELAY_TCPSERVER_H

#include "command.h"

/* tcprules RULES CDB [N]: see vsmtprelay(8). */
int cmd_tcprules(struct relaydb *db, const struct call *call);

#endif
