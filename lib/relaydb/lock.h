/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lock.h - waiting for a lock, but not for ever
 */
#ifndef RELAYDB_LOCK_H
#define RELAYDB_LOCK_H

#include "handle.h"

#include <fcntl.h>

/* Locks FD with flock(2), OPERATION LOCK_SH or LOCK_EX, before the deadline of
 * the call.  SUFFIX names the file, "" is the database: one of us that waits
 * for it with LOCK_EX is let in before readers of ours that come later.
 * Returns RELAYDB_OK, RELAYDB_LOCKED (the sentence names the holder) or
 * RELAYDB_IO. */
int lock_wait(struct relaydb *db, int fd, int operation, const char *suffix);
void lock_release(int fd);

/* The same with a lock of fcntl(2) on all of the database, TYPE F_RDLCK or
 * F_WRLCK, as Postfix locks a map of type lmdb.  It is an open file
 * description's: it stands against those of processes, other threads do not
 * share it, and no close(2) of another descriptor drops it.  lock_close() does
 * not know it. */
int lock_wait_whole(struct relaydb *db, int fd, short type);
void lock_release_whole(int fd);

/* Closes *FD, if there is one, and gives up its lock first.  A flock belongs to
 * the open file, not to the descriptor: a child that another thread has forked
 * meanwhile has a copy, and closing ours would leave the lock with the child
 * for its life. */
void lock_close(int *fd);

#endif
