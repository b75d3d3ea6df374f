/* SPDX-License-Identifier: BSD-2-Clause
 *
 * txn.c - one transaction of liblmdb that writes; the only file that knows
 * <lmdb.h>
 *
 * Postfix's rules, lmdb_table(5): one file (MDB_NOSUBDIR), and none of LMDB's
 * own locks (MDB_NOLOCK), which the caller's fcntl(2) lock replaces; so there
 * is no second file, and a reader that died leaves nothing behind.  Keys and
 * values end with a NUL, as postmap(1) writes them: the first hit of an smtpd
 * decides for its life which kind it asks for.  liblmdb opens a file by its
 * name.  It gets /proc/self/fd/N, which is the file that was proved and no
 * other; needs /proc.
 * A commit writes the changed pages, syncs, then writes and syncs one meta
 * page: cut off anywhere, the older one is valid.  Limit: keys of TXN_KEY_MAX
 * bytes, which is LMDB's.
 */
#include "txn.h"
#include "handle.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct txn {
	struct relaydb *db;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi rows;
};

static int failed(const struct txn *txn, const char *act, int error)
{
	struct relaydb *db = txn->db;

	switch (error) {
	case MDB_MAP_FULL:
		return TXN_FULL;
	case ENOENT:
		return db_fail(db, RELAYDB_IO, "cannot %s %s: /proc is not mounted", act, db->path);
	case ENOMEM:
		return db_fail(db, RELAYDB_NOMEM, "out of memory: cannot %s %s", act, db->path);
	case MDB_INCOMPATIBLE:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
		return db_fail(db, RELAYDB_NOTDB,
		    "%s is not a relay database: LMDB cannot %s it: %s", db->path, act,
		    mdb_strerror(error));
	case MDB_BAD_VALSIZE:
		return db_fail(db, RELAYDB_NOTDB, "%s cannot have keys of more than %d bytes",
		    db->path, TXN_KEY_MAX);
	default:
		if (error > 0)
			return db_fail_errno(db, act, "", error);
		return db_fail(
		    db, RELAYDB_IO, "LMDB cannot %s %s: %s", act, db->path, mdb_strerror(error));
	}
}

int txn_begin(struct relaydb *db, int fd, size_t size, struct txn **out)
{
	struct txn *txn = calloc(1, sizeof *txn);
	unsigned flags = 0;
	char path[64];
	int error;

	*out = NULL;
	if (txn == NULL)
		return db_fail(db, RELAYDB_NOMEM, "out of memory");
	txn->db = db;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	error = mdb_env_create(&txn->env);
	if (error == 0)
		error = mdb_env_set_mapsize(txn->env, size);
	if (error == 0)
		error = mdb_env_open(txn->env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (error == 0)
		error = mdb_txn_begin(txn->env, NULL, 0, &txn->txn);
	if (error == 0)
		error = mdb_dbi_open(txn->txn, NULL, 0, &txn->rows);
	if (error == 0)
		error = mdb_dbi_flags(txn->txn, txn->rows, &flags);
	if (error == 0 && flags != 0)
		error = MDB_INCOMPATIBLE;
	if (error != 0) {
		error = failed(txn, "change", error);
		txn_abort(&txn);
		return error;
	}
	*out = txn;
	return RELAYDB_OK;
}

/* KEY as it is stored: with a NUL, in BUF.  False if it is too long. */
static bool stored_key(struct bytes key, char buf[TXN_KEY_MAX + 1], MDB_val *val)
{
	if (key.size > TXN_KEY_MAX)
		return false;
	if (key.size > 0)
		memcpy(buf, key.data, key.size);
	buf[key.size] = '\0';
	*val = (MDB_val){ key.size + 1, buf };
	return true;
}

static MDB_val bare(struct bytes bytes)
{
	return (MDB_val){ bytes.size, (void *)(uintptr_t)bytes.data };
}

size_t txn_rows(struct txn *txn)
{
	MDB_stat stat = { .ms_entries = 0 };

	mdb_stat(txn->txn, txn->rows, &stat);
	return stat.ms_entries;
}

int txn_find(struct txn *txn, struct bytes key, void *out, size_t size, size_t *value_size)
{
	char buf[TXN_KEY_MAX + 1];
	MDB_val find, value;
	int error;

	if (!stored_key(key, buf, &find))
		return RELAYDB_NOTFOUND;
	error = mdb_get(txn->txn, txn->rows, &find, &value);
	if (error == MDB_NOTFOUND && key.size > 0) {
		find = bare(key);
		error = mdb_get(txn->txn, txn->rows, &find, &value);
	}
	if (error == MDB_NOTFOUND)
		return RELAYDB_NOTFOUND;
	if (error != 0)
		return failed(txn, "read", error);
	if (value.mv_size > 0 && find.mv_size == key.size + 1 &&
	    ((const char *)value.mv_data)[value.mv_size - 1] == '\0')
		value.mv_size--;
	memcpy(out, value.mv_data, value.mv_size < size ? value.mv_size : size);
	*value_size = value.mv_size;
	return RELAYDB_OK;
}

int txn_walk(
    struct txn *txn, int (*each)(struct bytes key, struct bytes value, void *arg), void *arg)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int answer = 0, error = mdb_cursor_open(txn->txn, txn->rows, &cursor);

	if (error != 0)
		return failed(txn, "read", error);
	while (answer == 0) {
		error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		if (error != 0)
			break;
		answer = each((struct bytes){ key.mv_data, key.mv_size },
		    (struct bytes){ value.mv_data, value.mv_size }, arg);
	}
	mdb_cursor_close(cursor);
	return answer != 0 || error == MDB_NOTFOUND ? answer : failed(txn, "read", error);
}

/* A row of KEY as it stands, without a NUL. */
static int delete_bare(struct txn *txn, struct bytes key)
{
	MDB_val find = bare(key);
	int error = key.size == 0 ? MDB_NOTFOUND : mdb_del(txn->txn, txn->rows, &find, NULL);

	return error == 0 || error == MDB_NOTFOUND ? RELAYDB_OK : failed(txn, "change", error);
}

int txn_put(struct txn *txn, struct bytes key, struct bytes value)
{
	char buf[TXN_KEY_MAX + 1];
	MDB_val find, room = { value.size + 1, NULL };
	int error;

	if (!stored_key(key, buf, &find))
		return failed(txn, "change", MDB_BAD_VALSIZE);
	error = mdb_put(txn->txn, txn->rows, &find, &room, MDB_RESERVE);
	if (error != 0)
		return failed(txn, "change", error);
	if (value.size > 0)
		memcpy(room.mv_data, value.data, value.size);
	((char *)room.mv_data)[value.size] = '\0';
	return delete_bare(txn, key);
}

int txn_delete(struct txn *txn, struct bytes key)
{
	char buf[TXN_KEY_MAX + 1];
	MDB_val find;
	int error =
	    stored_key(key, buf, &find) ? mdb_del(txn->txn, txn->rows, &find, NULL) : MDB_NOTFOUND;

	return error == 0 || error == MDB_NOTFOUND ? delete_bare(txn, key)
						   : failed(txn, "change", error);
}

int txn_empty(struct txn *txn)
{
	int error = mdb_drop(txn->txn, txn->rows, 0);

	return error == 0 ? RELAYDB_OK : failed(txn, "change", error);
}

int txn_commit(struct txn **txn)
{
	MDB_txn *last = (*txn)->txn;
	int error;

	(*txn)->txn = NULL;
	error = mdb_txn_commit(last);
	if (error != 0)
		error = failed(*txn, "change", error);
	txn_abort(txn);
	return error;
}

void txn_abort(struct txn **txn)
{
	if ((*txn)->txn != NULL)
		mdb_txn_abort((*txn)->txn);
	if ((*txn)->env != NULL)
		mdb_env_close((*txn)->env);
	free(*txn);
	*txn = NULL;
}
