/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session_table.h - the entries behind session.h: found, added, dropped
 *
 * For session.c, which owns them, their limits and their text in the state
 * file, and session_event.c, which says what an event does to them.
 */
#ifndef POPWATCH_SESSION_TABLE_H
#define POPWATCH_SESSION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relaydb.h"
#include "table.h"

/* An entry; its key is of session_key.h. */
struct session {
	UT_hash_handle hh; /* in the order of their making: the first is the oldest */
	int64_t since; /* the line that made it */
	int64_t seen; /* when its address was last recorded */
	int64_t until; /* when it is too old */
	char address[RELAYDB_ADDRSTRLEN];
	char key[];
};

/* Anybody can connect, so connections have a table of their own: they push out
 * each other, never what a login has made. */
enum { CONNECTIONS, LOGINS, TABLES };

struct sessions {
	struct session *tables[TABLES];
	/* by the times of lines: when a full table was last rid of what is too
	 * old */
	int64_t swept;
	size_t limit; /* of each */
	int64_t join_max;
	int64_t session_max;
	int64_t boot;
	uint64_t dropped;
	size_t notes; /* entries of LOGINS that are no open login */
	bool changed;
};

/* The entry of KEY, NULL if there is none. */
struct session *session_find(const struct sessions *sessions, const char *key);

/* Adds an entry, in place of one with this key; a full table drops what is too
 * old by SINCE, then its oldest.  Returns NULL without memory: that login is
 * not followed. */
struct session *session_put(
    struct sessions *sessions, const char *key, const char *address, int64_t since, int64_t until);

/* Removes an entry of the table, and frees it. */
void session_drop(struct sessions *sessions, struct session *session);

/* Removes every login whose key is the first SIZE bytes of KEY, a blank and
 * more. */
void session_drop_all(struct sessions *sessions, const char *key, size_t size);

/* Seconds that a connection with this BOUND of its definition (0: none) may stay open;
 * 0: it is not followed. */
int64_t session_open_max(const struct sessions *sessions, int64_t bound);

#endif
