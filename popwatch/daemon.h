/* SPDX-License-Identifier: BSD-2-Clause
 *
 * daemon.h - the running popwatch: its start, its rounds, its end
 */
#ifndef POPWATCH_DAEMON_H
#define POPWATCH_DAEMON_H

#include <stdbool.h>

#include "config.h"

struct daemon_options {
	const char *config_file; /* what the configuration was read from, and is again at HUP */
	bool once; /* read to the end, commit, leave */
	bool from_stdin; /* lines come from standard input alone, until its end */
	bool detach; /* go into the background when all is ready to run */
	const char *pid_file; /* NULL: as configured */
};

/* Runs until a signal, or the end of what there is to read, stops it.  CONFIG
 * is taken over.  Returns an exit status of sysexits(3). */
int daemon_run(struct config *config, const struct daemon_options *options);

#endif
