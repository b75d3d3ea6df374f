/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcprules.h - the file of rules that tcpserver(1) reads, from an
 * administrator's rules and addresses that may relay
 *
 * Owns the language of tcprules(1), what a rule means for an address, and the
 * cdb.  The administrator's rules win: an address that has a rule of its own,
 * or that a rule denies, gets nothing; else it gets RELAYCLIENT, and what the
 * rule that it would fall under sets.
 *
 * tcpserver refuses every connection when the cdb is missing, empty or cut
 * off.  So it is written beside, synced, read back and compared, and renamed;
 * the lock on CDB.tmp orders those who write it.
 *
 * Limits: IPv4 alone, as tcpserver of ucspi-tcp has it.  tcpserver asks for an
 * address before it asks for names, so rules by name (=host) do not count for
 * an address that may relay.
 */
#ifndef RELAYERS_TCPRULES_H
#define RELAYERS_TCPRULES_H

#include <stddef.h>

#include "tcprule.h"

struct tcprules; /* a cdb that is being made */

/* Begins a new CDB with the administrator's RULES ("": none).  Waits up to
 * WAIT_MS for another writer.
 * Returns TCPRULES_OK with *OUT, to be ended by tcprules_finish() or
 * tcprules_drop(); or another code, with a sentence in WHY. */
enum tcprules_code tcprules_begin(
    struct tcprules **out, const char *rules, const char *cdb, int wait_ms, char why[TCPRULES_WHY]);

/* ADDRESS, in the form of relaydb_address(), may relay.  A failure shows in
 * tcprules_finish(). */
void tcprules_relay(struct tcprules *tcprules, const char *address);

/* Puts the new CDB in the place of the old one, which else stays, and frees
 * *TCPRULES.  *RELAYING (may be NULL) is how many addresses got RELAYCLIENT.
 * Returns TCPRULES_OK, or TCPRULES_FAILED with a sentence in WHY. */
enum tcprules_code tcprules_finish(
    struct tcprules **tcprules, size_t *relaying, char why[TCPRULES_WHY]);

/* Gives it up; CDB stays.  A NULL is fine. */
void tcprules_drop(struct tcprules **tcprules);

#endif
