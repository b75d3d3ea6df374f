/* SPDX-License-Identifier: BSD-2-Clause
 *
 * localdb.h - this host's database, as the mirror needs it
 *
 * Owns: noticing that it has changed (inotify, and a look every second),
 * reading it whole into the mirror, committing what the mirror plans, and the
 * pace of both: no more than a fifth of the time.
 * No call waits for a lock: what is locked is tried again.
 */
#ifndef RELAYMIRROR_LOCALDB_H
#define RELAYMIRROR_LOCALDB_H

#include <stdbool.h>
#include <stdint.h>

#include "engineclock.h"
#include "mirror.h"

struct loop;
struct localdb;

struct localdb_handler {
	/* Saves MIRROR's state, before a commit.  Returns false if it could
	 * not: then nothing is committed. */
	bool (*save)(void *arg);
	/* The database was read: there may be something to send. */
	void (*read)(void *arg);
};

struct localdb_tally {
	uint64_t reads, commits, failures;
	uint64_t written, deleted;
};

/* PATH must be in a directory that exists.  The rest must outlive it.  Returns
 * NULL after logging why not. */
struct localdb *localdb_new(struct loop *loop, const char *path, struct mirror *mirror,
    const struct engineclock *clock, const struct localdb_handler *handler, void *arg);

/* NULL is fine. */
void localdb_free(struct localdb *local);

/* Watches, reads and commits from now on: the engine's clock is known. */
void localdb_start(struct localdb *local);

/* Gives the row of ADDRESS to mirror_local(). */
void localdb_look_up(struct localdb *local, const char *address);

/* The mirror may have plans: they are committed soon, from the loop. */
void localdb_kick(struct localdb *local);

/* Saves and commits now what can be. */
void localdb_finish(struct localdb *local);

const struct localdb_tally *localdb_tally(const struct localdb *local);

#endif
