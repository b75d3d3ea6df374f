/* SPDX-License-Identifier: BSD-2-Clause
 *
 * writer.h - gathers what is to be recorded and commits it
 *
 * Owns: the logins that wait, when the next commit is due, trying again, the
 * complaint when it cannot be done, and the log's line for each address that
 * was authorised, once it was.
 * Limits: WRITER_MAX addresses, which a caller that reads logs must heed
 * (writer_full()).  Leaves to others: what counts, and the positions that may
 * be saved after a commit.
 */
#ifndef POPWATCH_WRITER_H
#define POPWATCH_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relaydb.h"
#include "span.h"

#define WRITER_MAX 65536 /* addresses that wait */

struct writer;

struct writer_tally {
	uint64_t commits; /* that changed the database */
	uint64_t failures; /* attempts that failed */
	uint64_t recorded; /* addresses handed to commits that succeeded */
	uint64_t expired; /* entries that our own expiry removed */
};

/* A writer for the database PATH (as relaydb_path() chose it) that commits at
 * most every INTERVAL_MS and, if EXPIRE is not 0, removes entries older than
 * EXPIRE seconds.  Returns NULL after logging why not. */
struct writer *writer_new(const char *path, int64_t interval_ms, int64_t expire);

/* New times, after the configuration was read again. */
void writer_configure(struct writer *writer, int64_t interval_ms, int64_t expire);

/* Frees it with what it has not committed; a NULL is fine. */
void writer_free(struct writer *writer);

/* A login that is to be recorded. */
struct login {
	const char *address; /* in the store's form */
	int64_t when;
	/* NULL: nobody logged in, the address of a connection is kept fresh;
	 * nothing is logged */
	const char *server;
	struct span user;
	struct span session;
	bool refresh; /* counts only if the address has a row, else it was deleted */
	/* the address was recorded with this stamp not long ago: counts only if
	 * its row does not have it any more; 0: it was not */
	int64_t known;
};

/* Takes a login in; of several of one address before a commit the latest
 * counts.  Returns false without memory. */
bool writer_record(struct writer *writer, const struct login *login);

/* How many addresses wait. */
size_t writer_waiting(const struct writer *writer);

/* Do so many addresses wait that no more lines are to be read?  It still takes
 * what comes. */
bool writer_full(const struct writer *writer);

/* Is anything waiting to be committed? */
bool writer_pending(const struct writer *writer);

/* How many milliseconds until there is something to commit, or it is time to
 * look for what other processes have left, at NOW and CLOCK_MS (monotonic); 0:
 * now. */
int64_t writer_due(const struct writer *writer, int64_t now, int64_t clock_ms);

/* Adds the expiry when it is time for it, and commits what is gathered, or what
 * other processes have left pending.  A failed commit is logged (once for each
 * cause, then hourly) and tried again later with everything that came
 * meanwhile; so is a commit that is recorded but stays out of force for
 * seconds.  Returns true when nothing is waiting any more. */
bool writer_commit(struct writer *writer, int64_t now, int64_t clock_ms);

/* relaydb_entries() of the writer's handle.  *WHY is its sentence if that
 * fails. */
int writer_entries(const struct writer *writer, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg, const char **why);

const struct writer_tally *writer_tally(const struct writer *writer);

#endif
