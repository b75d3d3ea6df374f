/* SPDX-License-Identifier: BSD-2-Clause
 *
 * selfcheck.h - popwatch -n: is the configuration right, may its user read and
 * write what it names, and would anything be recorded?
 */
#ifndef POPWATCH_CHECK_H
#define POPWATCH_CHECK_H

#include "config.h"

/* Looks for the user, reads the definitions and proves their samples, and, if
 * CONFIG has no errors, looks at the files as the configured user would,
 * which needs root.  CONFIG is what config_load_anyway() could take, ERRORS
 * counts what it could not.  Logs each finding, and "fine" if there is none.
 * EX_NOINPUT: neither a log nor a journal is there to follow.  Returns an exit
 * status of sysexits(3). */
int check_run(const struct config *config, struct conf_errors *errors);

#endif
