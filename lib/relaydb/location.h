/* SPDX-License-Identifier: BSD-2-Clause
 *
 * location.h - the directory of the database, the names in it, and who may own
 * them
 */
#ifndef RELAYDB_LOCATION_H
#define RELAYDB_LOCATION_H

#include "handle.h"

#include <sys/stat.h>

struct location {
	int dir; /* descriptor of the directory; O_PATH when only reading */
	struct stat directory;
	char name[256]; /* the database in it, symbolic links followed */
	mode_t mode; /* of new files: 0660 */
};

#define LOCK_SUFFIX ".lock"
#define NEW_SUFFIX ".new"
#define REDO_SUFFIX ".redo"

/* Finds the real directory and name of DB's path.  A link within the directory
 * is followed; one that leads out of it only if the directory that holds the
 * link belongs to root or the caller, since its owner chooses where the link
 * leads.
 * Returns RELAYDB_OK (free with location_close), NOFILE, NOTDB, PERM, IO. */
int location_open(struct relaydb *db, struct location *location, bool writing);
void location_close(struct location *location);

/* Opens the database.  CREATE makes an empty one if it is missing (writing
 * only): the caller's, by root root's, since sendmail ignores a map that only
 * another user and group may read; group of the directory, mode 0660.
 * Refuses what is no regular file, and to root a file that the directory's
 * owner may have planted.
 * Returns RELAYDB_OK with *fd and *st, RELAYDB_NOFILE, NOTDB, PERM, IO. */
int location_open_map(struct relaydb *db, const struct location *location, bool writing,
    bool create, int *fd, struct stat *st);

/* Opens or makes PATH.SUFFIX, as WANT says.  New ones get mode 0660, and from
 * root the directory's owner.
 * Refuses everything but a regular file that root, the directory's owner or the
 * caller owns; and one with more than one link, unless the directory's owner
 * owns it or its group may write it.
 * Returns RELAYDB_OK with *fd, RELAYDB_NOTFOUND (READ and UPDATE: there is none;
 * KEEP and APPEND: another made and removed it meanwhile, so try again), NOFILE
 * (the name is too long), NOTDB (a directory, a device), PERM, IO, NOMEM. */
enum location_want {
	LOCATION_READ, /* one that is there, to be read or locked */
	LOCATION_UPDATE, /* one that is there, to be written too */
	LOCATION_KEEP, /* one that is there or a new one, to be locked */
	LOCATION_APPEND, /* one that is there or a new one, to be written too */
	LOCATION_NEW, /* a new one; a leftover is removed */
};
int location_companion(struct relaydb *db, const struct location *location, const char *suffix,
    enum location_want want, int *fd);

/* PATH.SUFFIX is gone and the directory knows it.  Returns RELAYDB_OK or the
 * code of what failed. */
int location_remove(struct relaydb *db, const struct location *location, const char *suffix);

/* May only root and the caller write the file whose state ST is, or put another
 * in its directory?  Who hands it to a library that believes what it reads must
 * know that.  Returns RELAYDB_OK or PERM. */
int location_private(struct relaydb *db, const struct location *location, const struct stat *st);

/* The name of the database, whose state is ST, outlives a power cut: who
 * renamed it into place may have been killed before the directory was synced.
 * Costs a sync once for a state; a commit of the handle's own sets db->named
 * itself.  LOCATION is open for writing.  Returns RELAYDB_OK or IO. */
int location_keep_name(struct relaydb *db, const struct location *location, const struct stat *st);

/* relaydb_settle() of a form whose commits are renamed, or a transaction: whole
 * or not there, except that the name may not be on disk yet.  Returns
 * RELAYDB_OK, BADSTAMP, or as location_open() and IO. */
int location_settle(struct relaydb *db, int64_t now);

/* Is anything under that name? */
bool location_has(const struct location *location, const char *suffix);

/* The name of a companion.  False if it is too long for a file name. */
bool location_name(const struct location *location, const char *suffix, char out[256]);

/* Is the database somebody's who is neither root nor the directory's owner?
 * (makemap run by root gives it to its trusted user.) */
bool location_foreign(const struct location *location, const struct stat *st);

/* If so, and the caller is root: it becomes root's, mode 0660, and the
 * directory's group writes it.  Returns RELAYDB_OK or PERM, IO. */
int location_give_back(
    struct relaydb *db, const struct location *location, int fd, const struct stat *st);

#endif
