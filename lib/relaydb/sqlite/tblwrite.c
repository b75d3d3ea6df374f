/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tblwrite.c - changes a file of SQLite, see tblwrite.h
 */
#include "tblwrite.h"
#include "handle.h"
#include "inplace.h"
#include "io.h"
#include "known.h"
#include "location.h"
#include "rows.h"
#include "step.h"
#include "tblblob.h"
#include "tblfile.h"
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct change_task {
	int (*change)(struct tblfile *file, void *arg, struct relaydb_result *result);
	void *arg;
	bool create;
	struct relaydb_result *result;
};

/* The new file gets the mode and group of the old one, without the rights to
 * write that nobody else may have; and an mtime that the kernel gives to no
 * file, so that any other writer's shows. */
static int dress(struct relaydb *db, int fd, const struct stat *old)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0, 0 } };

	if (old != NULL && fchown(fd, (uid_t)-1, old->st_gid) != 0 && errno != EPERM)
		return db_fail_errno(db, "set the group of", NEW_SUFFIX, errno);
	if (old != NULL && fchmod(fd, old->st_mode & 0755) != 0)
		return db_fail_errno(db, "set the mode of", NEW_SUFFIX, errno);
	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_nsec = 0;
	if (futimens(fd, times) != 0)
		return db_fail_errno(db, "set the time of", NEW_SUFFIX, errno);
	return RELAYDB_OK;
}

static int write_new(struct relaydb *db, struct table *table, int fd, const struct stat *old)
{
	struct bytes bytes;
	int code = table_bytes(table, &bytes), error;

	if (code != RELAYDB_OK)
		return code;
	error = io_write(fd, bytes.data, bytes.size, 0);
	if (error != 0)
		return db_fail_errno(db, "write", NEW_SUFFIX, error);
	STEP("written");
	code = dress(db, fd, old);
	if (code == RELAYDB_OK && fsync(fd) != 0)
		code = db_fail_errno(db, "sync", NEW_SUFFIX, errno);
	STEP("synced");
	return code;
}

/* PATH.new becomes PATH, if that is still the file OLD (-1: there is none). */
static int replace(struct turn *turn, int old, const struct stat *st)
{
	struct relaydb *db = turn->db;
	struct stat now;
	char name[256];

	location_name(&turn->location, NEW_SUFFIX, name);
	if (old < 0) {
		if (renameat2(turn->location.dir, name, turn->location.dir, turn->location.name,
			RENAME_NOREPLACE) != 0)
			return errno == EEXIST ? STEP_AGAIN : db_fail_errno(db, "name", "", errno);
	} else {
		if (fstat(old, &now) != 0 || !known_same(&now, st) ||
		    !turn_same_file(&turn->location, "", old))
			return STEP_AGAIN;
		if (renameat(turn->location.dir, name, turn->location.dir, turn->location.name) !=
		    0)
			return db_fail_errno(db, "replace", "", errno);
	}
	STEP("renamed");
	if (fsync(turn->location.dir) == 0)
		return RELAYDB_OK;
	return turn_unsynced(turn, errno);
}

/* The changed table becomes the file; OLD is what was read, -1: nothing. */
static int store(struct turn *turn, struct tblfile *file, int old)
{
	struct relaydb *db = turn->db;
	struct stat st = file->st;
	int fd;
	int code = location_companion(db, &turn->location, NEW_SUFFIX, LOCATION_NEW, &fd);

	if (code == RELAYDB_OK) {
		code = write_new(db, file->table, fd, old < 0 ? NULL : &st);
		if (code == RELAYDB_OK)
			code = replace(turn, old, &st);
		if (code != RELAYDB_OK && code != RELAYDB_UNCERTAIN)
			location_remove(db, &turn->location, NEW_SUFFIX);
	}
	if (code == RELAYDB_OK && fstat(fd, &file->st) == 0) {
		file->settled = true; /* by its mtime, see dress() */
		db->named = file->st;
	} else
		table_free(&file->table); /* it has the changes, and the file may not */
	if (fd >= 0)
		close(fd);
	return code;
}

static int change_known(
    struct turn *turn, struct tblfile *file, int old, const struct change_task *task)
{
	int code;

	*task->result = (struct relaydb_result){ .committed = false };
	code = task->change(file, task->arg, task->result);
	STEP("changed");
	if (code == RELAYDB_OK && task->result->committed)
		code = table_end(file->table);
	if (code == RELAYDB_OK && task->result->committed) {
		file->info = (struct table_info){ task->result->rows, true };
		return store(turn, file, old);
	}
	if (code != RELAYDB_OK)
		table_free(&file->table);
	return code;
}

static int attempt(struct turn *turn, struct tblfile *file, const struct change_task *task)
{
	struct relaydb *db = turn->db;
	struct stat st;
	int fd;
	int code = location_open_map(db, &turn->location, false, false, &fd, &st);

	if (code == RELAYDB_NOFILE && task->create) {
		const struct image empty = { NULL, 0, false };

		table_free(&file->table);
		code = table_new(db, &empty, &file->table, &file->info);
		return code == RELAYDB_OK ? change_known(turn, file, -1, task) : code;
	}
	if (code != RELAYDB_OK)
		return code;
	if (st.st_uid != geteuid() && geteuid() != 0)
		code = db_fail(db, RELAYDB_PERM, "%s belongs to uid %ld, who alone may replace it",
		    db->path, (long)st.st_uid);
	if (code == RELAYDB_OK)
		code = tblfile_know(db, &turn->location, fd, &st, file);
	if (code == RELAYDB_OK)
		code = change_known(turn, file, fd, task);
	/* it is there already, but how safely? */
	if (code == RELAYDB_OK && !task->result->committed)
		code = location_keep_name(db, &turn->location, &st);
	close(fd);
	return code;
}

static int change_turn(struct turn *turn, struct tblfile *file, const struct change_task *task)
{
	const struct stat mine = { .st_uid = geteuid() };
	struct relaydb *db = turn->db;
	int code;

	if (!task->create && !location_has(&turn->location, ""))
		return db_fail(db, RELAYDB_NOFILE, "%s does not exist", db->path);
	/* the directory first: no lock is made where we do not commit */
	code = location_private(db, &turn->location, &mine);
	if (code == RELAYDB_OK)
		code = turn_take(turn);
	if (code != RELAYDB_OK)
		return code;
	do
		code = attempt(turn, file, task);
	while (code == STEP_AGAIN && db_clock_ms() < db->deadline);
	turn_leave(turn);
	return code;
}

/* Carries TASK out.  Returns as relaydb_commit(). */
static int change(struct relaydb *db, int64_t now, const struct change_task *task)
{
	struct tblfile *file = tblfile_of(db);
	struct turn turn;
	int code;

	if (file == NULL)
		return RELAYDB_NOMEM;
	code = turn_begin(&turn, db, now);
	if (code == RELAYDB_OK) {
		turn.location.mode = 0640;
		code = change_turn(&turn, file, task);
		turn_end(&turn);
	}
	if (code != RELAYDB_OK)
		*task->result = (struct relaydb_result){ .committed = code == RELAYDB_UNCERTAIN };
	if (code == STEP_AGAIN)
		code = db_fail(
		    db, RELAYDB_LOCKED, "%s keeps being changed by another process", db->path);
	if (code == RELAYDB_IO)
		db_fail_more(db, "; nothing was changed");
	return code;
}

static int find(void *from, struct bytes key, void *out, size_t size, size_t *value_size)
{
	return table_find(from, key, out, size, value_size);
}

static int walk(void *from, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	return table_walk(from, each, arg);
}

static int begin(void *from)
{
	return table_begin(from);
}

static int put(void *from, struct bytes key, struct bytes value)
{
	return table_put(from, key, value);
}

static int delete (void *from, struct bytes key)
{
	return table_delete(from, key);
}

static int empty(void *from)
{
	return table_empty(from);
}

static struct inplace rows_of(const struct tblfile *file, bool plain)
{
	return (struct inplace){ { find, walk, file->table, NULL }, file->info.rows, plain, begin,
		put, delete, empty };
}

static int change_batch(struct tblfile *file, void *arg, struct relaydb_result *result)
{
	const struct inplace rows = rows_of(file, file->info.plain || file->info.rows == 0);

	return inplace_batch(&rows, arg, result);
}

int tblwrite_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_batch, batch, batch_records(batch), result };

	return change(batch->db, now, &task);
}

static int change_dump(struct tblfile *file, void *arg, struct relaydb_result *result)
{
	const struct inplace rows = rows_of(file, file->info.plain);

	return inplace_dump(&rows, arg, result);
}

int tblwrite_load(struct dump *dump, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_dump, dump, true, result };
	const struct bytes sentinel = { TABLE_SENTINEL, sizeof TABLE_SENTINEL - 1 };

	if (rows_find(&dump->rows, sentinel) != NULL)
		return db_fail(dump->db, RELAYDB_BADADDR,
		    "the key " TABLE_SENTINEL " is the database's own in this form");
	return change(dump->db, now, &task);
}
