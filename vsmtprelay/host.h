/* SPDX-License-Identifier: BSD-2-Clause
 *
 * host.h - does anything on this host expire entries, and record logins?  Part
 * of `vsmtprelay check`.
 */
#ifndef VSMTPRELAY_HOST_H
#define VSMTPRELAY_HOST_H

#include <stdbool.h>

#include "findings.h"

/* Does anything record logins: a popwatch that runs, a line in /etc/pam.d? */
bool host_records(void);

/* If FILE is the database of this host (the built-in path), looks for what
 * expires its entries - a line of cron and a cron daemon, the timer, `expire'
 * in popwatch.conf - and for what records logins - a popwatch that runs, a line
 * in /etc/pam.d.  Calls EACH, with ARG, for what is missing: entries that never
 * expire are a warning; no recorder is RELAYDB_FINE, with what to do, since the
 * host may be about to get one.  A finding is good for the time of the call. */
void host_check(
    const char *file, void (*each)(const struct finding *finding, void *arg), void *arg);

#endif
