/* SPDX-License-Identifier: BSD-2-Clause
 *
 * duration.h - lengths of time as administrators write them: 90, 90s, 30m,
 * 1h30m, 2d
 */
#ifndef RELAYERS_DURATION_H
#define RELAYERS_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#define DURATION_MAX INT64_C(3155760000) /* a hundred years */

/* Reads a number of seconds, or numbers each with a unit s, m, h or d, larger
 * units first.  No sign, no blank.
 * Returns true with *SECONDS (0 to DURATION_MAX), or false and leaves it
 * alone. */
bool duration_parse(const char *text, int64_t *seconds);

#endif
