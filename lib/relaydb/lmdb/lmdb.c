/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lmdb.c - the form `lmdb': a map of LMDB, as postmap makes it and Postfix reads it
 *
 * Who reads locks the file F_RDLCK, reads and proves what it needs (pages.h), and unlocks it.  Who writes proves the whole file
 * that way too, then locks it F_WRLCK, sees that it is still the one that was proved, and lets liblmdb (txn.h) do one transaction.
 * What our own transaction leaves is proved by what it began with, and the handle remembers its state, so that a daemon's commit
 * costs the same at any size.
 * The file is never unlinked, truncated or replaced: an smtpd keeps it open, mapped, for its life.  So a new one comes into being
 * whole, by rename; PATH.lock orders those who make it.
 * Limit: one transaction grows the map by doubling up to MAP_MAX.
 */
#include "address.h"
#include "examine.h"
#include "handle.h"
#include "io.h"
#include "known.h"
#include "location.h"
#include "lock.h"
#include "pages.h"
#include "plan.h"
#include "rows.h"
#include "step.h"
#include "store.h"
#include "turn.h"
#include "txn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAP_MIN ((size_t)16 << 20)
#define MAP_MAX (2 * IMAGE_MAX)

/* A file that was proved: by which state it is known again, and what was learned. */
struct memory {
	bool valid;
	struct stat st;
	struct pages_state state;
	struct pages_info info;
};

/* What is to be done in a transaction.  Called again, with *RESULT cleared, if the map was too small. */
typedef int change_fn(struct txn *txn, const struct pages_info *info, void *arg, struct relaydb_result *result);

struct change_task {
	change_fn *change;
	void *arg;
	bool create;
	struct relaydb_result *result;
};

static void lmdb_forget(struct relaydb *db)
{
	free(db->memory);
	db->memory = NULL;
}

static int not_a_database(struct relaydb *db, const char *why)
{
	return db_fail(db, RELAYDB_NOTDB, "%s is not a relay database: %s", db->path, why);
}

static int prove(struct relaydb *db, const struct image *image, struct pages_info *info)
{
	char why[160];

	if (pages_check(image, info, why, sizeof why))
		return RELAYDB_OK;
	return errno == ENOMEM ? db_fail(db, RELAYDB_NOMEM, "out of memory") : not_a_database(db, why);
}

/* ---- reading ---- */

/* The whole file, proved, and the STATE it is known by.  Returns RELAYDB_OK (free with image_free) or what can go wrong. */
static int read_whole(struct relaydb *db, int fd, struct memory *memory, struct image *image)
{
	int code = lock_wait_whole(db, fd, F_RDLCK);

	*image = (struct image){ NULL, 0, false };
	if (code != RELAYDB_OK)
		return code;
	if (fstat(fd, &memory->st) != 0)
		code = db_fail_errno(db, "look at", "", errno);
	if (code == RELAYDB_OK)
		code = io_read(db, fd, "", &memory->st, image);
	if (code == RELAYDB_OK && image->size > 0 && !pages_state(fd, &memory->state))
		code = not_a_database(db, "it is not a file of LMDB, or was cut off");
	lock_release_whole(fd);
	if (code == RELAYDB_OK)
		code = prove(db, image, &memory->info);
	if (code != RELAYDB_OK)
		image_free(image);
	return code;
}

static int find_locked(struct relaydb *db, int fd, const char *address, char value[STAMP_SIZE + 1], size_t *size)
{
	struct bytes key = { address, strlen(address) + 1 };
	char why[160];
	struct stat st;
	int code = RELAYDB_NOTFOUND;

	if (fstat(fd, &st) != 0)
		return db_fail_errno(db, "look at", "", errno);
	for (int tries = 0; st.st_size > 0 && tries < 2 && code == RELAYDB_NOTFOUND; tries++, key.size--)
		code = pages_find(fd, key, value, STAMP_SIZE + 1, size, why, sizeof why);
	if (code == RELAYDB_NOTDB)
		return not_a_database(db, why);
	if (code == RELAYDB_IO)
		return db_fail_errno(db, "read", "", errno);
	return code;
}

static int lmdb_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	char value[STAMP_SIZE + 1];
	struct place place;
	struct stat st;
	size_t size = 0;
	int fd, code = place_open(db, &place, false);

	if (code != RELAYDB_OK)
		return code;
	code = place_open_map(db, &place, false, false, &fd, &st);
	place_close(&place);
	if (code != RELAYDB_OK)
		return code;
	code = lock_wait_whole(db, fd, F_RDLCK);
	if (code == RELAYDB_OK) {
		code = find_locked(db, fd, address, value, &size);
		lock_release_whole(fd);
	}
	close(fd);
	if (code == RELAYDB_NOTFOUND)
		return db_fail(db, code, "%s has no row in %s", address, db->path);
	if (code != RELAYDB_OK)
		return code;
	if (size > 0 && size <= sizeof value && value[size - 1] == '\0')
		size--;
	if (size <= STAMP_SIZE && stamp_read(value, size, stamp))
		return RELAYDB_OK;
	*stamp = RELAYDB_PERMANENT;
	return db_no_entry(db, address);
}

struct collecting {
	struct rows *rows;
	struct bytes stays;
	int64_t since;
};

static int collect(struct bytes key, struct bytes value, void *arg)
{
	const struct collecting *collecting = arg;

	return rows_take_since(collecting->rows, collecting->since, key, value, collecting->stays);
}

static int lmdb_each(struct relaydb *db, int64_t since, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct rows rows = { NULL, 0, 0, NULL };
	struct memory memory;
	struct image image;
	struct place place;
	struct stat st;
	int fd, code = place_open(db, &place, false);

	if (code != RELAYDB_OK)
		return code;
	code = place_open_map(db, &place, false, false, &fd, &st);
	place_close(&place);
	if (code != RELAYDB_OK)
		return code;
	code = read_whole(db, fd, &memory, &image);
	close(fd);
	if (code != RELAYDB_OK)
		return code;
	if (pages_walk(&image, collect, &(struct collecting){ &rows, { image.data, image.size }, since }) != 0)
		code = db_fail(db, RELAYDB_NOMEM, "out of memory");
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		code = rows_deliver(&rows, each, arg);
	}
	rows_free(&rows);
	image_free(&image);
	return code;
}

/* ---- changing ---- */

/* One transaction on FD, locked or nobody else's, whose map has at least SIZE bytes. */
static int transact(struct relaydb *db, int fd, size_t size, const struct pages_info *info, const struct change_task *task)
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
			return db_fail(db, RELAYDB_IO, "%s would be larger than any relay database", db->path);
	}
	if (code != RELAYDB_OK)
		*task->result = (struct relaydb_result){ .committed = false };
	return code;
}

/* What is in FD is proved: before, or now.  Meanwhile nobody is kept from reading. */
static int know(struct relaydb *db, int fd, struct memory *memory)
{
	struct pages_state state;
	struct image image;
	struct stat st;
	int code;

	if (memory->valid && fstat(fd, &st) == 0 && known_same(&st, &memory->st) && pages_state(fd, &state) &&
	    memcmp(&state, &memory->state, sizeof state) == 0)
		return RELAYDB_OK;
	memory->valid = false;
	code = read_whole(db, fd, memory, &image);
	if (code != RELAYDB_OK)
		return code;
	image_free(&image);
	memory->valid = true;
	return RELAYDB_OK;
}

/* With FD locked F_WRLCK: is it what was proved, and still the one of that name?  The state tells it from what another process
 * wrote in the same tick of the clock. */
static bool still(const struct turn *turn, int fd, const struct memory *memory)
{
	struct pages_state state;
	struct stat st;

	return fstat(fd, &st) == 0 && known_same(&st, &memory->st) && turn_same_file(&turn->place, "", fd) &&
	       (st.st_size == 0 || (pages_state(fd, &state) && memcmp(&state, &memory->state, sizeof state) == 0));
}

static void remember(int fd, struct memory *memory, const struct relaydb_result *result)
{
	memory->valid = fstat(fd, &memory->st) == 0 && pages_state(fd, &memory->state);
	memory->info.rows = result->rows;
	memory->info.fresh = false;
	memory->info.plain = true; /* else it was rewritten */
}

/* Returns RELAYDB_OK, STEP_AGAIN, or what can go wrong. */
static int change_locked(struct turn *turn, int fd, struct memory *memory, const struct change_task *task)
{
	struct relaydb *db = turn->db;
	int code = know(db, fd, memory);

	if (code == RELAYDB_OK)
		code = lock_wait_whole(db, fd, F_WRLCK);
	if (code != RELAYDB_OK)
		return code;
	if (!still(turn, fd, memory)) {
		memory->valid = false;
		code = STEP_AGAIN;
	} else {
		struct pages_info info = memory->info;

		code = transact(db, fd, (size_t)memory->st.st_size, &info, task);
		if (code == RELAYDB_OK && task->result->committed)
			remember(fd, memory, task->result);
		else if (code != RELAYDB_OK)
			memory->valid = false;
	}
	lock_release_whole(fd);
	return code;
}

/* A new file, whole before it has its name. */
static int create(struct turn *turn, struct memory *memory, const struct change_task *task)
{
	const struct pages_info none = { .fresh = true, .plain = true };
	struct relaydb *db = turn->db;
	char name[256];
	int fd, code = turn_take(turn);

	if (code != RELAYDB_OK)
		return code;
	if (place_has(&turn->place, "")) {
		turn_leave(turn);
		return STEP_AGAIN;
	}
	code = place_companion(db, &turn->place, NEW_SUFFIX, PLACE_NEW, &fd);
	if (code == RELAYDB_OK)
		code = transact(db, fd, 0, &none, task);
	if (code == RELAYDB_OK) {
		place_name(&turn->place, NEW_SUFFIX, name);
		if (renameat2(turn->place.dir, name, turn->place.dir, turn->place.name, RENAME_NOREPLACE) != 0)
			code = errno == EEXIST ? STEP_AGAIN : db_fail_errno(db, "name", "", errno);
		else if (fsync(turn->place.dir) != 0)
			code = db_fail_errno(db, "sync the directory of", "", errno);
		else
			remember(fd, memory, task->result);
	}
	if (code != RELAYDB_OK)
		place_remove(db, &turn->place, NEW_SUFFIX);
	if (fd >= 0)
		close(fd);
	turn_leave(turn);
	return code;
}

static int attempt(struct turn *turn, struct memory *memory, const struct change_task *task)
{
	struct relaydb *db = turn->db;
	struct stat st = turn->place.folder;
	int fd, code = place_open_map(db, &turn->place, true, false, &fd, &st);

	if (code == RELAYDB_NOFILE && task->create) {
		st = (struct stat){ .st_uid = geteuid() };
		code = place_private(db, &turn->place, &st);
		return code == RELAYDB_OK ? create(turn, memory, task) : code;
	}
	if (code != RELAYDB_OK)
		return code;
	code = place_private(db, &turn->place, &st);
	if (code == RELAYDB_OK)
		code = change_locked(turn, fd, memory, task);
	close(fd);
	return code;
}

/* Carries TASK out.  Returns as relaydb_commit(). */
static int change(struct relaydb *db, int64_t now, const struct change_task *task)
{
	struct memory *memory = db->memory;
	struct turn turn;
	int code;

	if (memory == NULL)
		memory = db->memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	code = turn_begin(&turn, db, now);
	if (code == RELAYDB_OK) {
		turn.place.mode = 0640;
		do
			code = attempt(&turn, memory, task);
		while (code == STEP_AGAIN && db_clock_ms() < db->deadline);
		turn_end(&turn);
	}
	if (code == STEP_AGAIN)
		code = db_fail(db, RELAYDB_LOCKED, "%s keeps being rewritten by another process", db->path);
	if (code == RELAYDB_IO)
		db_fail_more(db, "; nothing was changed");
	return code;
}

static int source_find(void *from, struct bytes key, void *out, size_t size, size_t *value_size)
{
	return txn_find(from, key, out, size, value_size);
}

static int source_walk(void *from, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	return txn_walk(from, each, arg);
}

static int put_all(struct txn *txn, const struct rows *rows, const struct progress *progress)
{
	int code = txn_empty(txn);

	for (size_t i = 0; code == RELAYDB_OK && i < rows->count; i++) {
		code = txn_put(txn, rows->row[i].key, rows->row[i].value);
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
static int rewrite(struct txn *txn, struct relaydb_batch *batch, struct plan *plan, struct relaydb_result *result)
{
	struct rows rows = { NULL, 0, 0, NULL };
	const struct plan_source source = { .rows = &rows };
	int code = txn_walk(txn, take_row, &rows);

	if (code == RELAYDB_NOMEM)
		code = db_fail(batch->db, code, "out of memory");
	if (code == RELAYDB_OK) {
		rows_merge(&rows);
		code = plan_make(plan, batch, &source, rows.count, result);
	}
	if (code == RELAYDB_OK && (plan->count > 0 || batch_records(batch))) {
		result->committed = result->rewritten = true;
		code = rows_change(batch->db, &rows, plan->changes, plan->count);
		if (code == RELAYDB_OK)
			code = put_all(txn, &rows, NULL);
	}
	rows_free(&rows);
	return code;
}

static int change_batch(struct txn *txn, const struct pages_info *info, void *arg, struct relaydb_result *result)
{
	const struct plan_source source = { source_find, source_walk, txn, NULL };
	struct plan plan = { NULL, 0, 0, 0 };
	struct relaydb_batch *batch = arg;
	int code;

	if (!info->plain)
		code = rewrite(txn, batch, &plan, result);
	else {
		code = plan_make(&plan, batch, &source, txn_rows(txn), result);
		result->committed = plan.count > 0;
		for (size_t i = 0; code == RELAYDB_OK && i < plan.count; i++)
			code = plan.changes[i].remove ? txn_delete(txn, plan.changes[i].key)
						      : txn_put(txn, plan.changes[i].key, plan.changes[i].value);
	}
	plan_free(&plan);
	return code;
}

static int lmdb_commit(struct relaydb_batch *batch, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_batch, batch, batch_records(batch), result };

	return change(batch->db, now, &task);
}

static int change_dump(struct txn *txn, const struct pages_info *info, void *arg, struct relaydb_result *result)
{
	const struct plan_source source = { source_find, source_walk, txn, NULL };
	struct dump *dump = arg;
	int code = dump_compare(dump, &source, txn_rows(txn), result);

	if (code != RELAYDB_OK)
		return code;
	if (info->plain && !info->fresh && result->added + result->changed + result->deleted == 0)
		return RELAYDB_OK; /* it is there already */
	result->committed = result->rewritten = true;
	code = put_all(txn, &dump->rows, &dump->progress);
	if (code == RELAYDB_OK)
		db_deadline(dump->db);
	return code;
}

static int lmdb_load(struct dump *dump, int64_t now, struct relaydb_result *result)
{
	const struct change_task task = { change_dump, dump, true, result };

	return change(dump->db, now, &task);
}

/* A transaction is whole or it is not there: nothing of one that was cut off needs to be finished. */
static int lmdb_settle(struct relaydb *db, int64_t now)
{
	if (now < 0 || now > RELAYDB_STAMP_MAX)
		return db_fail(db, RELAYDB_BADSTAMP, "%lld is not a valid time", (long long)now);
	return RELAYDB_OK;
}

static int lmdb_check(
    struct relaydb *db, int64_t now, void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct examine examine = { .db = db, .now = now, .each = each, .arg = arg, .reader = "Postfix" };
	struct memory memory;
	struct image image;
	struct place place;
	struct stat st;
	int fd, code = examine_place(&examine, &place, &fd, &st);

	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	code = read_whole(db, fd, &memory, &image);
	close(fd);
	place_close(&place);
	if (code == RELAYDB_NOTDB) {
		examine_damage(&examine);
		return RELAYDB_OK;
	}
	if (code != RELAYDB_OK)
		return code;
	if (image.size == 0)
		examine_report(&examine, RELAYDB_FAULT, "vsmtprelay load /dev/null",
		    "%s is empty: Postfix cannot open it before the first commit", examine.file);
	pages_walk(&image, examine_row, &examine);
	examine_rows(&examine);
	image_free(&image);
	return RELAYDB_OK;
}

const struct store lmdb_store = {
	.name = "lmdb",
	.suffix = ".lmdb",
	.owner_only = true,
	.get = lmdb_get,
	.each = lmdb_each,
	.commit = lmdb_commit,
	.load = lmdb_load,
	.check = lmdb_check,
	.settle = lmdb_settle,
	.forget = lmdb_forget,
};
