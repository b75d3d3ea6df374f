/* SPDX-License-Identifier: BSD-2-Clause
 *
 * turn.h - a writer's turn: the lock that makes it alone, its clock, and the
 * signal that must not reach the host process
 *
 * Owns struct turn, which every step of a commit is handed.  Lowest of the five
 * files of a hash's commit: turn, force, settle, attempt, commit; each knows
 * only those before it.
 * Limit: the lock orders writers of this suite; makemap and postmap do not know
 * it.
 */
#ifndef RELAYDB_TURN_H
#define RELAYDB_TURN_H

#include "handle.h"
#include "location.h"

#include <signal.h>

/* What a step returns besides the codes of relaydb.h; never seen outside. */
enum {
	STEP_AGAIN = 1 << 30, /* the database is another than was copied: from `copied' again */
	/* a change would not be visible yet: wait for the clock, with no lock,
	 * then from `alone' again */
	STEP_EARLY,
};

struct turn {
	struct relaydb *db;
	struct location location;
	int lock; /* PATH.lock, locked; -1 between turns */
	int64_t now, begun; /* the caller's clock, and ours at that moment */
	bool kernel_mtime; /* we may write the database but not set its mtime */
	struct stat after; /* the database once it was written, before anybody else could */
	int64_t seen; /* with STEP_EARLY: the mtime that the clock must pass */
	bool xfsz_pending;
	sigset_t mask;
};

/* Finds the directory and holds SIGXFSZ back.  Returns RELAYDB_OK (free with
 * turn_end), BADSTAMP, NOFILE, NOTDB, PERM, IO. */
int turn_begin(struct turn *turn, struct relaydb *db, int64_t now);
void turn_end(struct turn *turn);

/* Locks PATH.lock, before the deadline of the call.  Returns RELAYDB_OK,
 * LOCKED, PERM, IO. */
int turn_take(struct turn *turn);

/* Unlocks it.  Harmless without a lock. */
void turn_leave(struct turn *turn);

/* The caller's clock, as it would be now. */
int64_t turn_now(const struct turn *turn);

/* The new file has its name, and all see it, but the directory could not be
 * synced: ERROR.  Returns RELAYDB_UNCERTAIN. */
int turn_unsynced(const struct turn *turn, int error);

/* Does PATH.SUFFIX still lead to the file in FD? */
bool turn_same_file(const struct location *location, const char *suffix, int fd);

#endif
