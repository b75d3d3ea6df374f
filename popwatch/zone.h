/* SPDX-License-Identifier: BSD-2-Clause
 *
 * zone.h - the time zone of stamps that have no offset
 *
 * A container logs in UTC on a host that is elsewhere.  One zone for the process:
 * it is the C library's, set once.
 */
#ifndef POPWATCH_ZONE_H
#define POPWATCH_ZONE_H

#include <stdbool.h>

/* Does this host know the zone NAME, such as "Europe/Berlin"?  The C library takes
 * UTC for one that it does not know, without a word. */
bool zone_exists(const char *name);

/* Makes NAME the zone in which stamps without an offset are read; "" leaves that of
 * the host.  Call it once, before any is read.  Returns false without memory. */
bool zone_set(const char *name);

#endif
