/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sqlite.c - the form `sqlite': a table that Exim's dbm lookups read where Exim
 * has no Berkeley DB
 *
 * Exim keeps a file open for a session; the next one sees a change.  A reader
 * needs no lock, since a file is replaced whole (tblwrite.h).  What is read is
 * proved (tblblob.c) and, with the state of the file, remembered by the handle
 * (tblfile.h).
 */
#include "address.h"
#include "examine.h"
#include "handle.h"
#include "location.h"
#include "rows.h"
#include "store.h"
#include "tblblob.h"
#include "tblfile.h"
#include "tblwrite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_path(struct relaydb *db, struct tblfile **file)
{
	struct location location;
	struct stat st;
	int fd, code;

	*file = tblfile_of(db);
	if (*file == NULL)
		return RELAYDB_NOMEM;
	if (tblfile_unchanged(db, *file))
		return RELAYDB_OK;
	code = location_open(db, &location, false);
	if (code != RELAYDB_OK)
		return code;
	code = location_open_map(db, &location, false, false, &fd, &st);
	if (code == RELAYDB_OK) {
		code = tblfile_know(db, &location, fd, &st, *file);
		close(fd);
	}
	location_close(&location);
	return code;
}

static int sqlite_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	char value[STAMP_SIZE];
	struct tblfile *file;
	size_t size = 0;
	int code = read_path(db, &file);

	if (code != RELAYDB_OK)
		return code;
	code = table_find(
	    file->table, (struct bytes){ address, strlen(address) }, value, sizeof value, &size);
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

	return rows_take(
	    collecting->rows, collecting->since, key, value, (struct bytes){ NULL, 0 });
}

static int sqlite_each(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	struct rows rows = { .row = NULL };
	struct tblfile *file;
	int code = read_path(db, &file);

	if (code != RELAYDB_OK)
		return code;
	code = table_walk(file->table, collect, &(struct collecting){ &rows, since });
	if (code == RELAYDB_NOMEM)
		db_fail(db, code, "out of memory");
	if (code == RELAYDB_OK) {
		rows_sort_by_stamp(&rows);
		code = rows_deliver(&rows, each, arg);
	}
	rows_free(&rows);
	return code;
}

/* What SQLite would take for its own beside the file, and play back into it,
 * when another program opens it. */
static void check_companions(const struct examine *examine, const struct location *location)
{
	static const char *const suffixes[] = { "-journal", "-wal", "-shm" };
	char path[PATH_MAX + 512];

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (!location_has(location, suffixes[i]))
			continue;
		snprintf(path, sizeof path, "%s%s", examine->file, suffixes[i]);
		examine_report(examine,
		    (struct relaydb_finding){
			.severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_REMOVE, .path = path },
		    "%s is not of this suite, and with it Exim finds nothing in the table, or "
		    "something else",
		    path);
	}
}

static int sqlite_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	struct examine examine = { .db = db,
		.now = now,
		.each = each,
		.arg = arg,
		.reader = "Exim",
		.opens_itself = true };
	struct tblfile *file = tblfile_of(db);
	struct location location;
	struct stat st;
	int fd, code;

	if (file == NULL)
		return RELAYDB_NOMEM;
	code = examine_location(&examine, &location, &fd, &st);
	if (code != RELAYDB_OK)
		return code == RELAYDB_NOTFOUND ? RELAYDB_OK : code;
	check_companions(&examine, &location);
	code = st.st_size == 0
		   ? db_fail(db, RELAYDB_NOTDB,
			 "%s is empty: Exim cannot read it, and finds nothing", examine.file)
		   : tblfile_know(db, &location, fd, &st, file);
	close(fd);
	location_close(&location);
	if (code == RELAYDB_NOTDB) {
		examine_damage(&examine);
		return RELAYDB_OK;
	}
	if (code == RELAYDB_PERM) {
		examine_report(&examine,
		    (struct relaydb_finding){ .severity = RELAYDB_WARNING,
			.fix = RELAYDB_FIX_AGAIN_OWNER,
			.path = examine.file },
		    "its rows were not looked at: %s", relaydb_error(db));
		return RELAYDB_OK;
	}
	if (code != RELAYDB_OK)
		return code;
	code = table_walk(file->table, examine_row, &examine);
	if (code != RELAYDB_OK)
		return code;
	if (!file->info.plain)
		examine_report(&examine,
		    (struct relaydb_finding){ .severity = RELAYDB_WARNING,
			.fix = RELAYDB_FIX_COMMIT,
			.path = examine.file },
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
	.commit = tblwrite_commit,
	.load = tblwrite_load,
	.check = sqlite_check,
	.settle = location_settle,
	.forget = tblfile_forget,
};
