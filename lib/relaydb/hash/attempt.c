/* SPDX-License-Identifier: BSD-2-Clause
 *
 * attempt.c - the steps of a commit from `copied' to `cleared', see commit.c
 *
 * Each that fails leaves the database, and what the handle remembers of it, as
 * it was.
 */
#include "attempt.h"
#include "force.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "known.h"
#include "location.h"
#include "lock.h"
#include "memory.h"
#include "queue.h"
#include "queuetext.h"
#include "redo.h"
#include "snapshot.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- copied, changed ---- */

/* The states of the database that a commit has in its hands. */
struct states {
	struct snapshot before; /* copied */
	struct image queued; /* with what lay in the queue; empty: as before */
	struct image after; /* with the caller's change; empty: as that */
	struct image_info info; /* of the last that is not empty; old where it was REBUILT */
	bool rebuilt; /* AFTER is a new hash, not a changed copy of the old one */
};

static void states_free(struct states *states)
{
	image_free(&states->after);
	image_free(&states->queued);
	snapshot_free(&states->before);
}

/* Returns RELAYDB_OK, even if the file is missing and is to be made, or what
 * keeps it from being read. */
static int copy(struct turn *turn, bool create, struct states *states)
{
	int code = snapshot_take(turn->db, &turn->location, true, &states->before);

	if (code == RELAYDB_NOFILE && create)
		code = RELAYDB_OK;
	if (code == RELAYDB_OK)
		memory_edit(turn->db); /* attempt_run() ends with memory_undo() from here on */
	return code;
}

static int make_changes(struct turn *turn, const struct task *task, struct states *states,
    struct relaydb_result *result)
{
	const struct snapshot *before = &states->before;
	const struct image *base = &before->image;
	struct image_info info = before->info;
	struct bytes queue = { before->queue.data, before->queue.size };
	int code = RELAYDB_OK;

	if (queue.size > 0)
		code = queue_apply(turn->db, queue, base, &info, &states->queued);
	if (code != RELAYDB_OK)
		return code;
	if (states->queued.data != NULL)
		base = &states->queued;
	*result = (struct relaydb_result){ .rows = info.rows };
	code = task->change == NULL
		   ? RELAYDB_OK
		   : task->change(turn->db, base, &info, task->arg, &states->after, result);
	result->committed = code == RELAYDB_OK && states->after.data != NULL;
	if (result->committed && !result->rewritten)
		code = image_made(turn->db, &states->after, result, &info);
	states->info = info;
	states->rebuilt = result->rewritten;
	return code;
}

/* ---- recorded ---- */

static void forget_record(const struct turn *turn)
{
	char name[256];

	if (location_name(&turn->location, NEW_SUFFIX, name))
		unlinkat(turn->location.dir, name, 0);
}

static int record(struct turn *turn, const struct redo *redo)
{
	struct relaydb *db = turn->db;
	int fd, error, code;

	code = location_companion(db, &turn->location, NEW_SUFFIX, LOCATION_NEW, &fd);
	if (code != RELAYDB_OK)
		return code; /* what is there is not ours to remove */
	error = io_write(fd, redo->record.data, redo->record.size, 0);
	if (error != 0)
		code = db_fail_errno(db, "write", NEW_SUFFIX, error);
	else if (fsync(fd) != 0)
		code = db_fail_errno(db, "sync", NEW_SUFFIX, errno);
	close(fd);
	if (code != RELAYDB_OK)
		forget_record(turn);
	STEP("recorded");
	return code;
}

/* ---- decided ---- */

/* makemap and postmap rewrite the file in place, somebody may have put another
 * in its place.  Within one tick of the kernel's clock mtime does not show it;
 * the meta page does, which has an id of the file and its number of rows. */
static bool unchanged(const struct turn *turn, const struct snapshot *snapshot)
{
	unsigned char meta[512];
	size_t size = snapshot->image.size < sizeof meta ? snapshot->image.size : sizeof meta;
	struct stat st;

	return fstat(snapshot->fd, &st) == 0 && known_same(&st, &snapshot->st) &&
	       turn_same_file(&turn->location, "", snapshot->fd) &&
	       pread(snapshot->fd, meta, size, 0) == (ssize_t)size &&
	       (size == 0 || memcmp(meta, snapshot->image.data, size) == 0);
}

/* unchanged() cannot see all: what was recalled was not read, since its stat
 * was as remembered, and a write within one tick of the clock leaves the stat
 * the same.  So each block that this commit has looked at, or will write, must
 * still be as it was copied. */
static bool as_remembered(const struct turn *turn, const struct states *states,
    const struct redo *redo, const struct image *new)
{
	const struct snapshot *before = &states->before;
	size_t count = 0;
	const uint64_t *blocks = memory_blocks(turn->db, new, &count);

	if (!before->recalled && states->rebuilt)
		return true; /* all of it was read just now, and all of it is written */
	if (redo_starts_from(redo, &before->image, before->fd, blocks, count))
		return true;
	memory_doubt(turn->db);
	return false;
}

static bool has_space(int fd, const struct redo *redo, const struct stat *st)
{
	return (off_t)redo_new_size(redo) <= st->st_size && lseek(fd, 0, SEEK_HOLE) >= st->st_size;
}

/* A full disk must show before the commit is decided.  FALLOC_FL_KEEP_SIZE
 * fills the holes that Berkeley DB leaves and the room behind the end; it
 * touches mtime, which an MTA must never see fall, so a file that has all its
 * space is left alone, and else mtime is put back. */
static int reserve(const struct turn *turn, int fd, const struct redo *redo, const struct stat *st)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };
	int error = 0;

	if (has_space(fd, redo, st))
		return RELAYDB_OK;
	while (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)redo_new_size(redo)) != 0) {
		error = errno;
		if (error != EINTR)
			break;
		error = 0;
	}
	if (!turn->kernel_mtime && futimens(fd, times) != 0 && error == 0)
		error = errno;
	if (error == 0 || error == EOPNOTSUPP || error == ENOSYS)
		return RELAYDB_OK;
	return db_fail_errno(turn->db, "reserve space for", "", error);
}

/* The record gets the name under which it counts, or none. */
static int decide(struct turn *turn)
{
	char new_name[256], redo_name[256], cause[128];
	const struct location *location = &turn->location;
	int error;

	if (!location_name(location, NEW_SUFFIX, new_name) ||
	    !location_name(location, REDO_SUFFIX, redo_name))
		return db_fail(turn->db, RELAYDB_NOFILE, "%s: name too long", turn->db->path);
	if (renameat(location->dir, new_name, location->dir, redo_name) != 0)
		return db_fail_errno(turn->db, "rename", NEW_SUFFIX, errno);
	STEP("renamed");
	if (fsync(location->dir) == 0) {
		STEP("decided");
		return RELAYDB_OK;
	}
	/* On disk or not, nobody knows: take it back while the lock keeps
	 * everybody from seeing it. */
	error = errno;
	if (unlinkat(location->dir, redo_name, 0) == 0)
		return db_fail_errno(turn->db, "sync the directory of", "", error);
	return db_fail(turn->db, RELAYDB_UNCERTAIN,
	    "the commit may be recorded: the directory of %s can be neither synced nor written "
	    "(%s); the next commit or check decides",
	    turn->db->path, strerror_r(error, cause, sizeof cause));
}

/* Under LOCK_EX: decided, written, cleared.  Unlocks. */
static int take_effect(struct turn *turn, const struct states *states, const struct redo *redo,
    const struct image *new)
{
	const struct snapshot *snapshot = &states->before;
	int code;

	STEP("locked");
	code = unchanged(turn, snapshot) && as_remembered(turn, states, redo, new) ? RELAYDB_OK
										   : STEP_AGAIN;
	if (code == RELAYDB_OK)
		code = location_give_back(turn->db, &turn->location, snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = force_prepare(turn, snapshot->fd, &snapshot->st);
	if (code == RELAYDB_OK)
		code = reserve(turn, snapshot->fd, redo, &snapshot->st);
	if (code == RELAYDB_OK)
		code = decide(turn);
	if (code == RELAYDB_OK)
		return force_record(turn, snapshot->fd, redo, &snapshot->st);
	lock_release(snapshot->fd);
	return code;
}

/* ---- the file itself, where there was none ---- */

/* Makes it, empty: the record does the rest. */
static int map_create(struct turn *turn, struct snapshot *snapshot)
{
	int code =
	    location_open_map(turn->db, &turn->location, true, true, &snapshot->fd, &snapshot->st);

	snapshot->st.st_size = 0; /* if another was faster it is not, and that is a change */
	return code;
}

/* An empty file that no commit filled is worse than none: no MTA can open
 * it. */
static void map_uncreate(const struct turn *turn, const struct snapshot *snapshot)
{
	struct stat st;

	if (snapshot->fd >= 0 && flock(snapshot->fd, LOCK_EX | LOCK_NB) == 0 &&
	    fstat(snapshot->fd, &st) == 0 && st.st_size == 0 &&
	    turn_same_file(&turn->location, "", snapshot->fd))
		unlinkat(turn->location.dir, turn->location.name, 0);
}

/* ---- one attempt ---- */

/* From `changed' to `cleared'. */
static int write_changes(struct turn *turn, struct states *states, struct image *new)
{
	struct snapshot *snapshot = &states->before;
	struct relaydb *db = turn->db;
	bool created = snapshot->fd < 0;
	struct redo redo;
	int code;

	if (!created && !force_due(turn, &snapshot->st, snapshot->st.st_mtim.tv_sec))
		return STEP_EARLY;
	code = redo_make(db, snapshot, new, &redo);
	if (code != RELAYDB_OK)
		return code;
	code = record(turn, &redo);
	if (code == RELAYDB_OK) {
		code = created ? map_create(turn, snapshot) : RELAYDB_OK;
		if (code == RELAYDB_OK)
			code = lock_wait(db, snapshot->fd, LOCK_EX, "");
		if (code == RELAYDB_OK)
			code = take_effect(turn, states, &redo, new);
		if (code != RELAYDB_OK && code != RELAYDB_UNCERTAIN)
			forget_record(turn);
		if (code == RELAYDB_UNCERTAIN || states->rebuilt)
			memory_doubt(db);
		else if (code == RELAYDB_OK)
			memory_advance(db, new, &states->info, &turn->after);
	}
	if (created && code != RELAYDB_OK && code != RELAYDB_UNCERTAIN && code != STEP_AGAIN)
		map_uncreate(turn, snapshot);
	redo_free(&redo);
	return code;
}

/* Nothing is to be written: what lies in the queue is in the database already.
 * But a file that makemap gave away goes back to its owner. */
static int write_nothing(struct turn *turn, const struct snapshot *snapshot)
{
	struct relaydb *db = turn->db;
	int code;

	/* the memory may be older than the file by a change within one tick,
	 * and nothing is compared under LOCK_EX here: read the file */
	if (snapshot->recalled && !snapshot->settled) {
		memory_doubt(db);
		return STEP_AGAIN;
	}
	code = queue_drop(db, &turn->location, snapshot->queue.size,
	    io_sum(snapshot->queue.data, snapshot->queue.size));
	if (code != RELAYDB_OK)
		return code;
	if (snapshot->fd < 0 || geteuid() != 0 || !location_foreign(&turn->location, &snapshot->st))
		return RELAYDB_OK;
	code = lock_wait(db, snapshot->fd, LOCK_EX, "");
	if (code != RELAYDB_OK)
		return code;
	code = unchanged(turn, snapshot)
		   ? location_give_back(db, &turn->location, snapshot->fd, &snapshot->st)
		   : STEP_AGAIN;
	lock_release(snapshot->fd);
	return code;
}

int attempt_run(struct turn *turn, const struct task *task, struct relaydb_result *result)
{
	struct states states = { .before.fd = -1 };
	int code = copy(turn, task->create, &states);

	if (code != RELAYDB_OK)
		return code;
	STEP("copied");
	code = make_changes(turn, task, &states, result);
	STEP("changed");
	if (code == RELAYDB_OK && states.after.data != NULL)
		code = write_changes(turn, &states, &states.after);
	else if (code == RELAYDB_OK && states.queued.data != NULL)
		code = write_changes(turn, &states, &states.queued);
	else if (code == RELAYDB_OK)
		code = write_nothing(turn, &states.before);
	memory_undo(turn->db);
	states_free(&states);
	return code;
}
