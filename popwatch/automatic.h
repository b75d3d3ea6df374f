/* SPDX-License-Identifier: BSD-2-Clause
 *
 * automatic.h - log = auto and servers = auto: what this host has
 *
 * The journal wherever journald runs and stores it: it has the lines with a
 * syslog daemon or without, and after an upgrade a dead mail.log is still
 * there.  Where there is none, the logs that syslog daemons fill.  Servers that
 * are installed; one that is merely seen in a log is reported and never
 * enabled, since anybody's logger(1) is seen.
 */
#ifndef POPWATCH_AUTOMATIC_H
#define POPWATCH_AUTOMATIC_H

#include "config_data.h"

struct catalogue;

#define AUTOMATIC "auto"

/* Puts what this host has in the place of `log = auto', if CONFIG has that.  A
 * journal that was SET stays as it is.  Errors are reported to PLACE's. */
void automatic_logs(struct config *config, bool set, const struct conf_place *place);

/* Does a journald run here that stores what it gets? */
bool automatic_journald(void);

/* Logs what was chosen, and what of it will record nothing; nothing if CONFIG
 * says auto of neither.  Returns false if servers = auto has found none. */
bool automatic_report(const struct config *config, const struct catalogue *catalogue);

#endif
