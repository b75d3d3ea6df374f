/* SPDX-License-Identifier: BSD-2-Clause
 *
 * everyhost.h - orders for all hosts, by way of the relaymirror(8) of this one
 *
 * Owns: the conversation at its control socket, $RELAYERS_MIRROR or the
 * built-in one, which waits for a few seconds at most.  Without a relaymirror
 * that mirrors the database nothing is said and done.
 */
#ifndef VSMTPRELAY_EVERYHOST_H
#define VSMTPRELAY_EVERYHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "findings.h"

/* Gives ORDER, "delete" or "add", for each of the COUNT addresses, NULL or not,
 * to the relaymirror of DATABASE.  Returns false after logging what other hosts
 * do not know yet, and may never. */
bool everyhost_order(const char *database, const char *order, int count, char *const address[]);

#define EVERYHOST_TEXT 512

/* What relaymirror, if one mirrors DATABASE or should, knows of ADDRESS at the
 * time NOW, as a sentence without its end.  Returns false if there is none. */
bool everyhost_ask(
    const char *database, const char *address, int64_t now, char text[EVERYHOST_TEXT]);

/* Part of `vsmtprelay check': does relaymirror, if one mirrors DATABASE or
 * should, reach its engine, with which lag, clock offset and backlog, and will
 * the engine keep what it is told?  Calls EACH, with ARG, for every finding. */
void everyhost_check(
    const char *database, void (*each)(const struct finding *finding, void *arg), void *arg);

#endif
