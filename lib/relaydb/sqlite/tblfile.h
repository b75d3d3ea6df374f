/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tblfile.h - a file of SQLite as a whole: read, proved, and known again
 *
 * Owns struct tblfile, which a handle keeps as its memory.
 */
#ifndef RELAYDB_TBLFILE_H
#define RELAYDB_TBLFILE_H

#include "handle.h"
#include "location.h"
#include "tblblob.h"

/* A file that was read and proved. */
struct tblfile {
	struct stat st;
	uid_t user; /* for whom it was opened */
	bool settled; /* a later change would show in ST */
	struct table *table; /* NULL: nothing is remembered */
	struct table_info info;
};

/* What DB remembers; NULL without memory, and DB says so. */
struct tblfile *tblfile_of(struct relaydb *db);

/* Is DB's file the one that is remembered?  One call of stat(2): a link that
 * leads to it another way, or another owner of its directory, changes nothing
 * in what was proved. */
bool tblfile_unchanged(const struct relaydb *db, const struct tblfile *file);

/* Forgets it. */
void tblfile_forget(struct relaydb *db);

/* The table of the file in FD, whose state is ST, goes into FILE.  Nothing that
 * another may write is shown to SQLite.  Returns RELAYDB_OK, PERM, NOTDB,
 * LOCKED (it keeps being changed), IO, NOMEM. */
int tblfile_know(struct relaydb *db, const struct location *location, int fd, const struct stat *st,
    struct tblfile *file);

#endif
