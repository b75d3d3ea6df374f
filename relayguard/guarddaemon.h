/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guarddaemon.h - the running relayguard: its start, its reload, its end
 */
#ifndef RELAYGUARD_GUARDDAEMON_H
#define RELAYGUARD_GUARDDAEMON_H

#include "arguments.h"
#include "guardconf.h"

/* Takes CONF over, of ARGUMENTS' configuration file, and runs until a signal
 * ends it.  Returns a status of sysexits(3), after logging what is wrong if it
 * is not EX_OK: EX_CONFIG where trying again does not help. */
int guarddaemon_run(struct guardconf *conf, const struct daemon_arguments *arguments);

#endif
