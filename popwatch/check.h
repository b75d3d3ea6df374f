/* SPDX-License-Identifier: BSD-2-Clause
 *
 * check.h - popwatch -n: is the configuration right, and may its user read and write what it names?
 */
#ifndef POPWATCH_CHECK_H
#define POPWATCH_CHECK_H

#include "config.h"

/* Reads the definitions, proves their samples, and looks at the files as the configured user would, which needs root.
 * Tells each finding to the log, and "fine" if there is none.  Returns an exit status of sysexits(3). */
int check_run(const struct config *config, struct conf_errors *errors);

#endif
