/* SPDX-License-Identifier: BSD-2-Clause
 *
 * guardtry.h - relayguard -n and -t: is the configuration right, and what do
 * the rules make of one recipient
 *
 * Asks the real DNS, and reads the real database once.  Changes nothing.
 */
#ifndef RELAYGUARD_GUARDTRY_H
#define RELAYGUARD_GUARDTRY_H

struct guardconf;

/* -n: reads the rules and tests the blocklists that they name.  Returns a
 * status of sysexits(3), after logging what is wrong. */
int guardtry_check(const struct guardconf *conf);

/* -t: decides about the recipient that FACTS ("NAME=VALUE", NULL at the end)
 * describe, and prints how.  Returns a status of sysexits(3). */
int guardtry_decide(const struct guardconf *conf, char *const *facts);

#endif
