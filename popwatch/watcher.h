/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watcher.h - the running popwatch: sources, pipeline, policy, writer, state, in one loop
 */
#ifndef POPWATCH_WATCHER_H
#define POPWATCH_WATCHER_H

#include <stdbool.h>

#include "config.h"

struct watcher_options {
	const char *config_file; /* what the configuration was read from, and is again at HUP */
	bool once; /* read to the end, commit, leave */
	bool from_stdin; /* lines come from standard input alone, until its end */
	bool detach; /* go into the background when all is ready to run */
	const char *pid_file; /* NULL: as configured */
};

/* Runs until a signal, or the end of what there is, says stop.  CONFIG is taken over.  Returns an exit status of sysexits(3). */
int watcher_run(struct config *config, const struct watcher_options *options);

#endif
