/* SPDX-License-Identifier: BSD-2-Clause
 *
 * database.c - who has logged in, for sessions that must not wait, see
 * database.h
 *
 * What both threads touch is in struct exchange, under its mutex; the mutex is
 * held for a few assignments, never for a copy.
 */
#include "database.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "entries.h"
#include "log.h"
#include "loop.h"
#include "relaydb.h"
#include "thread.h"

#define LOOK_MS 100 /* between two looks at the files that nobody asked for */
/* after a copy the thread rests for as long as it took, within these two */
#define REST_MS 5
#define REST_MAX_MS 2000
#define COMPLAIN_S 3600
#define STACK_SIZE (1024 * 1024)
#define LOCK_MS 2000 /* how long a copy waits for a lock */

/* What one reading gave. */
struct reading {
	struct entries *copy;
	struct entries_stamp stamp; /* of the files before they were read */
	bool settled;
	int code;
	char error[LOG_MESSAGE_MAX];
};

struct database {
	struct loop *loop;
	char *path;
	void (*on_copy)(void *arg);
	void *arg;
	int wake; /* eventfd: a reading is there */
	struct loop_fd *watched;
	struct log_once complaint;
	/* the loop's: what sessions are answered by */
	struct reading now;
	int64_t window;
	struct database_counts counts;
	/* the thread's */
	pthread_t thread;
	bool started;
	struct relaydb *handle;
	/* of both */
	pthread_mutex_t mutex;
	pthread_cond_t asked;
	bool stop, ask, has_new;
	int64_t new_window;
	struct reading new;
};

/* ---- the thread ---- */

static void deadline_in(int64_t ms, struct timespec *at)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_sec += (time_t)(ms / 1000);
	at->tv_nsec += (long)(ms % 1000) * 1000000;
	if (at->tv_nsec >= 1000000000) {
		at->tv_nsec -= 1000000000;
		at->tv_sec++;
	}
}

/* A lock or a lack of memory passes, and the files do not show when; a database
 * that is damaged, or closed to us, says nothing any more. */
static bool passes(int code)
{
	return code == RELAYDB_LOCKED || code == RELAYDB_NOMEM;
}

static void read_now(struct database *database, int64_t window, struct reading *reading)
{
	struct timespec clock;
	const char *why;

	entries_look(database->path, &reading->stamp);
	clock_gettime(CLOCK_REALTIME_COARSE, &clock);
	reading->code =
	    entries_read(database->handle, (int64_t)clock.tv_sec - window - 60, &reading->copy);
	reading->settled = !passes(reading->code) && entries_settled(&reading->stamp, &clock);
	reading->error[0] = '\0';
	if (reading->code == RELAYDB_OK)
		return;
	/* the copy's own memory is not the handle's concern */
	why = relaydb_error(database->handle);
	snprintf(reading->error, sizeof reading->error, "%s",
	    *why != '\0' ? why : relaydb_strcode(reading->code));
}

/* Hands READING to the loop, in place of one that it has not taken yet. */
static void hand_over(struct database *database, const struct reading *reading)
{
	const uint64_t one = 1;
	struct entries *unused = NULL;

	pthread_mutex_lock(&database->mutex);
	if (database->has_new)
		unused = database->new.copy;
	database->new = *reading;
	database->has_new = true;
	pthread_mutex_unlock(&database->mutex);
	entries_free(unused);
	if (write(database->wake, &one, sizeof one) < 0)
		return; /* it is full: the loop will look */
}

/* Waits for MS; if EARLY, no longer than until somebody asks.  Returns false
 * when the thread is to end. */
static bool rest(struct database *database, int64_t ms, bool early, int64_t *window)
{
	struct timespec until;
	bool goes_on;

	deadline_in(ms, &until);
	pthread_mutex_lock(&database->mutex);
	while (!database->stop && !(early && database->ask)) {
		if (pthread_cond_timedwait(&database->asked, &database->mutex, &until) == ETIMEDOUT)
			break;
	}
	goes_on = !database->stop;
	if (early)
		database->ask = false;
	*window = database->new_window;
	pthread_mutex_unlock(&database->mutex);
	return goes_on;
}

static void *copy_changes(void *arg)
{
	struct database *database = arg;
	struct reading last = { .settled = false, .code = -1 };
	struct entries_stamp stamp;
	int64_t window, read_with = -1, begun, pause;

	while (rest(database, last.code < 0 ? 0 : LOOK_MS, true, &window)) {
		entries_look(database->path, &stamp);
		if (last.settled && read_with == window && entries_same(&stamp, &last.stamp))
			continue;
		begun = clock_monotonic_ms();
		read_now(database, window, &last);
		read_with = window;
		hand_over(database, &last);
		pause = clock_monotonic_ms() - begun;
		if (pause < REST_MS)
			pause = REST_MS;
		if (pause > REST_MAX_MS)
			pause = REST_MAX_MS;
		if (!rest(database, pause, false, &window))
			break;
	}
	return NULL;
}

/* ---- the loop ---- */

static void complain(struct database *database, const struct reading *reading)
{
	bool good = reading->code == RELAYDB_OK;

	if (good && log_over(&database->complaint, NULL))
		log_say(LOG_NOTICE, "%s can be read again", database->path);
	if (good)
		return;
	if (log_once(&database->complaint, reading->code, (int64_t)time(NULL), COMPLAIN_S))
		log_say(
		    reading->code == RELAYDB_NOFILE ? LOG_WARNING : LOG_ERR, "%s", reading->error);
}

static void take_over(struct database *database, struct reading *reading)
{
	complain(database, reading);
	if (reading->code != RELAYDB_OK && reading->code != RELAYDB_NOFILE)
		database->counts.failures++;
	if (passes(reading->code) && database->now.copy != NULL) {
		database->now.settled = false;
	} else {
		entries_free(database->now.copy);
		database->now = *reading;
	}
	database->counts.copies += reading->code == RELAYDB_OK;
	database->counts.entries =
	    database->now.copy != NULL ? entries_count(database->now.copy) : 0;
	database->counts.readable = reading->code == RELAYDB_OK || reading->code == RELAYDB_NOFILE;
}

static void on_wake(int fd, unsigned ready, void *arg)
{
	struct database *database = arg;
	struct reading reading;
	uint64_t count;
	bool got;

	(void)ready;
	if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&database->mutex);
	got = database->has_new;
	reading = database->new;
	database->has_new = false;
	pthread_mutex_unlock(&database->mutex);
	if (!got)
		return;
	take_over(database, &reading);
	database->on_copy(database->arg);
}

static void ask_thread(struct database *database)
{
	pthread_mutex_lock(&database->mutex);
	database->ask = true;
	pthread_cond_signal(&database->asked);
	pthread_mutex_unlock(&database->mutex);
}

/* What the copy says, whether it is the latest or not. */
static enum rules_answer look_up(
    const struct database *database, const struct ipnet *net, int64_t now)
{
	const struct entries *copy = database->now.copy;

	if (copy == NULL)
		return database->now.code == RELAYDB_NOFILE ? RULES_NO : RULES_UNKNOWN;
	return entries_has(copy, net, now, database->window) ? RULES_YES : RULES_NO;
}

enum rules_answer database_entry(
    struct database *database, const char *address, int64_t now, int64_t since_ms, int64_t clock_ms)
{
	struct entries_stamp stamp;
	enum rules_answer answer;
	struct ipnet net;

	if (strchr(address, '/') != NULL || !ipnet_parse(address, &net))
		return RULES_NO;
	answer = look_up(database, &net, now);
	entries_look(database->path, &stamp);
	if (database->now.settled && entries_same(&stamp, &database->now.stamp))
		return answer;
	ask_thread(database);
	if (clock_ms - since_ms < DATABASE_FRESH_MS)
		return RULES_PENDING;
	return answer == RULES_NO ? RULES_UNKNOWN : answer;
}

struct database_counts database_counts(const struct database *database)
{
	return database->counts;
}

void database_configure(struct database *database, int64_t window)
{
	if (database->window == window)
		return;
	/* entries that the copy lacks may count now */
	if (window > database->window)
		database->now.settled = false;
	database->window = window;
	pthread_mutex_lock(&database->mutex);
	database->new_window = window;
	pthread_mutex_unlock(&database->mutex);
}

/* ---- making ---- */

struct database *database_new(
    struct loop *loop, const char *path, int64_t window, void (*on_copy)(void *arg), void *arg)
{
	const struct relaydb_options options = { .path = path, .timeout_ms = LOCK_MS };
	struct database *database = calloc(1, sizeof *database);
	pthread_condattr_t monotonic;

	if (database != NULL)
		database->path = strdup(path);
	if (database == NULL || database->path == NULL ||
	    relaydb_open(&database->handle, &options) != RELAYDB_OK) {
		log_say(LOG_ERR, "cannot prepare for %s", path);
		if (database != NULL)
			free(database->path);
		free(database);
		return NULL;
	}
	database->loop = loop;
	database->on_copy = on_copy;
	database->arg = arg;
	database->window = database->new_window = window;
	database->now.code = RELAYDB_LOCKED;
	database->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&database->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&database->asked, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (database->wake >= 0)
		database->watched = loop_fd_new(loop, database->wake, on_wake, database);
	if (database->watched != NULL && loop_fd_want(database->watched, LOOP_READ))
		return database;
	log_say(LOG_ERR, "cannot prepare for %s: %s", path, strerror(errno));
	database_free(database);
	return NULL;
}

bool database_start(struct database *database)
{
	int error = thread_start(&database->thread, STACK_SIZE, copy_changes, database);

	database->started = error == 0;
	if (error != 0)
		log_say(LOG_ERR, "cannot start a thread: %s", strerror(error));
	return error == 0;
}

void database_free(struct database *database)
{
	if (database == NULL)
		return;
	if (database->started) {
		pthread_mutex_lock(&database->mutex);
		database->stop = true;
		pthread_cond_signal(&database->asked);
		pthread_mutex_unlock(&database->mutex);
		pthread_join(database->thread, NULL);
	}
	if (database->has_new)
		entries_free(database->new.copy);
	entries_free(database->now.copy);
	loop_fd_free(database->watched);
	if (database->wake >= 0)
		close(database->wake);
	pthread_cond_destroy(&database->asked);
	pthread_mutex_destroy(&database->mutex);
	relaydb_close(&database->handle);
	free(database->path);
	free(database);
}
