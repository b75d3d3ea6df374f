/* SPDX-License-Identifier: BSD-2-Clause
 *
 * daemon.c - the running popwatch: its start, its rounds, its end, see daemon.h
 *
 * The start, in the order of rights: make the parts and open what root alone
 * may; become the user; enter the sandbox; then what nobody needs rights for,
 * the state and the thread that watches directories.
 * A round: read what the sources have, at most READ_BUDGET of each; commit when
 * that is due; save the state, but only while nothing waits to be committed;
 * signs of life; wait.
 */
#include "daemon.h"
#include "automatic.h"
#include "configured.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "config_paths.h"
#include "inotify.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "parts.h"
#include "reload.h"
#include "sandbox.h"
#include "service.h"
#include "user.h"

#define READ_BUDGET (4u * 1024 * 1024) /* bytes of a source in one round */
#define BATCH_MAX 50000 /* with -o: commit when so many addresses wait, not only at the end */

/* The files are looked at this often, whatever inotify says. */
#define LOOK_MS 1000

/* The journal reports news late on purpose. */
#define LOOK_JOURNAL_MS 250

/* The state is saved at most this often after commits. */
#define SAVE_MS 1000

/* It is saved at most this often when lines came that meant nothing. */
#define SAVE_IDLE_MS 10000

/* The counters are written this often. */
#define STATS_MS 15000

/* What the loop waits for. */
enum { FD_WATCH, FD_PIPE, FD_JOURNAL, FD_SOCKET, FDS };

#define POPWATCH_CAN                                                                               \
	(CAN_REPLACE_FILES | CAN_SET_TIMES | CAN_LOCK_FILES | CAN_WATCH_FILES | CAN_START_THREADS)

struct daemon {
	const struct daemon_options *options;
	struct parts parts;
	struct sandbox sandbox;
	struct loop *loop;
	struct loop_fd *fds[FDS]; /* NULL where there is nothing to wait for */
	bool pipe_ready;
	/* what signals asked for, or the end of standard input */
	bool stop, reload, report;
	int64_t saved_ms, stats_ms; /* when each was last done */
	struct log_once state_broken, stats_broken;
};

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- the state and the counters ---- */

static void save_state(struct daemon *d)
{
	const char *path = d->parts.config->state;

	if (parts_save_state(&d->parts) == 0) {
		if (log_over(&d->state_broken, NULL))
			log_say(LOG_NOTICE, "%s is saved again", path);
	} else if (log_once(&d->state_broken, EIO, 0, 0))
		log_say(LOG_ERR, "cannot save %s, a restart would read lines again: %s", path,
		    strerror(errno));
	d->saved_ms = clock_monotonic_ms();
}

static void write_stats(struct daemon *d)
{
	struct stats stats = parts_stats(&d->parts);
	const char *path = d->parts.config->stats;

	if (*path != '\0')
		log_written(&d->stats_broken, path, stats_write(&stats, path));
}

static void log_stats(const struct daemon *d)
{
	struct stats stats = parts_stats(&d->parts);

	stats_log(&stats);
}

/* ---- a round ---- */

static void keep_cdb(struct parts *parts)
{
	const struct config *config = parts->config;
	const struct cdb_settings settings = { config->cdb, config->cdb_rules, config->database,
		config->window };

	cdb_keep(&parts->cdb, &settings, parts->writer, parts->now, clock_monotonic_ms());
}

static void commit_and_save(struct daemon *d)
{
	struct parts *parts = &d->parts;
	int64_t clock = clock_monotonic_ms();
	bool committed = false;

	if (d->options->once && writer_waiting(parts->writer) < BATCH_MAX)
		return;
	if (writer_due(parts->writer, parts->now, clock) == 0)
		committed = writer_commit(parts->writer, parts->now, clock);
	keep_cdb(parts);
	if (parts->pipe != NULL || writer_pending(parts->writer))
		return;
	if (!parts->moved && !sessions_changed(parts->sessions))
		return;
	if (clock - d->saved_ms >= (committed ? SAVE_MS : SAVE_IDLE_MS))
		save_state(d);
}

static void send_status(const struct daemon *d)
{
	uint64_t logins = d->parts.verdicts[OCCASION_LOGIN][VERDICT_RECORD];
	size_t sessions = sessions_open(d->parts.sessions);

	notify_send("STATUS=%llu login%s recorded, %zu session%s open", (unsigned long long)logins,
	    plural(logins), sessions, plural(sessions));
}

/* What signals asked for. */
static void answer_requests(struct daemon *d)
{
	if (d->reload) {
		notify_send("RELOADING=1");
		reload_config(&d->parts, &d->sandbox, d->options->common.config_file);
		notify_send("READY=1");
		d->reload = false;
	}
	if (d->report) {
		log_stats(d);
		d->report = false;
	}
}

/* Signs of life, and the counters. */
static void show_life(struct daemon *d)
{
	int64_t clock = clock_monotonic_ms();

	notify_alive(clock);
	if (clock - d->stats_ms >= STATS_MS) {
		write_stats(d);
		send_status(d);
		d->stats_ms = clock;
	}
}

/* How long the loop may sleep. */
static int64_t sleep_ms(const struct daemon *d)
{
	const struct parts *parts = &d->parts;
	int64_t due = writer_due(parts->writer, parts->now, clock_monotonic_ms());
	int64_t most = parts->journal != NULL ? LOOK_JOURNAL_MS : LOOK_MS;

	if (notify_watchdog_ms() > 0 && notify_watchdog_ms() / 2 < most)
		most = notify_watchdog_ms() / 2;
	return due >= 0 && due < most ? due : most;
}

/* Of sources that are not read for now the loop would never get rest. */
static void choose_sources(const struct daemon *d)
{
	bool read = !writer_full(d->parts.writer);

	for (int i = FD_PIPE; i < FDS; i++) {
		if (d->fds[i] != NULL)
			loop_fd_want(d->fds[i], read ? LOOP_READ : 0);
	}
}

/* Returns an exit status of sysexits(3). */
static int run_rounds(struct daemon *d)
{
	bool more = true, ended;

	while (!d->stop) {
		choose_sources(d);
		d->pipe_ready = false;
		if (!loop_wait(d->loop, more ? 0 : sleep_ms(d)))
			return EX_OSERR;
		watch_drain();
		more = parts_read(&d->parts, READ_BUDGET, d->pipe_ready, &ended);
		commit_and_save(d);
		answer_requests(d);
		show_life(d);
		if (ended || (d->options->once && !more && d->parts.pipe == NULL))
			d->stop = true;
	}
	return EX_OK;
}

/* Everything that was read is committed and the position saved, or it is read
 * again next time. */
static int finish(struct daemon *d)
{
	struct parts *parts = &d->parts;

	notify_send("STOPPING=1");
	parts_close_socket(parts);
	if (!writer_commit(parts->writer, parts->now, clock_monotonic_ms()))
		return EX_TEMPFAIL;
	parts->cdb.due_ms = 0;
	keep_cdb(parts);
	if (parts->pipe == NULL)
		save_state(d);
	write_stats(d);
	return d->state_broken.cause != 0 ? EX_CANTCREAT : EX_OK;
}

/* ---- the start ---- */

/* Something happened: the round finds out what. */
static void on_ready(int fd, unsigned ready, void *arg)
{
	struct daemon *d = arg;

	(void)ready;
	if (fd == STDIN_FILENO)
		d->pipe_ready = true;
}

static void on_request(enum service_request request, void *arg)
{
	struct daemon *d = arg;

	switch (request) {
	case SERVICE_STOP:
		d->stop = true;
		return;
	case SERVICE_RELOAD:
		d->reload = true;
		return;
	case SERVICE_REPORT:
		d->report = true;
		return;
	}
}

static bool start_loop(struct daemon *d)
{
	/* standard input may be a regular file */
	d->loop = loop_new(d->options->from_stdin);
	return d->loop != NULL && service_signals(d->loop, on_request, d);
}

/* What there may be only once: the state, the process id, the socket, which is
 * bound in place of another's.  Returns a status of sysexits(3). */
static int claim_names(struct daemon *d)
{
	const struct config *config = d->parts.config;
	const char *pid_file =
	    d->options->common.pid_file != NULL ? d->options->common.pid_file : config->pid_file;
	bool from_stdin = d->parts.pipe != NULL;
	int status = service_claim(from_stdin ? NULL : config->state, pid_file, config->user);

	if (status != EX_OK || *config->socket == '\0' || d->options->once || from_stdin)
		return status;
	d->parts.socket =
	    source_socket_new(config->socket, config->socket_users, config->socket_user_count);
	return d->parts.socket != NULL ? EX_OK : EX_CONFIG;
}

static bool add_to_sandbox(const char *setting, enum config_use use, const char *path, void *arg)
{
	struct sandbox *sandbox = arg;

	(void)setting;
	switch (use) {
	case CONFIG_READ_FILE:
		return sandbox_add_directory_of(sandbox, path, false);
	case CONFIG_READ_DIRECTORY:
	case CONFIG_READ_JOURNAL:
		return sandbox_add(sandbox, path, false);
	case CONFIG_WRITE_FILE:
		return sandbox_add_directory_of(sandbox, path, true);
	}
	return true;
}

/* The sandbox lets through what is configured now. */
static bool give_up_rights(struct daemon *d)
{
	const struct config *config = d->parts.config;
	const char *file = d->options->common.config_file;

	d->sandbox.can = POPWATCH_CAN;
	if (!config_paths(config, add_to_sandbox, &d->sandbox) ||
	    (file != NULL && !sandbox_add_directory_of(&d->sandbox, file, false))) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	return user_become(config->user) && sandbox_enter(&d->sandbox);
}

/* Waits for FD, if there is one.  Returns false after logging that it
 * cannot. */
static bool wait_for(struct daemon *d, int which, int fd)
{
	if (fd < 0)
		return true;
	d->fds[which] = loop_fd_new(d->loop, fd, on_ready, d);
	if (d->fds[which] != NULL && loop_fd_want(d->fds[which], LOOP_READ))
		return true;
	log_say(LOG_ERR, "cannot wait for a descriptor");
	return false;
}

static bool start_waiting(struct daemon *d)
{
	const struct parts *parts = &d->parts;
	int watch = -1;

	if (!d->options->once && parts->file_count > 0) {
		/* before the thread waits for the first time */
		reload_watch(parts);
		watch = watch_start();
		if (watch < 0)
			log_say(LOG_WARNING, "inotify cannot be used, looking once a second: %s",
			    strerror(errno));
	}
	return wait_for(d, FD_WATCH, watch) &&
	       wait_for(d, FD_PIPE, parts->pipe != NULL ? STDIN_FILENO : -1) &&
	       wait_for(d, FD_JOURNAL,
		   parts->journal != NULL ? source_journal_fd(parts->journal) : -1) &&
	       wait_for(d, FD_SOCKET, parts->socket != NULL ? source_socket_fd(parts->socket) : -1);
}

/* Returns a status of sysexits(3). */
static int start(struct daemon *d, struct config *config)
{
	struct parts *parts = &d->parts;
	int status;

	/* first what can be wrong with the configuration, while the one who
	 * typed the command still looks */
	if (!parts_make(parts, config, d->options->from_stdin))
		return EX_CONFIG;
	notify_open();
	/* a parent that waits hears of every error from here on */
	if ((d->options->common.detach && !service_detach()) || !start_loop(d))
		return EX_OSERR;
	/* before the state is read, which another popwatch may be writing; and
	 * as root, in whose directories the socket and the pid file may be */
	status = claim_names(d);
	if (status != EX_OK)
		return status;
	if (!give_up_rights(d))
		return EX_OSERR;
	/* from here on hostile bytes are read: the state first */
	if (parts->pipe == NULL)
		parts_load_state(parts);
	if (!start_waiting(d))
		return EX_OSERR;
	d->saved_ms = d->stats_ms = clock_monotonic_ms();
	service_ready();
	notify_send("READY=1\nSTATUS=watching");
	log_say(LOG_NOTICE, "watching %zu log%s%s%s with %s", parts->file_count,
	    plural(parts->file_count), parts->journal != NULL ? ", the journal" : "",
	    parts->socket != NULL ? ", the socket" : "", config->database);
	automatic_report(config, parts->catalogue);
	return EX_OK;
}

static void unmake(struct daemon *d)
{
	watch_stop();
	for (int i = 0; i < FDS; i++)
		loop_fd_free(d->fds[i]);
	loop_free(d->loop);
	sandbox_clear(&d->sandbox);
	parts_unmake(&d->parts);
	notify_close();
}

int daemon_run(struct config *config, const struct daemon_options *options)
{
	struct daemon d = { .options = options };
	int status, end;

	if (config_is_idle(config) && !options->from_stdin) {
		log_say(LOG_ERR, "nothing to watch: expected a log, the journal or a socket in %s",
		    options->common.config_file);
		config_free(config);
		return EX_CONFIG;
	}
	status = start(&d, config);
	if (status == EX_OK) {
		status = run_rounds(&d);
		end = finish(&d);
		status = end != EX_OK ? end : status;
	}
	unmake(&d);
	return status;
}
