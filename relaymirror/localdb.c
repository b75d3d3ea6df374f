/* SPDX-License-Identifier: BSD-2-Clause
 *
 * localdb.c - this host's database, see localdb.h
 */
#include "localdb.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "path.h"
#include "relaydb.h"

#define FILES 3
#define LOOK_MS 1000 /* without news of inotify */
#define PACE_MS 20 /* between two reads, or two commits, at least */
#define PACE_SHARE 4 /* and so many times as long as the last one took */
#define LOCKED_MS 50 /* before what is locked is tried again */
#define RETRY_MS 1000 /* before what has failed is */
#define SETTLE_MS 200 /* what is recorded comes into force within two seconds, ... */
#define SETTLE_FOR_MS 4000 /* ... so that long we help it */
#define AT_ONCE 2000
#define COMPLAIN_S 3600
#define LOCKED_FOR_MS 10000 /* a lock that is held so long is worth a word */

struct file_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed;
};

struct localdb {
	struct relaydb *db;
	struct relaydb_batch *batch;
	struct mirror *mirror;
	const struct engineclock *clock;
	const struct localdb_handler *handler;
	void *arg;
	int inotify;
	struct loop_fd *watched;
	struct loop_timer *timer, *look;
	bool started;
	bool news; /* it may have changed since it was read */
	bool plans; /* the mirror may want something committed */
	struct file_stamp files[FILES]; /* when it was read last */
	int64_t read_ms, commit_ms, settle_ms; /* none before, by the monotonic clock */
	int64_t settle_until_ms;
	int64_t locked_ms; /* since when; 0: it is not */
	struct log_once complaint;
	struct localdb_tally tally;
	int code; /* of filling the batch */
};

static void work(struct localdb *local);

/* ---- errors ---- */

static void failed(struct localdb *local, const char *what, int code)
{
	const int64_t now = clock_monotonic_ms();

	if (code != RELAYDB_LOCKED)
		local->tally.failures++;
	if (code == RELAYDB_LOCKED && local->locked_ms == 0)
		local->locked_ms = now;
	if (code == RELAYDB_LOCKED && now - local->locked_ms < LOCKED_FOR_MS)
		return;
	if (log_once(&local->complaint, code, (int64_t)time(NULL), COMPLAIN_S))
		log_say(LOG_ERR, "cannot %s yet, trying again: %s", what, relaydb_error(local->db));
}

static void succeeded(struct localdb *local)
{
	local->locked_ms = 0;
	if (relaydb_notice(local->db)[0] != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(local->db));
	if (log_over(&local->complaint, NULL))
		log_say(LOG_NOTICE, "%s can be used again", relaydb_filename(local->db));
}

static int64_t pause_after(int code, int64_t begun, int64_t now)
{
	int64_t took = (now - begun) * PACE_SHARE;

	if (code == RELAYDB_LOCKED)
		return LOCKED_MS;
	if (code != RELAYDB_OK)
		return RETRY_MS;
	return took > PACE_MS ? took : PACE_MS;
}

/* ---- reading ---- */

static void look_at_files(const struct localdb *local, struct file_stamp files[FILES])
{
	static const char *const suffixes[FILES] = { "", ".redo", ".queue" };
	char name[PATH_MAX];
	struct stat st;

	memset(files, 0, FILES * sizeof *files);
	for (size_t i = 0; i < FILES; i++) {
		if (snprintf(name, sizeof name, "%s%s", relaydb_filename(local->db), suffixes[i]) >=
			(int)sizeof name ||
		    stat(name, &st) != 0)
			continue;
		files[i].dev = st.st_dev;
		files[i].ino = st.st_ino;
		files[i].size = st.st_size;
		files[i].modified = st.st_mtim;
		files[i].changed = st.st_ctim;
	}
}

static int take_row(const struct relaydb_row *row, void *arg)
{
	struct localdb *local = arg;
	struct moment now;

	if (row->entry) {
		engineclock_now(local->clock, &now);
		mirror_local(local->mirror, row->address, row->stamp, &now);
	}
	return 0;
}

static void read_all(struct localdb *local)
{
	const int64_t begun = clock_monotonic_ms();
	int64_t now;
	int code;

	local->news = false;
	look_at_files(local, local->files);
	mirror_scan_begin(local->mirror);
	code = relaydb_entries(local->db, 0, take_row, local);
	now = clock_monotonic_ms();
	local->read_ms = now + pause_after(code, begun, now);
	if (code != RELAYDB_OK && code != RELAYDB_NOFILE) {
		local->news = true;
		failed(local, "read the database", code);
		return;
	}
	/* a file that is not there has no rows */
	mirror_scan_end(local->mirror);
	local->tally.reads++;
	if (code == RELAYDB_OK)
		succeeded(local);
	local->plans = true;
	local->handler->read(local->arg);
}

void localdb_look_up(struct localdb *local, const char *address)
{
	struct moment now;
	int64_t stamp;
	int code = relaydb_get(local->db, address, &stamp);

	engineclock_now(local->clock, &now);
	if (code == RELAYDB_OK)
		mirror_local(local->mirror, address, stamp, &now);
	else if (code != RELAYDB_NOTFOUND && code != RELAYDB_NOENTRY && code != RELAYDB_NOFILE)
		local->news = true; /* then the next read finds it */
}

/* ---- committing ---- */

static void plan(const char *address, bool delete, int64_t stamp, void *arg)
{
	struct localdb *local = arg;
	int code = delete ? relaydb_batch_delete_until(local->batch, address, stamp)
			  : relaydb_batch_record(local->batch, address, stamp);

	/* a clock that is beyond all stamps must not keep the rest waiting */
	if (code != RELAYDB_OK && code != RELAYDB_BADSTAMP)
		local->code = code;
	if (delete)
		local->tally.deleted++;
	else
		local->tally.written++;
}

/* Returns a code; OK too if there was nothing to do. */
static int commit_some(struct localdb *local, size_t *count)
{
	struct relaydb_result result = { 0 };
	struct moment now;

	engineclock_now(local->clock, &now);
	relaydb_batch_clear(local->batch);
	local->code = RELAYDB_OK;
	*count = mirror_changes(local->mirror, AT_ONCE, &now, plan, local);
	if (*count == 0 || local->code != RELAYDB_OK)
		return local->code;
	local->code = relaydb_commit(local->batch, now.local, &result);
	if (local->code != RELAYDB_OK)
		return local->code;
	mirror_committed(local->mirror, *count);
	local->tally.commits++;
	if (result.pending)
		local->settle_until_ms = clock_monotonic_ms() + SETTLE_FOR_MS;
	succeeded(local);
	return RELAYDB_OK;
}

static void commit(struct localdb *local)
{
	const int64_t begun = clock_monotonic_ms();
	const struct localdb_tally before = local->tally;
	size_t count = 0;
	int64_t now;
	int code;

	if (!local->handler->save(local->arg)) {
		local->commit_ms = begun + RETRY_MS;
		return;
	}
	code = commit_some(local, &count);
	now = clock_monotonic_ms();
	local->plans = code != RELAYDB_OK || count == AT_ONCE;
	if (count == 0)
		return;
	local->commit_ms = now + pause_after(code, begun, now);
	if (code == RELAYDB_OK)
		return;
	local->tally = before;
	failed(local, "commit", code);
}

/* What was recorded while mail servers had just seen another change. */
static void settle(struct localdb *local)
{
	const int64_t now = clock_monotonic_ms();
	int code = relaydb_settle(local->db, (int64_t)time(NULL));

	local->settle_ms = now + SETTLE_MS;
	if (code == RELAYDB_OK)
		succeeded(local);
	else
		failed(local, "put the last commit into force", code);
}

/* ---- the order of things ---- */

static void sooner(int64_t *when, int64_t other)
{
	if (other < *when)
		*when = other;
}

static void work(struct localdb *local)
{
	int64_t now = clock_monotonic_ms(), next = INT64_MAX;

	if (!local->started)
		return;
	if (local->news && now >= local->read_ms)
		read_all(local);
	if (local->plans && now >= local->commit_ms)
		commit(local);
	if (now < local->settle_until_ms && now >= local->settle_ms)
		settle(local);
	if (local->news)
		sooner(&next, local->read_ms);
	if (local->plans)
		sooner(&next, local->commit_ms);
	now = clock_monotonic_ms();
	if (now < local->settle_until_ms)
		sooner(&next, local->settle_ms);
	if (next != INT64_MAX)
		loop_timer_set(local->timer, next > now ? next - now : 0);
}

static void on_time(void *arg)
{
	work(arg);
}

void localdb_kick(struct localdb *local)
{
	local->plans = true;
	if (local->started)
		loop_timer_set(local->timer, 0);
}

void localdb_finish(struct localdb *local)
{
	if (local->started && local->plans)
		commit(local);
}

/* inotify may lose something, and a network file system has none. */
static void on_look(void *arg)
{
	struct localdb *local = arg;
	struct file_stamp files[FILES];

	look_at_files(local, files);
	if (memcmp(files, local->files, sizeof files) != 0)
		local->news = true;
	loop_timer_set(local->look, LOOK_MS);
	work(local);
}

static bool is_ours(const struct localdb *local, const char *name)
{
	const char *base = path_name(relaydb_filename(local->db));

	return strncmp(name, base, strlen(base)) == 0;
}

static void on_event(int fd, unsigned ready, void *arg)
{
	union {
		char bytes[16384];
		struct inotify_event event;
	} buffer;
	struct localdb *local = arg;
	ssize_t got = read(fd, buffer.bytes, sizeof buffer);
	struct inotify_event event;

	(void)ready;
	for (ssize_t at = 0; at + (ssize_t)sizeof event <= got; at += (ssize_t)sizeof event) {
		memcpy(&event, buffer.bytes + at, sizeof event);
		if (event.len == 0 || is_ours(local, buffer.bytes + at + sizeof event))
			local->news = true;
		at += event.len;
	}
	work(local);
}

/* ---- making ---- */

static bool watch(struct localdb *local, struct loop *loop)
{
	char directory[PATH_MAX];

	path_directory(relaydb_filename(local->db), directory);
	local->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (local->inotify < 0 ||
	    inotify_add_watch(local->inotify, directory,
		IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0) {
		log_say(LOG_ERR, "cannot watch %s: %s", directory, strerror(errno));
		return false;
	}
	local->watched = loop_fd_new(loop, local->inotify, on_event, local);
	local->timer = loop_timer_new(loop, on_time, local);
	local->look = loop_timer_new(loop, on_look, local);
	if (local->watched != NULL && local->timer != NULL && local->look != NULL)
		return true;
	log_say(LOG_ERR, "out of memory");
	return false;
}

struct localdb *localdb_new(struct loop *loop, const char *path, struct mirror *mirror,
    const struct engineclock *clock, const struct localdb_handler *handler, void *arg)
{
	const struct relaydb_options options = { .path = path, .timeout_ms = -1 };
	struct localdb *local = calloc(1, sizeof *local);

	if (local == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	local->inotify = -1;
	local->mirror = mirror;
	local->clock = clock;
	local->handler = handler;
	local->arg = arg;
	local->news = true;
	if (relaydb_open(&local->db, &options) != RELAYDB_OK ||
	    relaydb_batch_new(local->db, &local->batch) != RELAYDB_OK) {
		log_say(LOG_ERR, "cannot prepare for %s", path);
		localdb_free(local);
		return NULL;
	}
	if (watch(local, loop))
		return local;
	localdb_free(local);
	return NULL;
}

void localdb_start(struct localdb *local)
{
	if (local->started)
		return;
	local->started = true;
	if (!loop_fd_want(local->watched, LOOP_READ))
		log_say(LOG_WARNING, "changes of the database are seen after a second");
	on_look(local);
}

void localdb_free(struct localdb *local)
{
	if (local == NULL)
		return;
	loop_fd_free(local->watched);
	loop_timer_free(local->timer);
	loop_timer_free(local->look);
	if (local->inotify >= 0)
		close(local->inotify);
	relaydb_batch_free(&local->batch);
	relaydb_close(&local->db);
	free(local);
}

const struct localdb_tally *localdb_tally(const struct localdb *local)
{
	return &local->tally;
}
