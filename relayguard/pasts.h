/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pasts.h - SMTP sessions that are known from connections which are closed
 *
 * Exim asks about each recipient by a connection of its own, and a Postfix
 * process opens another one now and then.  Owns: what counts of a session from
 * one to the next, for as long as it is kept.
 * Limits: PASTS_PLACES sessions; one that finds its place taken replaces that
 * one.  Kept for PASTS_KEPT_MS after the last request.
 */
#ifndef RELAYGUARD_PASTS_H
#define RELAYGUARD_PASTS_H

#include <stdbool.h>
#include <stdint.h>

#define PASTS_PLACES 4096
#define PASTS_KEPT_MS 600000

/* What counts. */
struct past {
	uint32_t recipients; /* of the session */
	bool counted, tagged; /* its last message was */
};

struct pasts;

/* Returns NULL without memory. */
struct pasts *pasts_new(void);

/* Frees it; NULL is fine. */
void pasts_free(struct pasts *pasts);

/* PAST is that of the session CLIENT (any text that names it) with its message
 * INSTANCE ("": it has no name); MS is a monotonic clock. */
void pasts_keep(struct pasts *pasts, const char *client, const char *instance,
    const struct past *past, int64_t ms);

/* Finds it again.  Of another message than INSTANCE nothing was counted.
 * Returns false if the session is not known. */
bool pasts_find(const struct pasts *pasts, const char *client, const char *instance, int64_t ms,
    struct past *past);

#endif
