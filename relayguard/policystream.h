/* SPDX-License-Identifier: BSD-2-Clause
 *
 * policystream.h - a connection of the policy protocol, whichever listener it
 * came to: answers out, and what makes no sense counted and logged
 *
 * Owns: that such complaints come at most once a minute for each listener.
 */
#ifndef RELAYGUARD_POLICYSTREAM_H
#define RELAYGUARD_POLICYSTREAM_H

#include "guardcounts.h"

struct guard;
struct policyservice;
struct stream;

/* Sends the answers that SERVICE has. */
void policystream_flush(struct stream *stream, struct policyservice *service);

/* A request was treated as OUTCOME says ("answered DUNNO"), because of ODD. */
void policystream_odd(struct guard *guard, enum guardcounts_listener listener,
    const struct stream *stream, const char *outcome, const char *odd);

/* What came is no request, or there is no memory for it: closes STREAM. */
void policystream_give_up(
    struct guard *guard, enum guardcounts_listener listener, struct stream *stream);

#endif
