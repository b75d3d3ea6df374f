/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tblfile.c - a file of SQLite as a whole, see tblfile.h
 */
#include "tblfile.h"
#include "io.h"
#include "known.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READS_MAX 16 /* of a file that somebody changes in place */

void tblfile_forget(struct relaydb *db)
{
	struct tblfile *file = db->memory;

	if (file != NULL)
		table_free(&file->table);
	free(file);
	db->memory = NULL;
}

struct tblfile *tblfile_of(struct relaydb *db)
{
	if (db->memory == NULL)
		db->memory = calloc(1, sizeof(struct tblfile));
	if (db->memory == NULL)
		db_fail(db, RELAYDB_NOMEM, "out of memory");
	return db->memory;
}

bool tblfile_unchanged(const struct relaydb *db, const struct tblfile *file)
{
	return file->table != NULL && file->settled &&
	       known_unchanged(db->path, &file->st, file->user);
}

static int read_file(struct relaydb *db, int fd, struct tblfile *file)
{
	struct image image = { NULL, 0, false };
	struct stat after;
	int code = RELAYDB_OK;

	for (int reads = 0; reads < READS_MAX; reads++) {
		if (known_look(fd, &file->st, &file->settled) != 0)
			return db_fail_errno(db, "look at", "", errno);
		code = io_read(db, fd, "", &file->st, &image);
		if (code == RELAYDB_OK && fstat(fd, &after) == 0 && known_same(&file->st, &after))
			break;
		image_free(&image);
		if (code == RELAYDB_OK)
			code = db_fail(db, RELAYDB_LOCKED,
			    "%s keeps being changed in place by another process", db->path);
	}
	if (code == RELAYDB_OK)
		code = table_new(db, &image, &file->table, &file->info);
	image_free(&image);
	return code;
}

int tblfile_know(struct relaydb *db, const struct location *location, int fd, const struct stat *st,
    struct tblfile *file)
{
	int code = location_private(db, location, st);

	if (code != RELAYDB_OK)
		return code;
	file->user = geteuid();
	if (file->table != NULL && file->settled && known_same(&file->st, st))
		return RELAYDB_OK;
	table_free(&file->table);
	return read_file(db, fd, file);
}
