/* SPDX-License-Identifier: BSD-2-Clause
 *
 * commit.c - puts new bytes into force: all or nothing, whatever happens, and
 * seen by MTAs that have the map open
 *
 * sendmail and Postfix keep pages of the map in memory and look only at the
 * whole seconds of its mtime to see that it has changed; they lock the file
 * itself; and sendmail gives a session up when the map's inode changes under
 * it.  So the inode stays, the blocks that differ are overwritten under
 * LOCK_EX, and mtime rises by a second at least.  What makes that safe is
 * PATH.redo, the record of these blocks: once its name is on disk the commit is
 * decided, and who comes next finishes it.
 *
 *	alone		PATH.lock is locked: writers of this suite, one at a
 *			time (turn.c)
 *	settled		a PATH.redo that was there is in force (settle.c)
 *	copied		PATH and PATH.queue are in memory, and proved
 *	changed		what lay in the queue, and then the caller's change, are
 *			made in a copy of that; nothing to change: done
 *	recorded	the blocks that differ are in PATH.new, on disk
 *	decided		LOCK_EX on PATH, which is still what was copied, with
 *			space reserved; PATH.new has become PATH.redo
 *	written		the blocks are in PATH, the meta page last; mtime is
 *			raised; unlocked; on disk (force.c)
 *	cleared		what was taken is off the queue, PATH.redo is gone
 *			(force.c)
 *
 * A crash before `decided' leaves the old rows, a crash after it the new ones.
 *
 * An MTA notices one change a second.  A batch that comes too early for that is
 * put into the queue, where it is as safe as in the database, and seen by our
 * readers.  The first to come waits for the clock, with no lock, and commits
 * for all; a caller who asked for it waits too.  What cannot be queued, a load,
 * waits and tries again.
 *
 * Limit: where the file system cannot reserve space (no fallocate(2): NFS), a
 * disk that fills up after `decided' leaves the record, and MTAs see a torn
 * file until the next commit or check finds room to finish.
 */
#include "commit.h"
#include "attempt.h"
#include "batch.h"
#include "force.h"
#include "handle.h"
#include "image.h"
#include "location.h"
#include "lock.h"
#include "queue.h"
#include "queuetext.h"
#include "settle.h"
#include "snapshot.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* for a batch that is to be queued after all of its timeout has gone into
 * waiting for PATH.lock */
#define QUEUE_LOCK_MS 2000

/* ---- a commit: as many turns as it needs ---- */

struct commit {
	struct turn turn;
	const struct task *task;
	/* no change, which puts the queue into force: the task once the
	 * caller's change is queued, or was none */
	struct task rest;
	bool queued; /* the caller's change is on the disk: TASK is REST */
	/* PATH.queue with the lock of the one who waits for it: that is us;
	 * -1: we do not wait */
	int waiter;
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
		code = queue_append(db, &commit->turn.location, &text, &commit->waiter);
	image_free(&text);
	if (code == RELAYDB_OK)
		rest_only(commit);
	return code;
}

/* An attempt was early: nothing is written yet, and `committed' says whether
 * the caller's change would have changed something.  If not, only the queue is
 * early, and that is on the disk already.  A batch joins it.  What cannot be
 * queued keeps its task, and all_turns() waits and tries again. */
static void leave_for_later(struct commit *commit, struct relaydb_result *result)
{
	struct turn *turn = &commit->turn;

	if (!result->committed) {
		rest_only(commit);
		queue_adopt(turn->db, &turn->location, &commit->waiter);
	} else if (commit->task->batch != NULL) {
		put_into_queue(commit);
	}
	result->pending = commit->queued;
}

/* All steps, in one turn.  A batch that is early is queued before the turn
 * ends, while nobody else can get between.  If it is the settle that is early,
 * nothing was tried yet, and nothing is queued: all_turns() waits. */
static int one_turn(struct commit *commit, struct relaydb_result *result)
{
	struct turn *turn = &commit->turn;
	struct relaydb_result unwanted;
	int code = turn_take(turn);

	if (code == RELAYDB_OK)
		code = settle_turn(turn);
	if (code == RELAYDB_OK)
		STEP("settled");
	/* a settle, or somebody who has waited for the queue: is there still
	 * something to do? */
	if (code == RELAYDB_OK && (commit->task->change != NULL || queue_exists(&turn->location))) {
		code = STEP_AGAIN;
		/* two tries at least: the first may have worked on what the
		 * handle remembered, the second reads the file */
		for (int tries = 0;
		     code == STEP_AGAIN && (tries < 2 || db_clock_ms() < turn->db->deadline);
		     tries++)
			code = attempt_run(turn, commit->task, commit->queued ? &unwanted : result);
		if (code == STEP_EARLY && !commit->queued)
			leave_for_later(commit, result);
	}
	if (code == STEP_AGAIN)
		code = db_fail(turn->db, RELAYDB_LOCKED,
		    "%s keeps being rewritten by another process", turn->db->path);
	turn_leave(turn);
	return code;
}

/* PATH.lock was busy all the time.  Logins say the same whatever is in the
 * database, so they go into the queue without it. */
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
			/* another has committed while we waited, and our change
			 * with it; what has come since may have a waiter, else
			 * that is us */
			stop_waiting(commit);
			queue_adopt(db, &turn->location, &commit->waiter);
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

/* What came into the queue while we were at work, and nobody waits for it: we
 * do. */
static void last_one_out(struct commit *commit)
{
	struct relaydb *db = commit->turn.db;
	struct relaydb_result unwanted = { .committed = false };
	char notice[sizeof db->notice];

	memcpy(notice, db->notice, sizeof notice);
	rest_only(commit);
	if (db->timeout_ms >= 0 && queue_adopt(db, &commit->turn.location, &commit->waiter)) {
		db_deadline(db);
		all_turns(commit, &unwanted);
	}
	if (*notice != '\0')
		memcpy(db->notice, notice, sizeof notice);
	*db->error = '\0';
}

/* What is no database gets no lock beside it: somebody may have mistyped the
 * name, and PATH.lock may mean something to others (/etc/passwd.lock keeps
 * useradd(8) out). */
static int before_first_lock(struct turn *turn, bool create)
{
	struct snapshot snapshot;
	int code;

	if (location_has(&turn->location, LOCK_SUFFIX) ||
	    location_has(&turn->location, REDO_SUFFIX))
		return RELAYDB_OK;
	code = snapshot_take(turn->db, &turn->location, true, &snapshot);
	if (code == RELAYDB_OK)
		snapshot_free(&snapshot);
	return code == RELAYDB_NOFILE && create ? RELAYDB_OK : code;
}

/* The code and the sentence that the caller gets.  What is queued counts as
 * recorded, whatever came after. */
static int outcome(struct commit *commit, int code, struct relaydb_result *result)
{
	struct relaydb *db = commit->turn.db;
	char why[sizeof db->error];

	if (commit->queued && (code == STEP_EARLY || code == RELAYDB_LOCKED)) {
		if (db->in_force)
			db_notice(db,
			    "recorded, but mail servers do not see it yet: %s is being changed by "
			    "others",
			    db->path);
		*db->error = '\0';
		return RELAYDB_OK;
	}
	if (commit->queued && code != RELAYDB_OK && code != RELAYDB_UNCERTAIN) {
		snprintf(why, sizeof why, "%s", db->error);
		return db_fail(db, RELAYDB_UNCERTAIN,
		    "the commit is recorded in %s" QUEUE_SUFFIX
		    ", but cannot be put into force: %.3000s",
		    db->path, why);
	}
	if (code == STEP_EARLY)
		return db_fail(db, RELAYDB_LOCKED,
		    "%s is changed by other processes all the time, each time in a second of its "
		    "own; none was free for uid %ld, whose changes need the clock to be past them",
		    db->path, (long)geteuid());
	if (code == RELAYDB_OK)
		result->pending = false;
	if (code == RELAYDB_IO)
		db_fail_more(db, "; nothing was changed");
	return code;
}

int commit_run(
    struct relaydb *db, int64_t now, const struct task *task, struct relaydb_result *result)
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
