/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcpcdb.c - see tcpcdb.h
 */
#include "tcpcdb.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "relaydb.h"
#include "tcprules.h"

#define EVERY_MS 1000
#define FUTURE 5 /* seconds by which the clock of who recorded it may be ahead */
#define COMPLAIN_EVERY 3600
#define DATABASE_CAUSE 1000 /* log_once(): behind the codes of tcprules.h */

/* Entries on their way to a cdb. */
struct entries {
	struct tcprules *tcprules;
	int64_t now, window;
	int64_t next;
};

static int take_entry(const struct relaydb_row *row, void *arg)
{
	struct entries *entries = arg;
	int64_t change = row->stamp + entries->window + 1;

	if (row->stamp > entries->now + FUTURE)
		change = row->stamp - FUTURE;
	else
		tcprules_relay(entries->tcprules, row->address);
	if (change < entries->next)
		entries->next = change;
	return 0;
}

/* What PATH is now; a file that is not there has no inode. */
static struct stat look(const char *path)
{
	struct stat st;

	if (*path == '\0' || stat(path, &st) != 0)
		st = (struct stat){ .st_ino = 0 };
	return st;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Two changes in one tick of the clock look the same: what was changed just now
 * is read again. */
static bool old(const struct stat *st)
{
	int64_t now = (int64_t)time(NULL);

	return st->st_ino == 0 || st->st_ctim.tv_sec + 1 < now || st->st_ctim.tv_sec > now + 1;
}

static void complain(struct cdb_keeper *keeper, int cause, const char *why, int64_t now)
{
	if (log_once(&keeper->failing, cause, now, COMPLAIN_EVERY))
		log_say(LOG_ERR, "tcpserver does not see every change of the database: %s", why);
}

/* Returns true when it is written. */
static bool build(struct cdb_keeper *keeper, const struct cdb_settings *settings,
    const struct writer *writer, int64_t now)
{
	struct entries entries = { .now = now, .window = settings->window, .next = INT64_MAX };
	char why[TCPRULES_WHY];
	const char *cause;
	int code = (int)tcprules_begin(&entries.tcprules, settings->rules, settings->cdb, 0, why);

	if (code != TCPRULES_OK) {
		complain(keeper, code, why, now);
		return false;
	}
	code = writer_entries(writer, now - settings->window, take_entry, &entries, &cause);
	if (code != RELAYDB_OK && code != RELAYDB_NOFILE) {
		tcprules_drop(&entries.tcprules);
		complain(keeper, DATABASE_CAUSE + code, cause, now);
		return false;
	}
	code = (int)tcprules_finish(&entries.tcprules, NULL, why);
	if (code != TCPRULES_OK) {
		complain(keeper, code, why, now);
		return false;
	}
	keeper->next = entries.next;
	if (log_over(&keeper->failing, NULL))
		log_say(LOG_NOTICE, "tcpserver sees the database again, in %s", settings->cdb);
	return true;
}

void cdb_keep(struct cdb_keeper *keeper, const struct cdb_settings *settings,
    const struct writer *writer, int64_t now, int64_t clock_ms)
{
	char path[PATH_MAX];
	struct stat database, queue, rules, cdb;

	if (*settings->cdb == '\0' || clock_ms < keeper->due_ms)
		return;
	keeper->due_ms = clock_ms + EVERY_MS;
	snprintf(path, sizeof path, "%s.queue", settings->database);
	database = look(settings->database);
	queue = look(path);
	rules = look(settings->rules);
	cdb = look(settings->cdb);
	if (keeper->made && now < keeper->next && same(&database, &keeper->database) &&
	    same(&queue, &keeper->queue) && same(&rules, &keeper->rules) &&
	    same(&cdb, &keeper->cdb))
		return;
	keeper->made =
	    build(keeper, settings, writer, now) && old(&database) && old(&queue) && old(&rules);
	keeper->database = database;
	keeper->queue = queue;
	keeper->rules = rules;
	keeper->cdb = look(settings->cdb);
}
