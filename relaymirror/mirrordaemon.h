/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrordaemon.h - the running relaymirror: its start, its reload, its end
 */
#ifndef RELAYMIRROR_MIRRORDAEMON_H
#define RELAYMIRROR_MIRRORDAEMON_H

#include "arguments.h"
#include "mirrorconf.h"

/* Takes CONF over, of ARGUMENTS' configuration file, and runs until a signal
 * ends it.  Returns a status of sysexits(3), after logging what is wrong if it
 * is not EX_OK: EX_CONFIG where trying again does not help. */
int mirrordaemon_run(struct mirrorconf *conf, const struct daemon_arguments *arguments);

#endif
