/* SPDX-License-Identifier: BSD-2-Clause
 *
 * silence.h - reports servers whose lines are read and whose logins are not
 *
 * A definition that does not fit what a server writes, and a log of another time
 * zone, look like a quiet night.  So both are reported, at the start and then
 * hourly.
 */
#ifndef POPWATCH_SILENCE_H
#define POPWATCH_SILENCE_H

#include <stdint.h>

#include "catalogue.h"

/* What was counted when the last report was due.  Zero at first. */
struct silence {
	int64_t when; /* 0: never */
	uint64_t logins;
	uint64_t old;
};

/* Once all is read: logs what is missing since the last report, if one is due at NOW.
 * LOGINS were found, OLD of them outside the window. */
void silence_report(struct silence *silence, const struct catalogue *catalogue, uint64_t logins, uint64_t old, int64_t now);

#endif
