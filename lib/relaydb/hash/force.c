/* SPDX-License-Identifier: BSD-2-Clause
 *
 * force.c - puts a record into force, see force.h
 */
#include "force.h"
#include "handle.h"
#include "location.h"
#include "lock.h"
#include "queue.h"
#include "redo.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 20
#define WAIT_MAX_MS ((LEAD + 2) * 1000)

/* The second that the next change will carry at the earliest. */
static int64_t clock_of(const struct turn *turn)
{
	struct timespec kernel;

	if (turn->kernel_mtime && clock_gettime(CLOCK_REALTIME_COARSE, &kernel) == 0)
		return kernel.tv_sec;
	return turn_now(turn);
}

/* Seconds for which SEEN must be waited out; 0 or less: none.  A file system
 * may keep any number for an mtime. */
static int64_t ahead(const struct turn *turn, int64_t seen)
{
	if (seen < 0)
		return 0;
	if (seen > RELAYDB_STAMP_MAX)
		seen = RELAYDB_STAMP_MAX;
	return seen - clock_of(turn) + (turn->kernel_mtime ? 1 : 0);
}

bool force_due(struct turn *turn, const struct stat *st, int64_t seen)
{
	int64_t left;

	if (geteuid() != 0 && geteuid() != st->st_uid)
		turn->kernel_mtime = true;
	left = ahead(turn, seen);
	if (left <= 0)
		return true;
	/* the clock was set back: then one change a second, so that mtime gets
	 * no further ahead */
	if (left > LEAD + 1 && (turn->kernel_mtime || st->st_ctim.tv_sec != clock_of(turn)))
		return true;
	turn->seen = left > LEAD + 1 ? st->st_ctim.tv_sec + 1 : seen;
	return false;
}

void force_wait(struct turn *turn)
{
	const struct timespec step = { 0, POLL_MS * 1000000 };
	int64_t end = db_clock_ms() + WAIT_MAX_MS;

	while (ahead(turn, turn->seen) > 0 && db_clock_ms() < end)
		nanosleep(&step, NULL);
}

int force_prepare(struct turn *turn, int fd, const struct stat *st)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st->st_mtim };

	/* tries whether it may be set, by setting what it is already */
	if (turn->kernel_mtime || futimens(fd, times) == 0)
		return RELAYDB_OK;
	if (errno != EPERM && errno != EACCES)
		return db_fail_errno(turn->db, "set the mtime of", "", errno);
	turn->kernel_mtime = true;
	return STEP_AGAIN;
}

/* The latest mtime that an MTA can have seen: of an empty file none, since it
 * cannot be opened as a map. */
static int64_t seen_of(const struct stat *st)
{
	return st->st_size == 0 ? INT64_MIN : st->st_mtim.tv_sec;
}

/* By a second at least.  A writer that was cut off has made mtime fall to the
 * clock by writing: then the record knows how far an MTA has seen it.  From a
 * time that no clock can show it falls to ours.  Returns 0 or an errno. */
static int mtime_raise(
    const struct turn *turn, int fd, const struct redo *redo, const struct stat *before)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)turn_now(turn) } };
	int64_t seen = seen_of(before);

	if (turn->kernel_mtime)
		return 0;
	if (seen < redo_mtime(redo))
		seen = redo_mtime(redo);
	if (seen >= times[1].tv_sec && seen < RELAYDB_STAMP_MAX)
		times[1].tv_sec = (time_t)seen + 1;
	return futimens(fd, times) == 0 ? 0 : errno;
}

/* Returns 0 or an errno. */
static int write_blocks(
    struct turn *turn, int fd, const struct redo *redo, const struct stat *before)
{
	int error = redo_apply(redo, fd);

	if (error == 0)
		error = mtime_raise(turn, fd, redo, before);
	if (error == 0 && fstat(fd, &turn->after) != 0)
		error = errno;
	STEP("raised");
	lock_release(fd);
	STEP("unlocked");
	if (error == 0 && fdatasync(fd) != 0)
		error = errno;
	return error;
}

/* The changes that were queued are in the database now; then the record goes,
 * so that a crash between the two clears the queue once more and does not bring
 * back what this commit deleted. */
static int clear(struct turn *turn, const struct redo *redo)
{
	int code =
	    queue_drop(turn->db, &turn->location, redo_queue_size(redo), redo_queue_sum(redo));

	STEP("dropped");
	return code == RELAYDB_OK ? location_remove(turn->db, &turn->location, REDO_SUFFIX) : code;
}

/* The record stands: the next process that commits does what is missing. */
static int fail_uncertain(struct relaydb *db, const char *missing, const char *cause, int error)
{
	db_fail(db, RELAYDB_UNCERTAIN,
	    "the commit is recorded, but %s is not %s: %s; the next commit or check will finish it",
	    db->path, missing, cause);
	db->system_error = error;
	return RELAYDB_UNCERTAIN;
}

int force_record(struct turn *turn, int fd, const struct redo *redo, const struct stat *before)
{
	struct relaydb *db = turn->db;
	char cause[sizeof db->error];
	int error = write_blocks(turn, fd, redo, before);

	if (error != 0)
		return fail_uncertain(
		    db, "fully written", strerror_r(error, cause, sizeof cause), error);
	STEP("written");
	if (clear(turn, redo) == RELAYDB_OK) {
		STEP("cleared");
		return RELAYDB_OK;
	}
	/* no errno where a lock was in the way */
	memcpy(cause, db->error, sizeof cause);
	return fail_uncertain(db, "cleared of its record", cause, db->system_error);
}
