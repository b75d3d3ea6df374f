/* SPDX-License-Identifier: BSD-2-Clause
 *
 * moment.h - what time it is, here and at the engine
 *
 * Owns: the step from one clock to the other.  The engine's clock is the one
 * that all hosts share: what travels has stamps of it, what is in a local
 * database has stamps of this host. Whatever compares times gets both as an
 * argument.
 */
#ifndef RELAYMIRROR_MOMENT_H
#define RELAYMIRROR_MOMENT_H

#include <stdint.h>

/* A stamp may be this far ahead: clocks differ, and seconds are rounded. */
#define AHEAD_MAX 5

/* One instant by both clocks, in seconds since the epoch. */
struct moment {
	int64_t local;
	int64_t engine;
};

/* How far this host's clock is ahead. */
static inline int64_t moment_offset(const struct moment *now)
{
	return now->local - now->engine;
}

/* A stamp of this host by the engine's clock, and the other way. */
static inline int64_t moment_to_engine(const struct moment *now, int64_t local)
{
	return local - moment_offset(now);
}

static inline int64_t moment_to_local(const struct moment *now, int64_t engine)
{
	return engine + moment_offset(now);
}

#endif
