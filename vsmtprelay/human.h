/* SPDX-License-Identifier: BSD-2-Clause
 *
 * human.h - rows for people: age, what is left of the window, who recorded
 * them, in local time
 */
#ifndef VSMTPRELAY_HUMAN_H
#define VSMTPRELAY_HUMAN_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "expiry.h"
#include "relaydb.h"
#include "trace.h"

#define HUMAN_AGE 32 /* the longest text of human_age() and its NUL */
#define HUMAN_TIME 32 /* the same of human_time() */

struct human {
	FILE *to;
	int64_t now;
	struct expiry expiry;
	struct trace *trace;
	size_t rows; /* so far */
};

/* What is known of this host and of the database FILE, and the clock.  Ended by
 * human_close(). */
void human_open(struct human *human, FILE *to, int64_t now, const char *file);
void human_close(struct human *human);

/* A line for ROW; the first has a head above it. */
void human_row(struct human *human, const struct relaydb_row *row);

/* SECONDS in its two largest units: 45s, 12m, 3h05m, 2d04h. */
const char *human_age(int64_t seconds, char out[HUMAN_AGE]);

/* STAMP in local time: 2026-11-28 13:05:20. */
const char *human_time(int64_t stamp, char out[HUMAN_TIME]);

/* How long an entry of STAMP is still there, or why that cannot be said. */
const char *human_left(
    const struct expiry *expiry, int64_t now, int64_t stamp, char out[HUMAN_AGE]);

#endif
