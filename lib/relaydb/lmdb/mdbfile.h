/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbfile.h - a file of LMDB as a whole: read under its lock, proved, and known
 * again
 *
 * Owns struct mdbfile, which a handle remembers.
 */
#ifndef RELAYDB_MDBFILE_H
#define RELAYDB_MDBFILE_H

#include "io.h"
#include "pages.h"
#include "turn.h"

/* A file that was proved: by which state it is known again, and what was
 * learned. */
struct mdbfile {
	bool valid;
	struct stat st;
	struct pages_state state;
	struct pages_info info;
};

/* Keeps the sentence that DB is no relay database, for WHY.  Returns
 * RELAYDB_NOTDB. */
int mdbfile_foreign(struct relaydb *db, const char *why);

/* Reads all of FD under F_RDLCK, and proves it.  Returns RELAYDB_OK (free IMAGE
 * with image_free), LOCKED, NOTDB, IO, NOMEM. */
int mdbfile_read(struct relaydb *db, int fd, struct mdbfile *file, struct image *image);

/* What is in FD is proved: before, or now.  Meanwhile nobody is kept from
 * reading.  Returns as mdbfile_read(). */
int mdbfile_know(struct relaydb *db, int fd, struct mdbfile *file);

/* With FD locked F_WRLCK: is it what was proved, and still the one of that
 * name?  The state tells it from what another process wrote in the same tick of
 * the clock. */
bool mdbfile_still(const struct turn *turn, int fd, const struct mdbfile *file);

/* FD holds what a transaction of ours with that RESULT has left. */
void mdbfile_remember(int fd, struct mdbfile *file, const struct relaydb_result *result);

#endif
