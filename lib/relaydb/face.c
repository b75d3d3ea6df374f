/* SPDX-License-Identifier: BSD-2-Clause
 *
 * face.c - the public calls: to open and close a handle, which chooses the form
 * of the database; and those that go to the form as they are.  See relaydb.h
 */
#include "address.h"
#include "handle.h"
#include "io.h"
#include "location.h"
#include "rows.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef RELAYERS_STATEDIR
#define RELAYERS_STATEDIR "/var/lib/relayers"
#endif

int relaydb_path(const char *given, char *buf, size_t size)
{
	const char *env = secure_getenv("RELAYERS_DB"), *home = secure_getenv("HOME");
	int n;

	if (given == NULL && env != NULL && *env != '\0')
		given = env;
	if (given == NULL && home != NULL && *home != '\0') {
		n = snprintf(buf, size, "%s/etc/relayers.db", home);
		if (n > 0 && (size_t)n < size && access(buf, F_OK) == 0)
			return RELAYDB_OK;
	}
	n = snprintf(buf, size, "%s", given != NULL ? given : RELAYERS_STATEDIR "/relayers.db");
	return n >= 0 && (size_t)n < size ? RELAYDB_OK : RELAYDB_NOFILE;
}

const char *relaydb_strcode(int code)
{
	switch (code) {
	case RELAYDB_OK:
		return "ok";
	case RELAYDB_NOTFOUND:
		return "not found";
	case RELAYDB_BADADDR:
		return "bad address";
	case RELAYDB_BADSTAMP:
		return "bad stamp";
	case RELAYDB_NOFILE:
		return "no such file";
	case RELAYDB_NOTDB:
		return "not a relay database";
	case RELAYDB_LOCKED:
		return "locked";
	case RELAYDB_PERM:
		return "permission denied";
	case RELAYDB_IO:
		return "input/output error";
	case RELAYDB_NOMEM:
		return "out of memory";
	case RELAYDB_NOENTRY:
		return "a row, but no entry";
	case RELAYDB_UNCERTAIN:
		return "recorded, not yet fully written";
	default:
		return "unknown code";
	}
}

#ifdef RELAYDB_TEST_STEPS
const struct store *relaydb_test_store; /* if set, for every path */
#endif

/* Those that the end of a path chooses; every other path is a hash. */
static const struct store *const chosen[] = { &lmdb_store, &sqlite_store, NULL };

static const struct store *store_of(const char *path)
{
	size_t size = strlen(path), suffix;

#ifdef RELAYDB_TEST_STEPS
	if (relaydb_test_store != NULL)
		return relaydb_test_store;
#endif
	for (const struct store *const *store = chosen; *store != NULL; store++) {
		suffix = strlen((*store)->suffix);
		if (size > suffix && strcmp(path + size - suffix, (*store)->suffix) == 0)
			return *store;
	}
	return &hash_store;
}

int relaydb_open(struct relaydb **db, const struct relaydb_options *options)
{
	static const struct relaydb_options defaults;
	char path[4096];
	struct relaydb *new;

	*db = NULL;
	if (options == NULL)
		options = &defaults;
	if (options->path == NULL) {
		if (relaydb_path(NULL, path, sizeof path) != RELAYDB_OK)
			return RELAYDB_NOFILE;
	} else if (strlen(options->path) < sizeof path) {
		strcpy(path, options->path);
	} else {
		return RELAYDB_NOFILE;
	}
	new = calloc(1, sizeof *new);
	if (new == NULL)
		return RELAYDB_NOMEM;
	new->path = strdup(path);
	new->store = store_of(path);
	new->in_force = options->in_force;
	new->size_max = options->size_max == 0 ? IMAGE_MAX : options->size_max;
	new->timeout_ms = options->timeout_ms == 0 ? RELAYDB_TIMEOUT_MS : options->timeout_ms;
	if (new->path == NULL) {
		free(new);
		return RELAYDB_NOMEM;
	}
	*db = new;
	return RELAYDB_OK;
}

void relaydb_close(struct relaydb **db)
{
	int guard = db_begin_guard();

	if (*db != NULL) {
		if ((*db)->store->forget != NULL)
			(*db)->store->forget(*db);
		free((*db)->path);
	}
	free(*db);
	*db = NULL;
	db_end_guard(guard);
}

const char *relaydb_error(const struct relaydb *db)
{
	return db->error;
}

const char *relaydb_notice(const struct relaydb *db)
{
	return db->notice;
}

const char *relaydb_filename(const struct relaydb *db)
{
	return db->path;
}

int relaydb_owner(struct relaydb *db, uid_t *uid, gid_t *gid)
{
	struct location location;
	int code, guard;

	db_begin(db);
	if (!db->store->owner_only)
		return db_fail(db, RELAYDB_NOTFOUND, "%s is of a form without that rule", db->path);
	guard = db_begin_guard();
	code = location_open(db, &location, false);
	if (code == RELAYDB_OK) {
		*uid = location.directory.st_uid;
		*gid = location.directory.st_gid;
		location_close(&location);
	}
	db_end_guard(guard);
	return code;
}

int relaydb_get(struct relaydb *db, const char *address, int64_t *stamp)
{
	char text[RELAYDB_ADDRSTRLEN];
	int code, guard;

	db_begin(db);
	if (relaydb_address(address, text) != RELAYDB_OK)
		return db_fail(
		    db, RELAYDB_BADADDR, "\"%.64s\" is not the IP address of a client", address);
	guard = db_begin_guard();
	code = db->store->get(db, text, stamp);
	db_end_guard(guard);
	return code;
}

static int rows_since(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	int code, guard;

	db_begin(db);
	guard = db_begin_guard();
	code = db->store->each(db, since, each, arg);
	db_end_guard(guard);
	return code;
}

int relaydb_each(
    struct relaydb *db, int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	return rows_since(db, EVERY_ROW, each, arg);
}

int relaydb_entries(struct relaydb *db, int64_t since,
    int (*each)(const struct relaydb_row *row, void *arg), void *arg)
{
	return rows_since(db, since > 0 ? since : 0, each, arg);
}

int relaydb_check(struct relaydb *db, int64_t now,
    void (*each)(const struct relaydb_finding *finding, void *arg), void *arg)
{
	int code, guard;

	db_begin(db);
	guard = db_begin_guard();
	code = db->store->check(db, now, each, arg);
	db_end_guard(guard);
	return code;
}

int relaydb_settle(struct relaydb *db, int64_t now)
{
	int code, guard;

	db_begin(db);
	guard = db_begin_guard();
	code = db->store->settle(db, now);
	db_end_guard(guard);
	return code;
}
