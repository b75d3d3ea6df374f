/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bound.h - how long connections of a server stay open at most
 *
 * An end that is not logged must not keep an address authorised for a day, and
 * what is near the truth differs: POP3 takes minutes, IMAP is open for hours.
 * Pure.
 */
#ifndef POPWATCH_BOUND_H
#define POPWATCH_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct bound {
	int64_t most; /* seconds */
	/* tags, families of them (tag.h) and kinds that it is for; NULL: all
	 * others */
	char **words;
	struct bound *next;
};

/* Adds VALUE, "DURATION [WORD...]".  Returns false if it is none, or without
 * memory. */
bool bound_add(struct bound **bounds, const char *value);

/* That of a login of KIND with TAG: of the first that names one of them, else
 * of one that names none.  0: there is none. */
int64_t bound_of(const struct bound *bounds, struct span kind, struct span tag);

/* The longest of them; 0 if one of no words is missing, so that some have
 * none. */
int64_t bound_longest(const struct bound *bounds);

void bound_free(struct bound *bounds);

#endif
