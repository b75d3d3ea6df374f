/* SPDX-License-Identifier: BSD-2-Clause
 *
 * daemon.h - the running popwatch: its start, its rounds, its end
 */
#ifndef POPWATCH_DAEMON_H
#define POPWATCH_DAEMON_H

#include <stdbool.h>

#include "arguments.h"
#include "config.h"

struct daemon_options {
	struct daemon_arguments common; /* config_file is read again at HUP */
	bool once; /* read to the end, commit, leave */
	bool from_stdin; /* lines come from standard input alone, until its end */
};

/* Runs until a signal, or the end of what there is to read, stops it.  CONFIG
 * is taken over.  Returns an exit status of sysexits(3). */
int daemon_run(struct config *config, const struct daemon_options *options);

#endif
