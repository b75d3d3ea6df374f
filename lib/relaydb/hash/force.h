/* SPDX-License-Identifier: BSD-2-Clause
 *
 * force.h - puts a record into force: the blocks, and the mtime by which an MTA
 * notices them
 *
 * sendmail reopens a map when the whole seconds of its mtime have grown,
 * Postfix when they differ.  So each change needs a second of its own, and
 * there is one visible change a second:
 *
 * - who owns the file (or is root) sets mtime, to the clock or a second past
 *   the last one, at most LEAD ahead of the clock;
 * - who may only write it gets the kernel's clock, so the clock must be past
 *   the last mtime: for LEAD + 1 seconds at most.
 *
 * With LEAD 1, when the clock shows 100:
 *
 *	mtime	owner, or root		who may only write
 *	  99	now: it becomes 100	now: it becomes 100
 *	 100	now: 101		when the clock shows 101: 101
 *	 101	at 101: 102		at 102: 102
 *	 103	now, once a second: 104	now: 100
 *
 * In the last row the clock was set back, since no change of ours can be so far
 * ahead.  To refuse logins until it catches up would be worse than what is
 * lost, so nobody waits then.  Who may set mtime lets it go on rising; where
 * the kernel sets it, it falls to the clock, and a sendmail that had the map
 * open before sees new rows with its next session.
 */
#ifndef RELAYDB_FORCE_H
#define RELAYDB_FORCE_H

#include "redo.h"
#include "turn.h"

/* How far mtime may run ahead of the clock, in seconds. */
#define LEAD 1

/* May the file ST be changed now, of which an MTA can have seen the mtime SEEN?
 * If not, TURN remembers what to wait for. */
bool force_due(struct turn *turn, const struct stat *st, int64_t seen);

/* Waits, with no lock, until the clock has come so far: some LEAD + 1 seconds
 * at most, whatever the clock does. */
void force_wait(struct turn *turn);

/* Under LOCK_EX, before the record counts: may we set mtime, as force_due()
 * believed?  Returns RELAYDB_OK, STEP_AGAIN or the code of what failed. */
int force_prepare(struct turn *turn, int fd, const struct stat *st);

/* Writes and clears: the record has its name on the disk and FD is locked;
 * BEFORE is FD before the first write.  Unlocks FD.  Returns RELAYDB_OK, or
 * RELAYDB_UNCERTAIN: the next settle goes on. */
int force_record(struct turn *turn, int fd, const struct redo *redo, const struct stat *before);

#endif
