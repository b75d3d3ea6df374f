/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dns.h - questions to the DNS beside the loop, each with a deadline
 *
 * Sole home of <unbound.h> and <unbound-event.h>.  Owns: the resolver's context
 * (a cache, forwarding to the hosts of resolv.conf or to one that is named),
 * the deadline.  libunbound runs in the loop, without a thread; that is why it
 * is never ub_resolve(), which waits.
 */
#ifndef RELAYGUARD_DNS_H
#define RELAYGUARD_DNS_H

#include "dnsanswer.h"

#include <stdint.h>

struct dns;
struct dns_question;
struct loop;

/* Called with the answer, once.  ANSWER ends with the call. */
typedef void dns_done(const struct dnsanswer *answer, void *arg);

/* RESOLVER is an address, or ADDRESS@PORT, or NULL for the hosts of
 * RESOLV_CONF. Returns NULL after logging why not. */
struct dns *dns_new(struct loop *loop, const char *resolver, const char *resolv_conf);

/* Frees it.  Questions must have been answered or cancelled.  NULL is fine. */
void dns_free(struct dns *dns);

/* Asks for TYPE of NAME; after TIMEOUT_MS the answer is DNSANSWER_FAILED.
 * *ASKED becomes the question, or NULL if DONE was called before this returns.
 * Returns false without memory: DONE is then not called. */
bool dns_ask(struct dns *dns, const char *name, enum rules_type type, int64_t timeout_ms,
    dns_done *done, void *arg, struct dns_question **asked);

/* Gives up a question: DONE is not called any more.  Not after DONE was, nor
 * from it.  NULL is fine. */
void dns_cancel(struct dns_question *question);

/* Questions that are on their way. */
size_t dns_pending(const struct dns *dns);

#endif
