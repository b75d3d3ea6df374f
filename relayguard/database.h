/* SPDX-License-Identifier: BSD-2-Clause
 *
 * database.h - who has logged in by POP or IMAP, for sessions that must not
 * wait
 *
 * A thread copies the database whenever its files have changed, and the loop
 * takes the copy over: no session waits for a lock or for the proof of a large
 * file.
 * Owns: the thread, the copy in use, complaints about a database that cannot be
 * read.
 *
 * Once the files have changed, an answer is "pending" until they are copied
 * again, DATABASE_FRESH_MS at most, which a small database never needs.  After
 * that an address that the old copy has is answered by it; one that it lacks
 * "unknown", since its login may not be copied yet.
 */
#ifndef RELAYGUARD_DATABASE_H
#define RELAYGUARD_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"

#define DATABASE_FRESH_MS 50

struct database;
struct loop;

/* PATH is a database that need not exist; ON_COPY is called from the loop after
 * each new copy.  Returns NULL after logging why not. */
struct database *database_new(
    struct loop *loop, const char *path, int64_t window, void (*on_copy)(void *arg), void *arg);

/* Starts the thread; after sandbox_enter().  Returns false after logging why
 * not. */
bool database_start(struct database *database);

/* Another window, in seconds. */
void database_configure(struct database *database, int64_t window);

/* Has ADDRESS (text) an entry that counts at NOW (seconds since the epoch)?
 * SINCE_MS is when this was asked first, CLOCK_MS is now, both of
 * clock_monotonic_ms().  Returns RULES_YES, RULES_NO or RULES_UNKNOWN;
 * RULES_PENDING: a copy is being made, ask again after ON_COPY, or when
 * DATABASE_FRESH_MS have passed since SINCE_MS. */
enum rules_answer database_entry(struct database *database, const char *address, int64_t now,
    int64_t since_ms, int64_t clock_ms);

struct database_counts {
	uint64_t copies, failures; /* since the start */
	size_t entries; /* in the copy */
	bool readable;
};

struct database_counts database_counts(const struct database *database);

/* Ends the thread, which may take as long as a copy.  NULL is fine. */
void database_free(struct database *database);

#endif
