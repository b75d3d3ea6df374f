/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbfile.c - a file of LMDB as a whole, see mdbfile.h
 */
#include "mdbfile.h"
#include "handle.h"
#include "known.h"
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int mdbfile_foreign(struct relaydb *db, const char *why)
{
	return db_fail(db, RELAYDB_NOTDB, "%s is not a relay database: %s", db->path, why);
}

static int prove(struct relaydb *db, const struct image *image, struct pages_info *info)
{
	char why[160];

	if (pages_check(image, info, why, sizeof why))
		return RELAYDB_OK;
	return errno == ENOMEM ? db_fail(db, RELAYDB_NOMEM, "out of memory")
			       : mdbfile_foreign(db, why);
}

int mdbfile_read(struct relaydb *db, int fd, struct mdbfile *file, struct image *image)
{
	int code = lock_wait_whole(db, fd, F_RDLCK);

	*image = (struct image){ NULL, 0, false };
	if (code != RELAYDB_OK)
		return code;
	if (fstat(fd, &file->st) != 0)
		code = db_fail_errno(db, "look at", "", errno);
	if (code == RELAYDB_OK)
		code = io_read(db, fd, "", &file->st, image);
	if (code == RELAYDB_OK && image->size > 0 && !pages_state(fd, &file->state))
		code = mdbfile_foreign(db, "it is not a file of LMDB, or was cut off");
	lock_release_whole(fd);
	if (code == RELAYDB_OK)
		code = prove(db, image, &file->info);
	if (code != RELAYDB_OK)
		image_free(image);
	return code;
}

int mdbfile_know(struct relaydb *db, int fd, struct mdbfile *file)
{
	struct pages_state state;
	struct image image;
	struct stat st;
	int code;

	if (file->valid && fstat(fd, &st) == 0 && known_same(&st, &file->st) &&
	    pages_state(fd, &state) && memcmp(&state, &file->state, sizeof state) == 0)
		return RELAYDB_OK;
	file->valid = false;
	code = mdbfile_read(db, fd, file, &image);
	if (code != RELAYDB_OK)
		return code;
	image_free(&image);
	file->valid = true;
	return RELAYDB_OK;
}

bool mdbfile_still(const struct turn *turn, int fd, const struct mdbfile *file)
{
	struct pages_state state;
	struct stat st;

	return fstat(fd, &st) == 0 && known_same(&st, &file->st) &&
	       turn_same_file(&turn->location, "", fd) &&
	       (st.st_size == 0 ||
		   (pages_state(fd, &state) && memcmp(&state, &file->state, sizeof state) == 0));
}

void mdbfile_remember(int fd, struct mdbfile *file, const struct relaydb_result *result)
{
	file->valid = fstat(fd, &file->st) == 0 && pages_state(fd, &file->state);
	file->info.rows = result->rows;
	file->info.fresh = false;
	file->info.plain = true; /* else it was rewritten */
}
