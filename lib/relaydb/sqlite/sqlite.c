/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sqlite.c - the form `sqlite': a table that Exim's dbm lookups read where Exim has no Berkeley DB
 *
 * To Exim every error after the open is a silent "no", so no reader ever meets a file that is being changed: a commit makes a whole
 * new file, PATH.new, syncs it, and renames it over PATH.  Exim keeps a file open for a session; the next one sees the change.
 * Who reads needs no lock for the same reason.  PATH.lock orders those who write.
 * What is read is proved (tblblob.c) and, with the state of the file, remembered by the handle.
 */
#include "address.h"
#include "examine.h"
#include "handle.h"
#include "io.h"
#include "known.h"
#include "location.h"
#include "plan.h"
#include "rows.h"
#include "step.h"
#include "store.h"
#include "tblblob.h"
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READS_MAX 16 /* of a file that somebody changes in place */

/* A file that was read and proved. */
struct memory {
	struct stat st;
	bool settled; /* a later change would show in ST */
	struct table *table; /* NULL: nothing is remembered */
	struct table_info info;
};

struct change_task {
	int (*change)(struct memory *memory, void *arg, struct relaydb_result *result);
	void *arg;
	bool create;
	struct relaydb_result *result;
};

static void sqlite_forget(struct relaydb *db)
{
	struct memory *memory = db->memory;

	if (memory != NULL)
		table_free(&memory->table);
	free(memory);
	db->memory = NULL;
}

static struct memory *memory_of(struct relaydb *db)
{
	if (db->memory == NULL)
		db->memory = calloc(1, sizeof(struct memory));
	if (db->memory == NULL)
		db_fail(db, RELAYDB_NOMEM, "out of memory");
	return db->memory;
}

/* ---- reading ---- */

static int read_file(struct relaydb *db, int fd, struct memory *memory)
{
	struct image image = { NULL, 0, false };
	struct stat after;
	int code = RELAYDB_OK;

	for (int reads = 0; reads < READS_MAX; reads++) {
		if (known_look(fd, &memory->st, &memory->settled) != 0)
			return db_fail_errno(db, "look at", "", errno);
		code = io_read(db, fd, "", &memory->st, &image);
		if (code == RELAYDB_OK && fstat(fd, &after) == 0 && known_same(&memory->st, &after))
			break;
		image_free(&image);
		if (code == RELAYDB_OK)
			code = db_fail(db, RELAYDB_LOCKED, "%s keeps being changed in place by another process", db->path);
	}
	if (code == RELAYDB_OK)
		code = table_new(db, &image, &memory->table, &memory->info);
	image_free(&image);
	return code;
}

/* The table of the file in FD, whose state is ST.  Nothing that another may write is shown to SQLite. */
static int know(struct relaydb *db, const struct place *place, int fd, const struct stat *st, struct memory *memory)
{
	int code = place_private(db, place, st);

	if (code != RELAYDB_OK)
		return code;
	if (memory->table != NULL && memory->settled && known_same(&memory->st, st))
		return RELAYDB_OK;
	table_free(&memory->table);
	return read_file(db, fd, memory);
}

static int read_path(struct relaydb *db, struct memory **memory)
{
	struct place place;
	struct stat st;
	int fd, code;

	*memory = memory_of(db);
	if (*memory == NULL)
		return RELAYDB_NOMEM;
	/* two calls, if it is the file that we know; a link or another owner of the directory takes the long way */
	code = place_open(db, &place, false);
	if (code != RELAYDB_OK)
		return code;
	code = place_open_map(db, &place, false, false, &fd, &st);
	if (code == RELAYDB_OK) {
		code = know(db, &place, fd, &st, *memory);
		close(fd);
	}
	place_close(&place);
	return code;
}

static int sqlite_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	char value[STAMP_SIZE];
	struct memory *memory;
	size_t size = 0;
	int code = read_path(db, &memory);

	if (code != RELAYDB_OK)
		return code;
	code = table_find(memory->table, (struct bytes){ address, strlen(address) }, value, sizeof value, &size);
	if (code == RELAYDB_NOTFOUND)
		return db_fail(db, code, "%s has no row in %s", address, db->path);
	if (code != RELAYDB_OK)
		return code;
	if (size <= sizeof value && stamp_read(value, size, stamp))
		return RELAYDB_OK;
	*stamp = RELAYDB_PERMANENT;
	return db_no_entry(db, address);
}

struct collecting {
	struct rows *rows;
	int64_t since;
};

static int collect(struct bytes key, struct bytes value, void *arg)
{
	const struct collecting *collecting = arg;

	return rows_take_since(collecting->rows, collecting->since, key, value, (struct bytes){ NULL, 0 });
}

static int sqlite_each(struct relaydb *db, int64_t since, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct rows rows = { NULL, 0, 0, NULL };
	struct memory *memory;
	int code = read_path(db, &memory);

	if (code != RELAYDB_OK)
		return code;
	code = table_walk(memory->table, collect, &(struct collecting){ &rows, since });
	if (code == RELAYDB_NOMEM)
		db_fail(db, code, "out of memory");
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		code = rows_deliver(&rows, each, arg);
	}
	rows_free(&rows);
	return code;
}

/* ---- changing ---- */

/* The new file gets the mode and group of the old one, without the rights to write that nobody else may have; and an mtime that the
 * kernel gives to no file, so that any other writer's shows. */
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

	place_name(&turn->place, NEW_SUFFIX, name);
	if (old < 0) {
		if (renameat2(turn->place.dir, name, turn->place.dir, turn->place.name, RENAME_NOREPLACE) != 0)
			return errno == EEXIST ? STEP_AGAIN : db_fail_errno(db, "name", "", errno);
	} else {
		if (fstat(old, &now) != 0 || !known_same(&now, st) || !turn_same_file(&turn->place, "", old))
			return STEP_AGAIN;
		if (renameat(turn->place.dir, name, turn->place.dir, turn->place.name) != 0)
			return db_fail_errno(db, "replace", "", errno);
	}
	STEP("renamed");
	if (fsync(turn->place.dir) == 0)
		return RELAYDB_OK;
	db_fail_errno(db, "sync the directory of", "", errno);
	return RELAYDB_UNCERTAIN;
}

/* The changed table becomes the file; OLD is what was read, -1: nothing. */
static int store(struct turn *turn, struct memory *memory, int old)
{
	struct relaydb *db = turn->db;
	struct stat st = memory->st;
	int fd, code = place_companion(db, &turn->place, NEW_SUFFIX, PLACE_NEW, &fd);

	if (code != RELAYDB_OK)
		return code;
	code = write_new(db, memory->table, fd, old < 0 ? NULL : &st);
	if (code == RELAYDB_OK)
		code = replace(turn, old, &st);
	if (code == RELAYDB_OK && fstat(fd, &memory->st) == 0)
		memory->settled = true; /* by its mtime, see dress() */
	else
		table_free(&memory->table);
	if (code != RELAYDB_OK && code != RELAYDB_UNCERTAIN)
		place_remove(db, &turn->place, NEW_SUFFIX);
	close(fd);
	return code;
}

static int change_known(struct turn *turn, struct memory *memory, int old, const struct change_task *task)
{
	int code;

	*task->result = (struct relaydb_result){ .committed = false };
	code = task->change(memory, task->arg, task->result);
	STEP("changed");
	if (code == RELAYDB_OK && task->result->committed)
		code = table_end(memory->table);
	if (code == RELAYDB_OK && task->result->committed) {
		memory->info = (struct table_info){ task->result->rows, true };
		return store(turn, memory, old);
	}
	if (code != RELAYDB_OK)
		table_free(&memory->table);
	return code;
}

static int attempt(struct turn *turn, struct memory *memory, const struct change_task *task)
{
	struct relaydb *db = turn->db;
	struct stat st;
	int fd, code = place_open_map(db, &turn->place, false, false, &fd, &st);

	if (code == RELAYDB_NOFILE && task->create) {
		const struct image empty = { NULL, 0, false };

		table_free(&memory->table);
		code = table_new(db, &empty, &memory->table, &memory->info);
		return code == RELAYDB_OK ? change_known(turn, memory, -1, task) : code;
	}
	if (code != RELAYDB_OK)
		return code;
	if (st.st_uid != geteuid() && geteuid() != 0)
		code = db_fail(db, RELAYDB_PERM, "%s belongs to uid %ld, who alone may replace it", db->path, (long)st.st_uid);
	if (code == RELAYDB_OK)
		code = know(db, &turn->place, fd, &st, memory);
	if (code == RELAYDB_OK)
		code = change_known(turn, memory, fd, task);
	close(fd);
	return code;
}

static int change_turn(struct turn *turn, struct memory *memory, const struct change_task *task)
{
	const struct stat mine = { .st_uid = geteuid() };
	struct relaydb *db = turn->db;
	int code;

	if (!task->create && !place_has(&turn->place, ""))
		return db_fail(db, RELAYDB_NOFILE, "%s does not exist", db->path);
	/* the directory first: no lock is made where we do not commit */
	code = place_private(db, &turn->place, &mine);
	if (code == RELAYDB_OK)
		code = turn_take(turn);
	if (code != RELAYDB_OK)
		return code;
	do
		code = attempt(turn, memory, task);
	while (code == STEP_AGAIN && db_clock_ms() < db->deadline);
	turn_leave(turn);
	return code;
}

/* Carries TASK out.  Returns as relaydb_commit(). */
static int change(struct relaydb *db, int64_t now, const struct change_task *task)
{
	struct memory *memory = memory_of(db);
	struct turn turn;
	int code;

	if (memory == NULL)
		return RELAYDB_NOMEM;
	code = turn_begin(&turn, db, now);
	if (code == RELAYDB_OK) {
		turn.place.mode = 0640;
		code = change_turn(&turn, memory, task);
		turn_end(&turn);
	}
	if (code != RELAYDB_OK)
		*task->result = (struct relaydb_result){ .committed = code == RELAYDB_UNCERTAIN };
	if (code == STEP_AGAIN)
		code = db_fail(db, RELAYDB_LOCKED, "%s keeps being changed by another process", db->path);
	if (code == RELAYDB_IO)
		db_fail_more(db, "; nothing was changed");
	return code;
}

static int source_find(void *from, struct bytes key, void *out, size_t size, size_t *value_size)
{
	return table_find(from, key, out, size, value_size);
}

static int source_walk(void *from, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	return table_walk(from, each, arg);
}

static int put_all(struct table *table, const struct rows *rows, const struct progress *progress)
{
	int code = table_begin(table);

	if (code == RELAYDB_OK)
		code = table_empty(table);
	for (size_t i = 0; code == RELAYDB_OK && i < rows->count; i++) {
		code = table_put(table, rows->row[i].key, rows->row[i].value);
		if (code == RELAYDB_OK && progress != NULL && progress->call != NULL && i % PROGRESS_EVERY == 0)
			code = progress->call(i, rows->count, progress->arg);
	}
	return code;
}

static int take_row(struct bytes key, struct bytes value, void *arg)
{
	return rows_take(arg, key, value, (struct bytes){ NULL, 0 }, true);
}

/* All rows get the store's form, and the batch is carried out on that. */
static int rewrite(struct table *table, struct relaydb_batch *batch, struct plan *plan, struct relaydb_result *result)
{
	struct rows rows = { NULL, 0, 0, NULL };
	const struct plan_source source = { .rows = &rows };
	int code = table_walk(table, take_row, &rows);

	if (code == RELAYDB_NOMEM)
		db_fail(batch->db, code, "out of memory");
	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		code = plan_make(plan, batch, &source, rows.count, result);
	}
	if (code == RELAYDB_OK && (plan->count > 0 || batch_records(batch))) {
		result->committed = result->rewritten = true;
		code = rows_change(batch->db, &rows, plan->changes, plan->count);
		if (code == RELAYDB_OK)
			code = put_all(table, &rows, NULL);
	}
	rows_free(&rows);
	return code;
}

static int change_batch(struct memory *memory, void *arg, struct relaydb_result *result)
{
	const struct plan_source source = { source_find, source_walk, memory->table, NULL };
	struct plan plan = { NULL, 0, 0, 0 };
	struct relaydb_batch *batch = arg;
	int code;

	if (!memory->info.plain && memory->info.rows > 0)
		code = rewrite(memory->table, batch, &plan, result);
	else {
		code = plan_make(&plan, batch, &source, memory->info.rows, result);
		result->committed = plan.count > 0;
		if (code == RELAYDB_OK && plan.count > 0)
			code = table_begin(memory->table);
		for (size_t i = 0; code == RELAYDB_OK && i < plan.count; i++)
			code = plan.changes[i].remove ? table_delete(memory->table, plan.changes[i].key)
						      : table_put(memory->table, plan.changes[i].key, plan.changes[i].value);
	}
	plan_free(&plan);
	return code;
}

static int sqlite_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_batch, batch, batch_records(batch), result };

	return change(batch->db, now, &task);
}

static int change_dump(struct memory *memory, void *arg, struct relaydb_result *result)
{
	const struct plan_source source = { source_find, source_walk, memory->table, NULL };
	struct dump *dump = arg;
	int code = dump_compare(dump, &source, memory->info.rows, result);

	if (code != RELAYDB_OK || (memory->info.plain && result->added + result->changed + result->deleted == 0))
		return code;
	result->committed = result->rewritten = true;
	code = put_all(memory->table, &dump->rows, &dump->progress);
	if (code == RELAYDB_OK)
		db_deadline(dump->db);
	return code;
}

static int sqlite_load(struct dump *dump, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_dump, dump, true, result };
	const struct bytes sentinel = { TABLE_SENTINEL, sizeof TABLE_SENTINEL - 1 };

	if (rows_find(&dump->rows, sentinel) != NULL)
		return db_fail(dump->db, RELAYDB_BADADDR, "the key " TABLE_SENTINEL " is the database's own in this form");
	return change(dump->db, now, &task);
}

/* A rename is whole or it was not: nothing of one that was cut off needs to be finished. */
static int sqlite_settle(struct relaydb *db, int64_t now)
{
	if (now < 0 || now > RELAYDB_STAMP_MAX)
		return db_fail(db, RELAYDB_BADSTAMP, "%lld is not a valid time", (long long)now);
	return RELAYDB_OK;
}

/* What SQLite would take for its own beside the file, and play back into it, when another program opens it. */
static void check_companions(const struct examine *examine, const struct place *place)
{
	static const char *const suffixes[] = { "-journal", "-wal", "-shm" };
	char remedy[10240];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (!place_has(place, suffixes[i]))
			continue;
		snprintf(remedy, sizeof remedy, "rm %s%s", examine->word, suffixes[i]);
		examine_report(examine, RELAYDB_FAULT, remedy,
		    "%s%s is not of this suite, and with it Exim finds nothing in the table, or something else", examine->file,
		    suffixes[i]);
	}
}

static int sqlite_check(
    struct relaydb *db, int64_t now, void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct examine examine = { .db = db, .now = now, .each = each, .arg = arg, .reader = "Exim", .opens_itself = true };
	struct memory *memory = memory_of(db);
	struct place place;
	struct stat st;
	int fd, code;

	if (memory == NULL)
		return RELAYDB_NOMEM;
	code = examine_place(&examine, &place, &fd, &st);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	check_companions(&examine, &place);
	code = st.st_size == 0 ? db_fail(db, RELAYDB_NOTDB, "%s is empty: Exim cannot read it, and finds nothing", examine.file)
			       : know(db, &place, fd, &st, memory);
	close(fd);
	place_close(&place);
	if (code == RELAYDB_NOTDB) {
		examine_damage(&examine);
		return RELAYDB_OK;
	}
	if (code == RELAYDB_PERM) {
		examine_report(&examine, RELAYDB_WARNING, "run check as root, or as its owner",
		    "its rows were not looked at: %s", relaydb_error(db));
		return RELAYDB_OK;
	}
	if (code != RELAYDB_OK)
		return code;
	code = table_walk(memory->table, examine_row, &examine);
	if (code != RELAYDB_OK)
		return code;
	if (!memory->info.plain)
		examine_report(&examine, RELAYDB_WARNING, "the next commit that changes a row rewrites them",
		    "%s has keys that are no blobs, or no row " TABLE_SENTINEL, examine.file);
	examine_rows(&examine);
	return RELAYDB_OK;
}

const struct store sqlite_store = {
	.name = "sqlite",
	.suffix = ".sqlite",
	.owner_only = true,
	.get = sqlite_get,
	.each = sqlite_each,
	.commit = sqlite_commit,
	.load = sqlite_load,
	.check = sqlite_check,
	.settle = sqlite_settle,
	.forget = sqlite_forget,
};
