/* SPDX-License-Identifier: BSD-2-Clause
 *
 * envelope.h - what a program that hands lines on puts before them
 *
 * Owns: the envelopes that can be taken off, and the names of those that
 * cannot.  Pure.  Leaves to others: the line within (layout.h).
 *
 *   docker compose logs     NAME-1  | LINE
 *   RFC 6587, octet counts  123 <22>LINE
 *
 * A Kubernetes node's (CRI: 2026-11-20T11:46:38.895Z stdout F LINE) is none of
 * them: its runtime cuts lines of more than 16 KiB, so a client who can make a
 * server of the container log that much chooses how the next piece begins.
 */
#ifndef POPWATCH_ENVELOPE_H
#define POPWATCH_ENVELOPE_H

#include "cursor.h"
#include "digits.h"
#include "header.h"

/* Skips them: what they have before the line does not count. */
void envelope_skip(struct cursor *c);

/* Does LINE begin with "Nov 20" or "Nov  3", as next to all do, and so has no
 * envelope? */
static inline bool envelope_impossible(const struct cursor *c)
{
	const char *p = c->p;

	return left(c) > 6 && p[3] == ' ' && (is_digit(p[4]) || (p[4] == ' ' && is_digit(p[5])));
}

/* For a line of no layout: what it is, if it is known, and what to do about it;
 * NULL otherwise. */
const char *envelope_name(const char *line, size_t size);

#endif
