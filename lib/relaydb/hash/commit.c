/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commit.c - puts new bytes into force: all or nothing, whatever happens, and seen by MTAs that have the map open
 *
 * sendmail and Postfix keep pages of the map in memory and look only at the whole seconds of its mtime to see that it has
 * changed; they lock the file itself; and sendmail gives a session up when the map's inode changes under it.  So the inode
 * stays, the blocks that differ are overwritten under LOCK_EX, and mtime rises by a second at least.  What makes that safe is
 * PATH.redo, the record of these blocks: once its name is on disk the commit is decided, and whoever comes next finishes it.
 *
 *	alone		PATH.lock is locked: writers of this suite, one at a time		turn.c
 *	settled		a PATH.redo that was there is in force					settle.c
 *	copied		PATH and PATH.queue are in memory, and proved
 *	changed		what lay in the queue, and then the caller's change, are made in a copy of that; nothing to change: done
 *	recorded	the blocks that differ are in PATH.new, on disk
 *	decided		LOCK_EX on PATH, which is still what was copied, with space reserved; PATH.new has become PATH.redo
 *	written		the blocks are in PATH, the meta page last; mtime is raised; unlocked; on disk	force.c
 *	cleared		what was taken is off the queue, PATH.redo is gone				force.c
 *
 * A crash before `decided' leaves the old rows, a crash after it the new ones.
 *
 * An MTA notices one change a second.  A batch that comes too early for that is put into the queue, where it is as safe as in
 * the database, and seen by our readers.  The first to come waits for the clock, with no lock, and commits for all; a caller
 * who asked for it waits too.  What cannot be queued, a load, waits and tries again.
 *
 * Limit: where the file system cannot reserve space (no fallocate(2): NFS), a disk that fills up after `decided' leaves the
 * record, and MTAs see a torn file until the next commit or check finds room to finish.
 */
#include "commit.h"
#include "batch.h"
#include "force.h"
#include "handle.h"
#include "image.h"
#include "io.h"
#include "location.h"
#include "lock.h"
#include "queue.h"
#include "redo.h"
#include "settle.h"
#include "snapshot.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define QUEUE_LOCK_MS 2000 /* for a batch that is to be queued after all of its timeout has gone into waiting for PATH.lock */

/* ---- copied, changed ---- */

/* The states of the database that a commit has in its hands. */
struct states {
	struct snapshot before; /* copied */
	struct image queued; /* with what lay in the queue; empty: as before */
	struct image after; /* with the caller's change; empty: as that */
};

static void states_free(struct states *states)
{
	image_free(&states->after);
	image_free(&states->queued);
	snapshot_free(&states->before);
}

/* Returns RELAYDB_OK, also if the file is missing and is to be made, or what keeps it from being read. */
static int copy(struct turn *turn, bool create, struct states *states)
{
	int code = snapshot_take(turn->db, &turn->place, true, &states->before);

	return code == RELAYDB_NOFILE && create ? RELAYDB_OK : code;
}

static int make_changes(struct turn *turn, const struct task *task, struct states *states, struct relaydb_result *result)
{
	const struct snapshot *before = &states->before;
	const struct image *base = &before->image;
	struct image_info info = before->info;
	struct bytes queue = { before->queue.data, before->queue.size };
	int code = RELAYDB_OK;

	if (queue.size > 0)
		code = queue_apply(turn->db, queue, base, &info, &states->queued);
	if (code == RELAYDB_OK && states->queued.data != NULL) {
		base = &states->queued;
		code = image_prove(turn->db, base, &info);
	}
	if (code != RELAYDB_OK)
		return code;
	*result = (struct relaydb_result){ .rows = info.rows };
	code = task->change == NULL ? RELAYDB_OK : task->change(turn->db, base, &info, task->arg, &states->after, result);
	result->committed = code == RELAYDB_OK && states->after.data != NULL;
	return code;
}

/* ---- recorded ---- */

static void forget_record(const struct turn *turn)
{
	char name[256];

	if (place_name(&turn->place, NEW_SUFFIX, name))
		unlinkat(turn->place.dir, name, 0);
}

static int record(struct turn *turn, const struct redo *redo)
{
	struct relaydb *db = turn->db;
	int fd, error, code;

	code = place_companion(db, &turn->place, NEW_SUFFIX, PLACE_NEW, &fd);
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

/* makemap and postmap rewrite the file in place, somebody may have put another in its place.  Within one tick of the
 * kernel's clock mtime does not show it; the meta page does, which has an id of the file and its number of rows. */
static bool unchanged(const struct turn *turn, const struct snapshot *snapshot)
{
	unsigned char meta[512];
	const struct stat *then = &snapshot->st;
	size_t size = snapshot->image.size < sizeof meta ? snapshot->image.size : sizeof meta;
	struct stat st;

	return fstat(snapshot->fd, &st) == 0 && st.st_size == then->st_size && st.st_mtim.tv_sec == then->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == then->st_mtim.tv_nsec && turn_same_file(&turn->place, "", snapshot->fd) &&
	       pread(snapshot->fd, meta, size, 0) == (ssize_t)size &&
	       (size == 0 || memcmp(meta, snapshot->image.data, size) == 0);
}

static bool has_space(int fd, const struct redo *redo, const struct stat *st)
{
	return (off_t)redo_new_size(redo) <= st->st_size && lseek(fd, 0, SEEK_HOLE) >= st->st_size;
}

/* A full disk must show before the commit is decided.  FALLOC_FL_KEEP_SIZE fills the holes that Berkeley DB leaves and the
 * room behind the end; it touches mtime, which an MTA must never see fall, so a file that has all its space is left alone,
 * and else mtime is put back. */
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
	const struct place *place = &turn->place;
	int error;

	if (!place_name(place, NEW_SUFFIX, new_name) || !place_name(place, REDO_SUFFIX, redo_name))
		return db_fail(turn->db, RELAYDB_NOFILE, "%s: name too long", turn->db->path);
	if (renameat(place->dir, new_name, place->dir, redo_name) != 0)
		return db_fail_errno(turn->db, "rename", NEW_SUFFIX, errno);
	STEP("renamed");
	if (fsync(place->dir) == 0) {
		STEP("decided");
		return RELAYDB_OK;
	}
	/* On disk or not, nobody knows: take it back while the lock keeps everybody from seeing it. */
	error = errno;
	if (unlinkat(place->dir, redo_name, 0) == 0)
		return db_fail_errno(turn->db, "sync the directory of", "", error);
	return db_fail(turn->db, RELAYDB_UNCERTAIN,
	    "the commit may be recorded: the directory of %s can be neither synced nor written (%s); the next commit or check "
	    "decides",
	    turn->db->path, strerror_r(error, cause, sizeof cause));
}

/* Under LOCK_EX: decided, written, cleared.  Unlocks. */
static int take_effect(struct turn *turn, const struct snapshot *snapshot, const struct redo *redo)
{
	int code;

	STEP("locked");
	code = unchanged(turn, snapshot) ? RELAYDB_OK : STEP_AGAIN;
	if (code == RELAYDB_OK)
		code = place_give_back(turn->db, &turn->place, snapshot->fd, &snapshot->st);
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
	int code = place_open_map(turn->db, &turn->place, true, true, &snapshot->fd, &snapshot->st);

	snapshot->st.st_size = 0; /* if another was faster it is not, and that is a change */
	return code;
}

/* An empty file that no commit filled is worse than none: no MTA can open it. */
static void map_uncreate(const struct turn *turn, const struct snapshot *snapshot)
{
	struct stat st;

	if (snapshot->fd >= 0 && flock(snapshot->fd, LOCK_EX | LOCK_NB) == 0 && fstat(snapshot->fd, &st) == 0 &&
	    st.st_size == 0 && turn_same_file(&turn->place, "", snapshot->fd))
		unlinkat(turn->place.dir, turn->place.name, 0);
}

/* ---- one attempt ---- */

/* From `changed' to `cleared'. */
static int write_changes(struct turn *turn, struct snapshot *snapshot, const struct image *new)
{
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
			code = take_effect(turn, snapshot, &redo);
		if (code != RELAYDB_OK && code != RELAYDB_UNCERTAIN)
			forget_record(turn);
	}
	if (created && code != RELAYDB_OK && code != RELAYDB_UNCERTAIN && code != STEP_AGAIN)
		map_uncreate(turn, snapshot);
	redo_free(&redo);
	return code;
}

/* Nothing is to be written: what lies in the queue is in the database already.  But a file that makemap gave away goes back
 * to its owner. */
static int write_nothing(struct turn *turn, const struct snapshot *snapshot)
{
	struct relaydb *db = turn->db;
	int code;

	code = queue_drop(db, &turn->place, snapshot->queue.size, queue_sum(snapshot->queue.data, snapshot->queue.size));
	if (code != RELAYDB_OK)
		return code;
	if (snapshot->fd < 0 || geteuid() != 0 || !place_foreign(&turn->place, &snapshot->st))
		return RELAYDB_OK;
	code = lock_wait(db, snapshot->fd, LOCK_EX, "");
	if (code != RELAYDB_OK)
		return code;
	code = unchanged(turn, snapshot) ? place_give_back(db, &turn->place, snapshot->fd, &snapshot->st) : STEP_AGAIN;
	lock_release(snapshot->fd);
	return code;
}

/* From `settled' to `cleared'. */
static int attempt(struct turn *turn, const struct task *task, struct relaydb_result *result)
{
	struct states states = { .before.fd = -1 };
	int code = copy(turn, task->create, &states);

	if (code != RELAYDB_OK)
		return code;
	STEP("copied");
	code = make_changes(turn, task, &states, result);
	STEP("changed");
	if (code == RELAYDB_OK && states.after.data != NULL)
		code = write_changes(turn, &states.before, &states.after);
	else if (code == RELAYDB_OK && states.queued.data != NULL)
		code = write_changes(turn, &states.before, &states.queued);
	else if (code == RELAYDB_OK)
		code = write_nothing(turn, &states.before);
	states_free(&states);
	return code;
}

/* ---- a commit: as many turns as it needs ---- */

struct commit {
	struct turn turn;
	const struct task *task;
	struct task rest; /* once the batch is queued: what is left to do is the queue */
	bool queued; /* the caller's change is on the disk */
	int waiter; /* we are the one who waits for the queue; -1: we are not */
};

static void rest_only(struct commit *commit)
{
	commit->queued = true;
	commit->task = &commit->rest;
}

static int put_into_queue(struct commit *commit)
{
	struct relaydb *db = commit->turn.db;
	struct image text;
	int code = queue_text(commit->task->batch, &text);

	if (code == RELAYDB_OK)
		code = queue_append(db, &commit->turn.place, &text, &commit->waiter);
	image_free(&text);
	if (code == RELAYDB_OK)
		rest_only(commit);
	return code;
}

/* What is early goes into the queue; where the caller's change is none, what is early is the queue already. */
static void leave_for_later(struct commit *commit, struct relaydb_result *result)
{
	struct turn *turn = &commit->turn;

	if (!result->committed) {
		rest_only(commit);
		queue_adopt(turn->db, &turn->place, &commit->waiter);
	} else if (commit->task->batch != NULL) {
		put_into_queue(commit);
	}
	result->pending = commit->queued;
}

/* All steps, in one turn.  A batch that is early is queued before the turn ends, while nobody else can get between. */
static int one_turn(struct commit *commit, struct relaydb_result *result)
{
	struct turn *turn = &commit->turn;
	struct relaydb_result unwanted;
	int code = turn_take(turn);

	if (code == RELAYDB_OK)
		code = settle_turn(turn);
	if (code == RELAYDB_OK)
		STEP("settled");
	/* a settle, or somebody who has waited for the queue: is there still something to do? */
	if (code == RELAYDB_OK && (commit->task->change != NULL || queue_exists(&turn->place))) {
		do
			code = attempt(turn, commit->task, commit->queued ? &unwanted : result);
		while (code == STEP_AGAIN && db_clock_ms() < turn->db->deadline);
		if (code == STEP_EARLY && !commit->queued)
			leave_for_later(commit, result);
	}
	if (code == STEP_AGAIN)
		code = db_fail(turn->db, RELAYDB_LOCKED, "%s keeps being rewritten by another process", turn->db->path);
	turn_leave(turn);
	return code;
}

/* PATH.lock was busy all the time.  Logins say the same whatever is in the database, so they go into the queue without it. */
static int queue_anyway(struct commit *commit, struct relaydb_result *result)
{
	struct relaydb *db = commit->turn.db;
	const struct relaydb_batch *batch = commit->task->batch;

	if (commit->queued || batch == NULL || !batch_only_records(batch))
		return RELAYDB_LOCKED;
	db->deadline = db_clock_ms() + QUEUE_LOCK_MS;
	if (put_into_queue(commit) != RELAYDB_OK)
		return RELAYDB_LOCKED;
	*result = (struct relaydb_result){ .committed = true, .pending = true };
	return STEP_EARLY;
}

/* Does this call wait for the clock, or leave that to another? */
static bool waits(const struct commit *commit)
{
	const struct relaydb *db = commit->turn.db;

	if (db->timeout_ms < 0)
		return false;
	return commit->waiter >= 0 || db->in_force || !commit->queued;
}

static void stop_waiting(struct commit *commit)
{
	if (commit->waiter >= 0)
		close(commit->waiter);
	commit->waiter = -1;
}

static int all_turns(struct commit *commit, struct relaydb_result *result)
{
	struct turn *turn = &commit->turn;
	struct relaydb *db = turn->db;
	int64_t end = db_clock_ms() + (db->timeout_ms > 0 ? db->timeout_ms : 0) + (LEAD + 1) * 1000;
	bool waited = false;
	int code;

	for (;;) {
		code = one_turn(commit, result);
		if (code == RELAYDB_LOCKED)
			code = queue_anyway(commit, result);
		if (code == STEP_EARLY && waited && commit->queued) {
			/* it was another's turn, who has taken what was there; for what has come since somebody waits, or we */
			stop_waiting(commit);
			queue_adopt(db, &turn->place, &commit->waiter);
		}
		if (code != STEP_EARLY || !waits(commit) || db_clock_ms() > end)
			break;
		force_wait(turn);
		waited = true;
		db_deadline(db);
	}
	stop_waiting(commit);
	return code;
}

/* What came into the queue while we were at work, and nobody waits for it: we do. */
static void last_one_out(struct commit *commit)
{
	struct relaydb *db = commit->turn.db;
	struct relaydb_result unwanted = { .committed = false };
	char notice[sizeof db->notice];

	memcpy(notice, db->notice, sizeof notice);
	rest_only(commit);
	if (db->timeout_ms >= 0 && queue_adopt(db, &commit->turn.place, &commit->waiter)) {
		db_deadline(db);
		all_turns(commit, &unwanted);
	}
	if (*notice != '\0')
		memcpy(db->notice, notice, sizeof notice);
	*db->error = '\0';
}

/* What is no database gets no lock beside it: somebody may have mistyped the name, and PATH.lock may mean something to others
 * (/etc/passwd.lock keeps useradd(8) out). */
static int before_first_lock(struct turn *turn, bool create)
{
	struct snapshot snapshot;
	int code;

	if (place_has(&turn->place, LOCK_SUFFIX) || place_has(&turn->place, REDO_SUFFIX))
		return RELAYDB_OK;
	code = snapshot_take(turn->db, &turn->place, true, &snapshot);
	if (code == RELAYDB_OK)
		snapshot_free(&snapshot);
	return code == RELAYDB_NOFILE && create ? RELAYDB_OK : code;
}

/* The code and the sentence that the caller gets. */
static int outcome(struct commit *commit, int code, struct relaydb_result *result)
{
	struct relaydb *db = commit->turn.db;
	char why[sizeof db->error];

	if (commit->queued && (code == STEP_EARLY || code == RELAYDB_LOCKED)) {
		if (db->in_force)
			db_notice(db, "recorded, but mail servers do not see it yet: %s is being changed by others", db->path);
		*db->error = '\0';
		return RELAYDB_OK;
	}
	if (commit->queued && code != RELAYDB_OK && code != RELAYDB_UNCERTAIN) {
		snprintf(why, sizeof why, "%s", db->error);
		return db_fail(db, RELAYDB_UNCERTAIN,
		    "the commit is recorded in %s" QUEUE_SUFFIX ", but cannot be put into force: %.3000s", db->path, why);
	}
	if (code == STEP_EARLY)
		return db_fail(db, RELAYDB_LOCKED,
		    "%s is changed by other processes all the time, each time in a second of its own; none was free for uid "
		    "%ld, whose changes need the clock to be past them",
		    db->path, (long)geteuid());
	if (code == RELAYDB_OK)
		result->pending = false;
	if (code == RELAYDB_IO)
		db_fail_more(db, "; nothing was changed");
	return code;
}

int commit_run(struct relaydb *db, int64_t now, const struct task *task, struct relaydb_result *result)
{
	struct commit commit = { .task = task, .waiter = -1 };
	struct relaydb_result unwanted;
	int code;

	if (result == NULL)
		result = &unwanted;
	*result = (struct relaydb_result){ .committed = false };
	db_begin(db);
	code = turn_begin(&commit.turn, db, now);
	if (code != RELAYDB_OK) {
		if (code == RELAYDB_IO)
			db_fail_more(db, "; nothing was changed");
		return code;
	}
	code = before_first_lock(&commit.turn, task->create);
	if (code == RELAYDB_OK)
		code = all_turns(&commit, result);
	code = outcome(&commit, code, result);
	if (code == RELAYDB_OK && !result->pending)
		last_one_out(&commit);
	turn_end(&commit.turn);
	return code;
}
