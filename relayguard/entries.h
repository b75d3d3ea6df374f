/* SPDX-License-Identifier: BSD-2-Clause
 *
 * entries.h - a copy of the database's entries in memory
 *
 * An entry is an address with a time.  Rows with another value (OK, REJECT, a
 * network) are the mail server's own business and are never here.
 * Owns: reading the database by way of librelaydb, which proves it, and finding
 * an address in the copy; and the stamp of the files, by which a later state of
 * the database is told from the one that was read.
 * A copy does not change once it is made, so threads may hand it on.
 */
#ifndef RELAYGUARD_ENTRIES_H
#define RELAYGUARD_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ipnet.h"

/* How the files of a database look: itself, its record of a commit, its queue.
 * */
struct entries_stamp {
	struct {
		uint64_t dev, ino; /* 0, 0: there is none */
		int64_t size;
		struct timespec modified, changed;
	} file[3];
};

/* Looks at the files of the database PATH; nothing is opened, nothing waits. */
void entries_look(const char *path, struct entries_stamp *stamp);

bool entries_same(const struct entries_stamp *a, const struct entries_stamp *b);

/* Were the files left alone for longer than the grain of the kernel's clock at
 * NOW (CLOCK_REALTIME)?  If not, a later change may leave them looking the
 * same. */
bool entries_settled(const struct entries_stamp *stamp, const struct timespec *now);

struct entries;
struct relaydb;

/* Copies the entries of DB whose time is SINCE or later.  Returns RELAYDB_OK,
 * or what relaydb_each() says: NOFILE when there is no database.  *COPY is to
 * be freed with entries_free(), NULL on failure. */
int entries_read(struct relaydb *db, int64_t since, struct entries **copy);

/* NULL is fine. */
void entries_free(struct entries *copy);

/* How many entries there are. */
size_t entries_count(const struct entries *copy);

/* Has ADDRESS an entry with now - window <= time <= now + 5 s?  Bits of ADDRESS
 * are not looked at. */
bool entries_has(
    const struct entries *copy, const struct ipnet *address, int64_t now, int64_t window);

#endif
