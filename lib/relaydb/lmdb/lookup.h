/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lookup.h - one key in an LMDB file, and the pages that were read for it
 *
 * A page is read and proved when it is first needed, and kept while the file is
 * what it was: so a lookup in an unchanged file is one call of stat(2).
 */
#ifndef RELAYDB_LOOKUP_H
#define RELAYDB_LOOKUP_H

#include "handle.h"
#include "page.h"

/* What lookup_find() returns besides the codes of relaydb.h: a page that was
 * not read before is needed, and no file was given. */
#define LOOKUP_AWAY (1 << 29)

/* The pages of one state of a file; all zero: of none. */
struct lookup {
	bool valid; /* a later change would show in ST */
	uid_t user; /* for whom the file was opened */
	struct stat st;
	struct meta meta;
	unsigned char **page; /* by their numbers, NULL: not read; META.last + 1 of them */
	size_t kept; /* bytes in them */
};

void lookup_forget(struct lookup *lookup);

/* Is DB's file the one whose pages are kept?  One call of stat(2). */
bool lookup_unchanged(const struct relaydb *db, const struct lookup *lookup);

/* From here on LOOKUP is about the file in FD, which is locked F_RDLCK; what
 * was kept of the same state stays.  Returns RELAYDB_OK, NOTDB, IO, NOMEM. */
int lookup_begin(struct relaydb *db, struct lookup *lookup, int fd);

/* Looks KEY up as an MTA would.  FD is the file, locked as above, or -1.
 * Returns RELAYDB_OK with a copy of at most ROOM bytes of the value in OUT and
 * its true size; NOTFOUND, LOOKUP_AWAY, NOTDB, IO, NOMEM. */
int lookup_find(struct relaydb *db, struct lookup *lookup, int fd, struct bytes key, void *out,
    size_t room, size_t *value_size);

#endif
