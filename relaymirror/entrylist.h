/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entrylist.h - what XREAD returned, without trust
 */
#ifndef RELAYMIRROR_ENTRYLIST_H
#define RELAYMIRROR_ENTRYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "orders.h"

#define ENTRYLIST_MAX 1000 /* of both streams */
#define ENTRYLIST_COUNT "500" /* of each, as XREAD wants it */

struct redisReply;

struct entry {
	struct streamid id;
	bool order; /* of the stream of orders, else of logins */
	enum order_kind kind; /* a login is an ORDER_ADD; what is neither counts for nothing */
	char address[RELAYDB_ADDRSTRLEN]; /* as it came; "": too long, or none */
	int64_t stamp; /* -1: none */
};

struct entrylist {
	size_t count;
	struct streamid last_login, last_order; /* of these, or what was given */
	struct entry entries[ENTRYLIST_MAX];
};

/* None, behind these. */
void entrylist_clear(
    struct entrylist *list, const struct streamid *after_login, const struct streamid *after_order);

/* Reads ANSWER, which has what comes after these; nil is none.  Returns false
 * for anything that XREAD does not return. */
bool entrylist_read(struct entrylist *list, const struct redisReply *answer,
    const struct streamid *after_login, const struct streamid *after_order);

#endif
