/* SPDX-License-Identifier: BSD-2-Clause
 *
 * settle.c - finishes a commit that was cut off, see settle.h
 *
 * The writer of PATH.redo is dead, since we hold PATH.lock.  Its record is
 * proved as if anybody had written it: it must fit to what the database holds,
 * and the outcome must be a relay database.
 */
#include "settle.h"
#include "force.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "redo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int remove_stale(struct turn *turn)
{
	int code = location_remove(turn->db, &turn->location, REDO_SUFFIX);

	if (code == RELAYDB_OK)
		db_notice(turn->db,
		    "%s%s belonged to a database that was replaced since; removed it",
		    turn->db->path, REDO_SUFFIX);
	return code;
}

/* FD is locked, IMAGE is what it holds.  Does the record finish it?  STALE: it
 * belongs to another. */
static int prove(
    struct turn *turn, int fd, const struct redo *redo, struct image *image, bool *stale)
{
	struct relaydb *db = turn->db;
	struct image_info info;
	int code;

	*stale = !redo_fits(redo, image);
	if (!turn_same_file(&turn->location, "", fd))
		return STEP_AGAIN;
	if (*stale)
		return RELAYDB_OK;
	code = redo_overlay(db, redo, image);
	if (code == RELAYDB_OK)
		code = image_prove(db, image, &info);
	if (code == RELAYDB_NOTDB)
		return db_fail(db, code, "%s%s would not make %s a relay database; remove it",
		    db->path, REDO_SUFFIX, db->path);
	return code;
}

/* FD is locked.  Proves the record, and does what must be done before it is put
 * into force.  Returns RELAYDB_OK with *stale, STEP_AGAIN, or why it cannot
 * be. */
static int prepare(struct turn *turn, int fd, const struct redo *redo, struct stat *st, bool *stale)
{
	struct image image = { NULL, 0, false };
	int code;

	if (fstat(fd, st) != 0)
		return db_fail_errno(turn->db, "look at", "", errno);
	code = io_read(turn->db, fd, "", st, &image);
	if (code == RELAYDB_OK)
		code = prove(turn, fd, redo, &image, stale);
	image_free(&image);
	if (code != RELAYDB_OK || *stale)
		return code;
	code = location_give_back(turn->db, &turn->location, fd, st);
	return code == RELAYDB_OK ? force_prepare(turn, fd, st) : code;
}

/* FD is locked.  Unlocks it. */
static int finish(struct turn *turn, int fd, const struct redo *redo)
{
	struct stat st;
	bool stale = false;
	int64_t seen;
	int code = prepare(turn, fd, redo, &st, &stale);

	if (code == RELAYDB_OK && !stale) {
		/* the dead writer's first block has made mtime fall to the
		 * clock */
		seen = st.st_mtim.tv_sec > redo_mtime(redo) ? st.st_mtim.tv_sec : redo_mtime(redo);
		if (!force_due(turn, &st, seen))
			code = STEP_EARLY;
	}
	if (code != RELAYDB_OK || stale) {
		lock_release(fd);
		return code == RELAYDB_OK ? remove_stale(turn) : code;
	}
	code = force_record(turn, fd, redo, &st);
	if (code == RELAYDB_OK)
		db_notice(turn->db, "finished a commit of %s that was cut off", turn->db->path);
	return code;
}

static int settle_record(struct turn *turn, const struct redo *redo)
{
	struct stat st;
	int fd, code;

	code = location_open_map(turn->db, &turn->location, true, false, &fd, &st);
	if (code == RELAYDB_NOFILE)
		return remove_stale(turn);
	if (code == RELAYDB_OK)
		code = lock_wait(turn->db, fd, LOCK_EX, "");
	if (code == RELAYDB_OK)
		code = finish(turn, fd, redo);
	lock_close(&fd);
	return code;
}

int settle_turn(struct turn *turn)
{
	struct relaydb *db = turn->db;
	char why[128];
	struct redo redo;
	int fd, code;

	code = location_companion(db, &turn->location, REDO_SUFFIX, LOCATION_READ, &fd);
	if (code == RELAYDB_NOTFOUND)
		return RELAYDB_OK;
	if (code != RELAYDB_OK)
		return code;
	code = redo_read(db, fd, &redo);
	close(fd);
	if (code != RELAYDB_OK)
		return code;
	do
		code = settle_record(turn, &redo);
	while (code == STEP_AGAIN && db_clock_ms() < db->deadline);
	redo_free(&redo);
	if (code == STEP_AGAIN)
		return db_fail(
		    db, RELAYDB_LOCKED, "%s keeps being rewritten by another process", db->path);
	if (code == RELAYDB_UNCERTAIN) /* that commit is; the caller's has not begun */
		return db_fail(db, RELAYDB_IO,
		    "a commit of %s that was cut off cannot be finished: %s", db->path,
		    strerror_r(db->system_error, why, sizeof why));
	return code;
}
