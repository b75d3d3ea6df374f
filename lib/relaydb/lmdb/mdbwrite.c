/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mdbwrite.c - changes a file of LMDB, see mdbwrite.h
 */
#include "mdbwrite.h"
#include "handle.h"
#include "inplace.h"
#include "location.h"
#include "lock.h"
#include "mdbfile.h"
#include "mdbmemory.h"
#include "pages.h"
#include "step.h"
#include "turn.h"
#include "txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAP_MIN ((size_t)16 << 20)
#define MAP_MAX (2 * IMAGE_MAX)

/* What is to be done in a transaction.  Called again, with *RESULT cleared, if
 * the map was too small. */
typedef int change_fn(
    struct txn *txn, const struct pages_info *info, void *arg, struct relaydb_result *result);

struct change_task {
	change_fn *change;
	void *arg;
	bool create;
	struct relaydb_result *result;
};

/* One transaction on FD, locked or nobody else's, whose map has at least SIZE
 * bytes. */
static int transact(struct relaydb *db, int fd, size_t size, const struct pages_info *info,
    const struct change_task *task)
{
	size_t room = MAP_MIN;
	struct txn *txn;
	int code;

	while (room < 2 * size)
		room *= 2;
	for (;; room *= 2) {
		*task->result = (struct relaydb_result){ .committed = false };
		code = txn_begin(db, fd, room, &txn);
		if (code != RELAYDB_OK)
			return code;
		code = task->change(txn, info, task->arg, task->result);
		STEP("changed");
		if (code == RELAYDB_OK && task->result->committed)
			code = txn_commit(&txn);
		else
			txn_abort(&txn);
		if (code != TXN_FULL)
			break;
		if (room >= MAP_MAX)
			return db_fail(
			    db, RELAYDB_IO, "%s would be larger than any relay database", db->path);
	}
	if (code != RELAYDB_OK)
		*task->result = (struct relaydb_result){ .committed = false };
	return code;
}

/* Returns RELAYDB_OK, STEP_AGAIN, or what can go wrong. */
static int change_locked(
    struct turn *turn, int fd, struct mdbfile *file, const struct change_task *task)
{
	struct relaydb *db = turn->db;
	int code = mdbfile_know(db, fd, file);

	if (code == RELAYDB_OK)
		code = lock_wait_whole(db, fd, F_WRLCK);
	if (code != RELAYDB_OK)
		return code;
	if (!mdbfile_still(turn, fd, file)) {
		file->valid = false;
		code = STEP_AGAIN;
	} else {
		struct pages_info info = file->info;

		code = transact(db, fd, (size_t)file->st.st_size, &info, task);
		if (code == RELAYDB_OK && task->result->committed) {
			mdbfile_remember(fd, file, task->result);
			db->named = file->st;
		} else if (code != RELAYDB_OK)
			file->valid = false;
	}
	lock_release_whole(fd);
	return code;
}

/* The new file in FD has its name. */
static int named(
    struct turn *turn, int fd, struct mdbfile *file, const struct relaydb_result *result)
{
	STEP("renamed");
	mdbfile_remember(fd, file, result);
	if (location_keep_name(turn->db, &turn->location, &file->st) == RELAYDB_OK)
		return RELAYDB_OK;
	return turn_unsynced(turn, turn->db->system_error);
}

/* A new file, whole before it has its name. */
static int create(struct turn *turn, struct mdbfile *file, const struct change_task *task)
{
	const struct pages_info none = { .fresh = true, .plain = true };
	struct relaydb *db = turn->db;
	char name[256];
	int fd;
	int code = turn_take(turn);

	if (code != RELAYDB_OK)
		return code;
	if (location_has(&turn->location, "")) {
		turn_leave(turn);
		return STEP_AGAIN;
	}
	code = location_companion(db, &turn->location, NEW_SUFFIX, LOCATION_NEW, &fd);
	if (code == RELAYDB_OK)
		code = transact(db, fd, 0, &none, task);
	if (code == RELAYDB_OK) {
		location_name(&turn->location, NEW_SUFFIX, name);
		if (renameat2(turn->location.dir, name, turn->location.dir, turn->location.name,
			RENAME_NOREPLACE) != 0)
			code = errno == EEXIST ? STEP_AGAIN : db_fail_errno(db, "name", "", errno);
		else
			code = named(turn, fd, file, task->result);
	}
	if (code != RELAYDB_OK && code != RELAYDB_UNCERTAIN)
		location_remove(db, &turn->location, NEW_SUFFIX);
	if (fd >= 0)
		close(fd);
	turn_leave(turn);
	return code;
}

static int attempt(struct turn *turn, struct mdbfile *file, const struct change_task *task)
{
	struct relaydb *db = turn->db;
	struct stat st = turn->location.directory;
	int fd;
	int code = location_open_map(db, &turn->location, true, false, &fd, &st);

	if (code == RELAYDB_NOFILE && task->create) {
		st = (struct stat){ .st_uid = geteuid() };
		code = location_private(db, &turn->location, &st);
		return code == RELAYDB_OK ? create(turn, file, task) : code;
	}
	if (code != RELAYDB_OK)
		return code;
	code = location_private(db, &turn->location, &st);
	if (code == RELAYDB_OK)
		code = location_keep_name(db, &turn->location, &st);
	if (code == RELAYDB_OK)
		code = change_locked(turn, fd, file, task);
	close(fd);
	return code;
}

/* Carries TASK out.  Returns as relaydb_commit(). */
static int change(struct relaydb *db, int64_t now, const struct change_task *task)
{
	struct mdbmemory *memory = mdbmemory_of(db);
	struct turn turn;
	int code;

	if (memory == NULL)
		return RELAYDB_NOMEM;
	code = turn_begin(&turn, db, now);
	if (code == RELAYDB_OK) {
		turn.location.mode = 0640;
		do
			code = attempt(&turn, &memory->file, task);
		while (code == STEP_AGAIN && db_clock_ms() < db->deadline);
		turn_end(&turn);
	}
	if (code == STEP_AGAIN)
		code = db_fail(
		    db, RELAYDB_LOCKED, "%s keeps being rewritten by another process", db->path);
	if (code == RELAYDB_IO)
		db_fail_more(db, "; nothing was changed");
	return code;
}

static int find(void *from, struct bytes key, void *out, size_t size, size_t *value_size)
{
	return txn_find(from, key, out, size, value_size);
}

static int walk(void *from, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	return txn_walk(from, each, arg);
}

static int put(void *from, struct bytes key, struct bytes value)
{
	return txn_put(from, key, value);
}

static int delete (void *from, struct bytes key)
{
	return txn_delete(from, key);
}

static int empty(void *from)
{
	return txn_empty(from);
}

static struct inplace rows_of(struct txn *txn, bool plain)
{
	return (struct inplace){ { find, walk, txn, NULL }, txn_rows(txn), plain, NULL, put, delete,
		empty };
}

static int change_batch(
    struct txn *txn, const struct pages_info *info, void *arg, struct relaydb_result *result)
{
	const struct inplace rows = rows_of(txn, info->plain);

	return inplace_batch(&rows, arg, result);
}

int mdbwrite_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_batch, batch, batch_records(batch), result };

	return change(batch->db, now, &task);
}

static int change_dump(
    struct txn *txn, const struct pages_info *info, void *arg, struct relaydb_result *result)
{
	const struct inplace rows = rows_of(txn, info->plain && !info->fresh);

	return inplace_dump(&rows, arg, result);
}

int mdbwrite_load(struct dump *dump, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_dump, dump, true, result };

	return change(dump->db, now, &task);
}
