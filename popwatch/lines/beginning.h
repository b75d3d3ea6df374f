/* SPDX-License-Identifier: BSD-2-Clause
 *
 * beginning.h - the expressions that a message cannot match, by how it begins
 *
 * Owns: what was found out about beginnings of messages.  Most expressions of a
 * definition differ from a message in its first bytes, and the messages of a
 * log have the same few beginnings again and again: so each is tried once, and
 * what came of it is remembered.  PCRE2 itself says whether anything that
 * begins so can match; no expression is read here.  Leaves to others: asking
 * it, and matching.
 */
#ifndef POPWATCH_BEGINNING_H
#define POPWATCH_BEGINNING_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

#define BEGINNING_SIZE 6 /* bytes: user names, which differ, come behind them */
#define BEGINNINGS 64

/* Zero at first, and again when the expressions change. */
struct beginnings {
	struct {
		uint64_t bytes; /* of the beginning */
		uint64_t may; /* 0: of none yet */
	} known[BEGINNINGS]; /* each has one place */
};

/* Which expressions a message that begins like MESSAGE may match: bit I of the
 * answer is of the Ith.  Those that have no bit may always. */
#define BEGINNING_BITS 63

/* The same for BEGINNING, BEGINNING_SIZE bytes that were not asked about
 * yet. */
typedef uint64_t beginning_fn(struct span beginning, const void *arg);

uint64_t beginnings_may(
    struct beginnings *beginnings, struct span message, beginning_fn *find_out, const void *arg);

#endif
