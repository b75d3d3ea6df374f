/* SPDX-License-Identifier: BSD-2-Clause
 *
 * envelope.h - what a program that hands lines on puts before them
 *
 * Owns: the envelopes that can be taken off, and the names of those that
 * cannot.  Pure.  Leaves to others: the line within (layout.h).
 *
 *   docker compose logs     NAME-1  | LINE
 *   RFC 6587, octet counts  123 <22>LINE
 *   Kubernetes, CRI         2026-11-20T11:46:38.895Z stdout F LINE
 *
 * A piece of a line (P for the F of CRI) is of no layout: what a client wrote
 * would stand where a line begins.
 */
#ifndef POPWATCH_ENVELOPE_H
#define POPWATCH_ENVELOPE_H

#include "cursor.h"
#include "header.h"

/* Skips the first two, whose lines have all that counts. */
void envelope_skip(struct cursor *c);

/* The third one: its stamp into HEADER, C behind it.  Returns false, and C
 * stays, if there is none. */
bool envelope_take_runtime(struct cursor *c, struct header *header);

/* For a line of no layout: what it is, if it is known, and what to do about it;
 * NULL otherwise. */
const char *envelope_name(const char *line, size_t size);

#endif
