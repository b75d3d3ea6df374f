/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dnsbl.h - the blocklists that the rules name: their self-tests, what is on
 * and what is off
 *
 * Owns: one struct blocklist for each zone, the questions of its self-test, the
 * timer that repeats it, and the log lines when a list goes off or comes back.
 * What answers mean is blocklist.h's.
 */
#ifndef RELAYGUARD_DNSBL_H
#define RELAYGUARD_DNSBL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklist.h"

struct dns;
struct dnsbl;
struct loop;

/* NEWS is called, from the loop or inside dnsbl_judge(), when a test point was
 * answered.  Returns NULL without memory. */
struct dnsbl *dnsbl_new(struct loop *loop, struct dns *dns, void (*news)(void *arg), void *arg);

/* NULL is fine. */
void dnsbl_free(struct dnsbl *dnsbl);

/* From now on the lists are those of RULES (NULL: none), and a question waits
 * at most TIMEOUT_MS; a list that stays keeps what is known of it.  Begins the
 * self-tests.  Returns false without memory; the lists are then as before. */
bool dnsbl_configure(struct dnsbl *dnsbl, const struct rules *rules, int64_t timeout_ms);

/* What REPLY to a question about a client means, see blocklist_judge(). */
enum rules_answer dnsbl_judge(
    struct dnsbl *dnsbl, const struct rules_zone *zone, const struct blocklist_reply *reply);

/* Is a first self-test still on its way? */
bool dnsbl_testing(const struct dnsbl *dnsbl);

size_t dnsbl_count(const struct dnsbl *dnsbl);

/* List I and its zone; they belong to the handle. */
const struct blocklist *dnsbl_list(const struct dnsbl *dnsbl, size_t i, const char **zone);

#endif
