/* SPDX-License-Identifier: BSD-2-Clause
 *
 * zone.h - the time zones of stamps that have no offset
 *
 * A container logs in UTC on a host that is elsewhere, and one host may follow
 * logs of several zones.  The C library has one zone for the process; so its
 * answers for each zone are kept in a table, which is made once.  The library's
 * own zone is as it was afterwards.
 *
 * Limits: 1970 to 2100.  A zone that changes on the disk is read at the next
 * start.  Not for several threads at once.
 */
#ifndef POPWATCH_ZONE_H
#define POPWATCH_ZONE_H

#include <stdint.h>

struct zone;

/* The zone NAME, such as "UTC" or "Europe/Berlin"; "" is the system's, which TZ
 * in the environment may name.  It lives until the end of the program.  The
 * library takes UTC for a zone that it does not have, or cannot read, without a
 * word: look first.  Returns NULL without memory. */
const struct zone *zone_get(const char *name);

/* When clocks in ZONE show LOCAL, in seconds since the epoch as if they were
 * those of UTC.  Of an hour that comes twice it is the first: a login must not
 * become younger than it may be.  Of an hour that is left out it is the one
 * behind it. */
int64_t zone_time(const struct zone *zone, int64_t local);

#endif
