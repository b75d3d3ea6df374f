/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mirrordaemon.h - the running relaymirror: its start, its reload, its end
 */
#ifndef RELAYMIRROR_MIRRORDAEMON_H
#define RELAYMIRROR_MIRRORDAEMON_H

#include <stdbool.h>

#include "mirrorconf.h"

struct mirrordaemon_options {
	const char *config_file;
	const char *pid_file; /* instead of the configured one; NULL: that */
	bool detach;
};

/* Takes CONF over and runs until a signal ends it.  Returns a status of
 * sysexits(3), after logging what is wrong if it is not EX_OK: EX_CONFIG where
 * trying again does not help. */
int mirrordaemon_run(struct mirrorconf *conf, const struct mirrordaemon_options *options);

#endif
