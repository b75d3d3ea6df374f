/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tryout.h - popwatch -t: what would be recorded of this log, and why not the
 * rest
 *
 * Writes nothing but its report, asks no clock for the window, needs no rights.
 */
#ifndef POPWATCH_TRYOUT_H
#define POPWATCH_TRYOUT_H

#include "catalogue.h"
#include "config.h"

/* Reads FD to its end, lines of the layouts FORMATS, with the servers of
 * CATALOGUE.  Prints each login to standard output as
 * LINE<tab>login<tab>ADDRESS<tab>SERVER<tab>USER, and a summary by server to
 * standard error.  Warns once of each address that stands for everybody
 * (gateway.h) and is not among those that CONFIG ignores.  Returns an exit
 * status of sysexits(3): EX_NOINPUT after logging that FD could not be read to
 * its end. */
int tryout_run(int fd, unsigned formats, struct catalogue *catalogue, const struct config *config);

/* Reads FD to its end in the same way, for these warnings alone. */
void tryout_warn(
    int fd, unsigned formats, struct catalogue *catalogue, const struct config *config);

#endif
