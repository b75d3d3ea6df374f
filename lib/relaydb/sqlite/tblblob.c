/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tblblob.c - the table of a database of SQLite, in memory; the only file that
 * knows <sqlite3.h>
 *
 * SQLite never sees a file of ours: it gets the bytes, and gives bytes back
 * (sqlite3_deserialize, sqlite3_serialize).  So there is no journal, no WAL and
 * no lock, and what lies beside the file (a planted journal makes SQLite roll
 * back, or delete, other files) is nothing to us.  A file may be damaged or
 * foreign all the same, and so SQLite is told to trust no schema and to check
 * cells, and the whole table is checked before anything is done with it.
 * The table is that of Exim's dbm lookups where Exim is built with SQLite
 * (tblblob, hintsdb of Exim 4.97 and later); keys and values are blobs without
 * a NUL, since a key of type TEXT is another than the same bytes as a blob.
 */
#include "tblblob.h"
#include "address.h"
#include "handle.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "CREATE TABLE tblblob (ky BLOB PRIMARY KEY, dat BLOB)"

enum { FIND, WALK, PUT, DELETE, STATEMENTS };

struct table {
	struct relaydb *db;
	sqlite3 *sqlite;
	sqlite3_stmt *statement[STATEMENTS];
};

static int failed(const struct table *table, int error)
{
	struct relaydb *db = table->db;

	/* the table of a pragma says so in words alone */
	if (strcmp(sqlite3_errmsg(table->sqlite), sqlite3_errstr(SQLITE_NOMEM)) == 0)
		error = SQLITE_NOMEM;
	switch (error & 0xff) {
	case SQLITE_NOMEM:
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_FORMAT:
	case SQLITE_ERROR:
	case SQLITE_SCHEMA:
		return db_fail(db, RELAYDB_NOTDB, "%s is not a relay database: SQLite says %s",
		    db->path, sqlite3_errmsg(table->sqlite));
	default:
		return db_fail(db, RELAYDB_IO, "SQLite cannot work on a copy of %s in memory: %s",
		    db->path, sqlite3_errmsg(table->sqlite));
	}
}

static int not_a_database(const struct table *table, const char *why)
{
	return db_fail(
	    table->db, RELAYDB_NOTDB, "%s is not a relay database: %s", table->db->path, why);
}

static int run(const struct table *table, const char *sql)
{
	int error = sqlite3_exec(table->sqlite, sql, NULL, NULL, NULL);

	return error == SQLITE_OK ? RELAYDB_OK : failed(table, error);
}

/* ---- making one ---- */

static int open_empty(struct table *table)
{
	static const int off[] = { SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
		SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_WRITABLE_SCHEMA,
		SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML };
	int error = sqlite3_open_v2(":memory:", &table->sqlite,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);

	for (size_t i = 0; error == SQLITE_OK && i < sizeof off / sizeof *off; i++)
		error = sqlite3_db_config(table->sqlite, off[i], 0, NULL);
	if (error == SQLITE_OK)
		error = sqlite3_db_config(table->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (error != SQLITE_OK)
		return failed(table, error);
	sqlite3_limit(table->sqlite, SQLITE_LIMIT_ATTACHED, 0);
	return RELAYDB_OK;
}

static int take_bytes(struct table *table, const struct image *image)
{
	unsigned char *copy = sqlite3_malloc64(image->size + 1);
	int error;

	if (copy == NULL)
		return db_fail(table->db, RELAYDB_NOMEM, "out of memory");
	if (image->size > 0)
		memcpy(copy, image->data, image->size);
	error = sqlite3_deserialize(table->sqlite, "main", copy, (sqlite3_int64)image->size,
	    (sqlite3_int64)image->size,
	    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
	if (error != SQLITE_OK)
		return failed(table, error);
	error = sqlite3_file_control(table->sqlite, "main", SQLITE_FCNTL_SIZE_LIMIT,
	    &(sqlite3_int64){ (sqlite3_int64)IMAGE_MAX });
	return error == SQLITE_OK ? RELAYDB_OK : failed(table, error);
}

/* The head of the file, before SQLite sees it. */
static int prove_head(const struct table *table, const struct image *image)
{
	static const char magic[] = "SQLite format 3";

	if (image->size < 512 || memcmp(image->data, magic, sizeof magic) != 0)
		return not_a_database(table, "it is not a file of SQLite");
	if (image->data[18] != 1 || image->data[19] != 1)
		return not_a_database(table,
		    "it is in WAL mode, in which Exim finds nothing; as its owner: sqlite3 "
		    "FILE 'PRAGMA journal_mode=DELETE'");
	return RELAYDB_OK;
}

static int expect(const struct table *table, const char *sql, const char *answer, const char *why)
{
	sqlite3_stmt *statement = NULL;
	int error = sqlite3_prepare_v2(table->sqlite, sql, -1, &statement, NULL), code = RELAYDB_OK;
	const char *text;

	if (error == SQLITE_OK)
		error = sqlite3_step(statement);
	if (error != SQLITE_ROW)
		code = failed(table, error == SQLITE_DONE ? SQLITE_CORRUPT : error);
	else {
		text = (const char *)sqlite3_column_text(statement, 0);
		if (text == NULL && sqlite3_errcode(table->sqlite) == SQLITE_NOMEM)
			code = failed(table, SQLITE_NOMEM);
		else if (text == NULL || strcmp(text, answer) != 0)
			code = not_a_database(table, why);
	}
	sqlite3_finalize(statement);
	return code;
}

/* One table, with the columns that Exim asks for, the key its primary key; the
 * index of that, and nothing else. */
static int prove_schema(const struct table *table)
{
	static const char only[] = "SELECT count(*) || ' ' || sum(type = 'table' AND name = "
				   "'tblblob' AND tbl_name = 'tblblob') || ' ' ||"
				   " sum(type = 'index' AND name = 'sqlite_autoindex_tblblob_1' "
				   "AND tbl_name = 'tblblob' AND sql IS NULL)"
				   " FROM sqlite_schema";
	static const char columns[] =
	    "SELECT group_concat(name || ' ' || pk || ' ' || upper(type), ',')"
	    " FROM (SELECT * FROM pragma_table_xinfo('tblblob') ORDER BY cid)";
	int code = expect(table, only, "2 1 1", "expected a table tblblob and nothing else");

	if (code == RELAYDB_OK)
		code = expect(table, columns, "ky 1 BLOB,dat 0 BLOB", "expected " SCHEMA);
	if (code == RELAYDB_OK)
		code = expect(table,
		    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
		    "replace(replace(upper(sql), ' ', ''), '\"', '') = "
		    "'CREATETABLETBLBLOB(KYBLOBPRIMARYKEY,DATBLOB)'",
		    "1", "expected " SCHEMA);
	if (code == RELAYDB_OK)
		code = expect(table, "PRAGMA quick_check(1)", "ok", "it is damaged");
	return code;
}

static int prepare(struct table *table)
{
	static const char *const sql[STATEMENTS] = {
		[FIND] = "SELECT dat FROM tblblob WHERE ky = ?1",
		[WALK] = "SELECT ky, dat FROM tblblob",
		[PUT] = "INSERT INTO tblblob (ky, dat) VALUES (?1, ?2) ON CONFLICT (ky) DO UPDATE "
			"SET dat = excluded.dat",
		[DELETE] = "DELETE FROM tblblob WHERE ky = ?1",
	};
	int error = SQLITE_OK;

	for (size_t i = 0; error == SQLITE_OK && i < STATEMENTS; i++)
		error = sqlite3_prepare_v3(table->sqlite, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
		    &table->statement[i], NULL);
	return error == SQLITE_OK ? RELAYDB_OK : failed(table, error);
}

static bool sentinel(struct bytes key)
{
	return key.size == sizeof TABLE_SENTINEL - 1 &&
	       memcmp(key.data, TABLE_SENTINEL, key.size) == 0;
}

static struct bytes column(sqlite3_stmt *statement, int i)
{
	const void *data = sqlite3_column_blob(statement, i);

	return (
	    struct bytes){ data != NULL ? data : "", (size_t)sqlite3_column_bytes(statement, i) };
}

static int survey(const struct table *table, struct table_info *info)
{
	sqlite3_stmt *walk = table->statement[WALK];
	bool found = false;
	int error;

	*info = (struct table_info){ .plain = true };
	while ((error = sqlite3_step(walk)) == SQLITE_ROW) {
		bool blobs = sqlite3_column_type(walk, 0) == SQLITE_BLOB &&
			     sqlite3_column_type(walk, 1) == SQLITE_BLOB;
		struct bytes key = column(walk, 0);

		if (blobs && sentinel(key)) {
			found = true;
			continue;
		}
		info->rows++;
		info->plain = info->plain && blobs && address_plain(key.data, key.size);
	}
	sqlite3_reset(walk);
	info->plain = info->plain && found;
	return error == SQLITE_DONE ? RELAYDB_OK : failed(table, error);
}

static int make(struct table *table, const struct image *image)
{
	int code = open_empty(table);

	if (code == RELAYDB_OK && image->size > 0)
		code = prove_head(table, image);
	if (code == RELAYDB_OK)
		code = take_bytes(table, image);
	if (code == RELAYDB_OK)
		code = run(table, "PRAGMA cell_size_check = ON; PRAGMA journal_mode = OFF");
	if (code == RELAYDB_OK && image->size == 0)
		return run(table, "PRAGMA page_size = 4096; " SCHEMA);
	return code == RELAYDB_OK ? prove_schema(table) : code;
}

int table_new(
    struct relaydb *db, const struct image *image, struct table **out, struct table_info *info)
{
	struct table *table = calloc(1, sizeof *table);
	int code;

	*out = NULL;
	if (table == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	table->db = db;
	code = make(table, image);
	if (code == RELAYDB_OK)
		code = prepare(table);
	if (code == RELAYDB_OK)
		code = survey(table, info);
	if (code != RELAYDB_OK) {
		table_free(&table);
		return code;
	}
	*out = table;
	return RELAYDB_OK;
}

void table_free(struct table **table)
{
	if (*table == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize((*table)->statement[i]);
	sqlite3_close((*table)->sqlite);
	free(*table);
	*table = NULL;
}

/* ---- rows ---- */

static void bind(sqlite3_stmt *statement, int i, struct bytes bytes)
{
	sqlite3_bind_blob64(
	    statement, i, bytes.data != NULL ? bytes.data : "", bytes.size, SQLITE_STATIC);
}

int table_find(struct table *table, struct bytes key, void *out, size_t size, size_t *value_size)
{
	sqlite3_stmt *find = table->statement[FIND];
	int error, code = RELAYDB_NOTFOUND;

	bind(find, 1, key);
	error = sqlite3_step(find);
	if (error == SQLITE_ROW) {
		struct bytes value = column(find, 0);

		memcpy(out, value.data, value.size < size ? value.size : size);
		*value_size = value.size;
		code = RELAYDB_OK;
	} else if (error != SQLITE_DONE)
		code = failed(table, error);
	sqlite3_reset(find);
	return code;
}

int table_walk(
    struct table *table, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	sqlite3_stmt *walk = table->statement[WALK];
	int answer = 0, error = SQLITE_DONE;

	while (answer == 0 && (error = sqlite3_step(walk)) == SQLITE_ROW) {
		struct bytes value = column(walk, 1), key = column(walk, 0);

		if (!sentinel(key))
			answer = each(key, value, arg);
	}
	sqlite3_reset(walk);
	return answer != 0 || error == SQLITE_DONE ? answer : failed(table, error);
}

static int done(const struct table *table, sqlite3_stmt *statement)
{
	int error = sqlite3_step(statement);

	sqlite3_reset(statement);
	return error == SQLITE_DONE ? RELAYDB_OK : failed(table, error);
}

int table_begin(struct table *table)
{
	return run(table, "BEGIN IMMEDIATE");
}

int table_put(struct table *table, struct bytes key, struct bytes value)
{
	bind(table->statement[PUT], 1, key);
	bind(table->statement[PUT], 2, value);
	return done(table, table->statement[PUT]);
}

int table_delete(struct table *table, struct bytes key)
{
	bind(table->statement[DELETE], 1, key);
	return done(table, table->statement[DELETE]);
}

int table_empty(struct table *table)
{
	return run(table, "DELETE FROM tblblob");
}

int table_end(struct table *table)
{
	static const char name[] = TABLE_SENTINEL;
	struct bytes key = { name, sizeof name - 1 };
	int code = table_put(table, key, key);

	return code == RELAYDB_OK ? run(table, "COMMIT") : code;
}

int table_bytes(struct table *table, struct bytes *bytes)
{
	sqlite3_int64 size = 0;
	const void *data = sqlite3_serialize(table->sqlite, "main", &size, SQLITE_SERIALIZE_NOCOPY);

	if (data == NULL || size <= 0)
		return db_fail(
		    table->db, RELAYDB_NOMEM, "out of memory: a copy of %s", table->db->path);
	*bytes = (struct bytes){ data, (size_t)size };
	return RELAYDB_OK;
}
