/* SPDX-License-Identifier: BSD-2-Clause
 *
 * clock.h - the monotonic clock in milliseconds: for deadlines and intervals
 *
 * Stamps are seconds of time(2); only what waits or is repeated goes by this
 * clock, which nobody can set.  What compares times gets them as arguments, so
 * that tests can choose them: call this at the top of a program, not below.
 */
#ifndef RELAYERS_CLOCK_H
#define RELAYERS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment before the process began.  It cannot fail. */
static inline int64_t clock_monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
