/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watcher.c - the running popwatch: joins the stages in one loop, see watcher.h
 *
 * The start: make everything as root that needs root, give up rights, start the thread that watches folders, read.
 * One round: read what the sources have got, at most READ_BUDGET of each; commit when it is due; save the state, but only
 * while nothing waits to be committed, so that a position never covers a login that is not in the database; wait.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "catalogue.h"
#include "doubt.h"
#include "list.h"
#include "gateway.h"
#include "log.h"
#include "notify.h"
#include "pipeline.h"
#include "policy.h"
#include "sandbox.h"
#include "service.h"
#include "session.h"
#include "source_file.h"
#include "source_journal.h"
#include "source_pipe.h"
#include "source_socket.h"
#include "state.h"
#include "stats.h"
#include "user.h"
#include "watch.h"
#include "watcher.h"
#include "writer.h"

#define READ_BUDGET (4u * 1024 * 1024) /* bytes of a source in one round */
#define LOOK_MS 1000 /* look at the files this often, whatever inotify says, */
#define LOOK_JOURNAL_MS 250 /* and at the journal, which tells of news late on purpose */
#define SAVE_MS 1000 /* the state is saved at most this often after commits, */
#define SAVE_IDLE_MS 10000 /* and this often when lines came that said nothing */
#define SESSION_LIMIT 65536
#define SUSPECT_EVERY 60 /* seconds between two warnings of one kind */
#define STATS_MS 15000 /* the counters are written this often */
#define BATCH_MAX 50000 /* with -o: commit when so many addresses wait, not only at the end */

struct watcher {
	const struct watcher_options *options;
	struct config *config;
	struct catalogue *catalogue;
	struct sessions *sessions;
	struct doubts *doubts;
	struct pipeline pipeline;
	struct policy *policy;
	struct gateways gateways;
	struct writer *writer;
	struct source_file **files;
	size_t file_count;
	struct source_pipe *pipe;
	struct source_journal *journal;
	struct source_socket *socket;
	struct sandbox sandbox;
	struct state state; /* while it is read */
	struct source_file *reading; /* whose line is on its way */
	int watch_fd;
	int signal_fd;
	bool stop;
	bool reload;
	bool tell;
	bool moved; /* lines were read since the state was saved */
	bool state_broken; /* it could not be saved, and that was said */
	int64_t saved_ms;
	bool stats_broken;
	int64_t stats_ms;
	int64_t sign_ms; /* of life, to the service manager */
	int64_t swept; /* by the clock of stamps */
	uint64_t verdicts[OCCASIONS][VERDICTS];
	struct log_limit suspect;
	int64_t now; /* the clock of this round */
};

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* ---- events ---- */

/* Of an address that stands for everybody, once. */
static void warn_of_gateway(struct watcher *w, const char *address)
{
	struct gateway *gateway = gateways_find(&w->gateways, address);
	char text[LOG_MESSAGE_MAX];

	if (gateway == NULL || gateway->said)
		return;
	gateway->said = true;
	gateway_warning(gateway, text, sizeof text);
	log_say(LOG_WARNING, "%s", text);
}

/* Records a login if the policy lets it; the refresh of an open connection is due though it was recorded not long ago. */
static void record(struct watcher *w, const struct login *login, enum occasion occasion)
{
	enum verdict verdict = policy_judge(w->policy, login->address, login->when, w->now);

	if (occasion == OCCASION_REFRESH && verdict == VERDICT_RECENT)
		verdict = VERDICT_RECORD;
	w->verdicts[occasion][verdict]++;
	if (verdict != VERDICT_RECORD)
		return;
	warn_of_gateway(w, login->address);
	if (writer_record(w->writer, login))
		policy_note(w->policy, login->address, login->when);
}

static void take_event(const struct event *event, void *arg)
{
	struct watcher *w = arg;
	struct login login = { .address = event->address, .when = event->when };

	if (*event->address == '\0' || (event->role != ROLE_LOGIN && event->role != ROLE_LOGOUT))
		return;
	if (event->role == ROLE_LOGIN) {
		login.server = event->server->name;
		login.user = event->captures->user;
		login.session = event->captures->session;
	}
	record(w, &login, event->role == ROLE_LOGIN ? OCCASION_LOGIN : OCCASION_LOGOUT);
}

static void suspect(const char *what, const struct header *header, void *arg)
{
	struct watcher *w = arg;
	unsigned long kept;

	if (log_due(&w->suspect, w->now, SUSPECT_EVERY, &kept))
		log_say(LOG_WARNING, "suspicious: %s (host %.*s, tag %.*s; %lu like it before): %.*s", what,
		    (int)header->host.size, header->host.text, (int)header->tag.size, header->tag.text, kept,
		    header->message.size > 200 ? 200 : (int)header->message.size, header->message.text);
}

static void take_line(const char *text, size_t size, bool cut, void *arg)
{
	struct watcher *w = arg;
	struct line line = { .text = text, .size = size, .cut = cut };

	line.source = w->reading != NULL ? source_file_path(w->reading) : "-";
	line.formats = w->reading != NULL ? source_file_formats(w->reading) : w->config->formats;
	line.latest = w->reading != NULL ? source_file_latest(w->reading) : 0;
	w->moved = true;
	pipeline_line(&w->pipeline, &line, w->now);
}

static void take_entry(const struct header *header, int64_t when, void *arg)
{
	struct watcher *w = arg;

	w->moved = true;
	pipeline_entry(&w->pipeline, JOURNAL_SOURCE, header, when, source_journal_admits, w->journal);
}

/* A login that a hook hands over has happened just now. */
static void take_datagram(const char *text, const char *user, const char *service, void *arg)
{
	struct watcher *w = arg;
	char address[RELAYDB_ADDRSTRLEN];
	struct login login = { .address = address,
		.when = w->now,
		.server = "socket",
		.user = { user, strlen(user) },
		.session = { service, strlen(service) } };

	if (relaydb_address(text, address) == RELAYDB_OK)
		record(w, &login, OCCASION_LOGIN);
}

static void take_open(const char *address, void *arg)
{
	struct watcher *w = arg;
	struct login login = { .address = address, .when = w->now };

	record(w, &login, OCCASION_REFRESH);
}

/* Open connections keep their addresses fresh, but only when all is read: the logout may be in the next line. */
static void refresh_sessions(struct watcher *w)
{
	int64_t sweep = sessions_sweep_every(w->config->window);
	int64_t every = sessions_refresh_every(w->config->window, w->config->refresh);

	if (w->now >= w->swept && w->now - w->swept < sweep)
		return;
	w->swept = w->now;
	sessions_sweep(w->sessions, w->now);
	sessions_refresh(w->sessions, w->now, every, take_open, w);
}

/* ---- the state ---- */

static void fill_state(FILE *out, void *arg)
{
	struct watcher *w = arg;
	size_t i;

	for (i = 0; i < w->file_count; i++)
		source_file_save(w->files[i], out);
	if (w->journal != NULL)
		source_journal_save(w->journal, out);
	sessions_save(w->sessions, out);
	doubts_save(w->doubts, out);
}

/* Only while nothing waits to be committed. */
static void save_state(struct watcher *w)
{
	if (state_save(w->config->state, w->now, fill_state, w) == 0) {
		if (w->state_broken)
			log_say(LOG_NOTICE, "%s is saved again", w->config->state);
		w->state_broken = false;
		w->moved = false;
	} else if (!w->state_broken) {
		w->state_broken = true;
		log_say(LOG_ERR, "cannot save %s, a restart would read lines again: %s", w->config->state, strerror(errno));
	}
	w->saved_ms = clock_ms();
}

static bool take_state(const char *word, const char *rest, void *arg)
{
	struct watcher *w = arg;
	struct file_position position;
	size_t i;

	if (strcmp(word, "session") == 0)
		return sessions_restore(w->state.trial ? NULL : w->sessions, rest);
	if (strcmp(word, "doubt") == 0)
		return doubts_restore(w->state.trial ? NULL : w->doubts, rest);
	if (strcmp(word, "file") == 0) {
		if (!source_file_parse(rest, &position))
			return false;
		for (i = 0; !w->state.trial && i < w->file_count; i++) {
			if (strcmp(source_file_path(w->files[i]), position.path) == 0)
				source_file_known(w->files[i], &position);
		}
	}
	if (strcmp(word, "journal") == 0 && w->journal != NULL && !w->state.trial && !source_journal_restore(w->journal, rest))
		log_say(LOG_WARNING, "the journal has no such place any more, reading what it has of the last %lld seconds",
		    (long long)w->config->window);
	return true; /* of a source that is no longer configured, or of a later version */
}

/* ---- making ---- */

static void say_mistake(const char *sentence, void *arg)
{
	(void)arg;
	log_say(LOG_ERR, "%s", sentence);
}

static struct policy *make_policy(const struct config *config)
{
	struct policy *policy = policy_new(config->window, config->refresh);
	size_t i;

	for (i = 0; policy != NULL && i < config->ignore_count; i++) {
		if (!policy_ignore(policy, &config->ignore[i])) {
			policy_free(policy);
			return NULL;
		}
	}
	return policy;
}

static bool make_sources(struct watcher *w, int64_t since)
{
	const struct config *config = w->config;
	size_t i;

	if (w->options->from_stdin)
		return (w->pipe = source_pipe_new(STDIN_FILENO)) != NULL;
	if ((w->files = calloc(config->log_count + 1, sizeof(struct source_file *))) == NULL)
		return false;
	for (i = 0; i < config->log_count; i++) {
		w->files[i] = source_file_new(config->logs[i].path, config->logs[i].formats, since);
		if (w->files[i] == NULL)
			return false;
		w->file_count++;
	}
	if (strcmp(config->journal, "no") != 0) {
		w->journal = source_journal_new(strcmp(config->journal, "yes") == 0 ? NULL : config->journal,
		    w->catalogue, since, config->log_count == 0);
		if (w->journal == NULL)
			return false;
	}
	return true;
}

static void load_state(struct watcher *w)
{
	const char *error;

	if (state_load(w->config->state, &w->state, take_state, w, &error)) {
		if (!w->state.same_boot)
			sessions_forget(w->sessions, state_boot_time(w->now));
		sessions_limit(w->sessions, catalogue_servers(w->catalogue));
		return;
	}
	if (error != NULL)
		log_say(LOG_WARNING, "%s: %s; reading what the logs have of the last %lld seconds", w->config->state, error,
		    (long long)w->config->window);
}

static bool make(struct watcher *w)
{
	struct conf_errors errors = { .tell = say_mistake };

	w->now = time(NULL);
	w->catalogue = config_catalogue(w->config, &errors);
	if (w->catalogue == NULL)
		return false;
	w->sessions = sessions_new(SESSION_LIMIT, w->config->join_max, w->config->session_max);
	w->doubts = doubts_new();
	w->policy = make_policy(w->config);
	gateways_open(&w->gateways);
	w->writer = writer_new(w->config->database, w->config->commit_interval * 1000, w->config->expire);
	if (w->sessions == NULL || w->doubts == NULL || w->policy == NULL || w->writer == NULL ||
	    !make_sources(w, w->now - w->config->window)) {
		log_say(LOG_ERR, "cannot start");
		return false;
	}
	w->pipeline = (struct pipeline){ .catalogue = w->catalogue,
		.sessions = w->sessions,
		.doubts = w->doubts,
		.take = take_event,
		.suspect = suspect,
		.arg = w };
	return true;
}

/* ---- rights ---- */

static void add_folder(const char *folder, const char *prefix, void *arg)
{
	(void)prefix;
	sandbox_add(arg, folder, false);
}

/* What the sandbox lets through: everything that is configured now. */
static bool list_rights(struct watcher *w)
{
	const struct config *config = w->config;
	char *const *folder;
	bool done =
	    sandbox_add_directory_of(&w->sandbox, config->database, true) && sandbox_add_directory_of(&w->sandbox, config->state, true);
	size_t i;

	for (i = 0; i < w->file_count; i++)
		source_file_folders(w->files[i], add_folder, &w->sandbox);
	for (folder = config->definitions; done && folder != NULL && *folder != NULL; folder++)
		done = sandbox_add(&w->sandbox, *folder, false);
	if (done && w->options->config_file != NULL)
		done = sandbox_add_directory_of(&w->sandbox, w->options->config_file, false);
	if (done && *config->stats != '\0')
		done = sandbox_add_directory_of(&w->sandbox, config->stats, true);
	if (done && strcmp(config->journal, "yes") == 0)
		done = sandbox_add(&w->sandbox, "/var/log/journal", false) && sandbox_add(&w->sandbox, "/run/log/journal", false);
	else if (done && strcmp(config->journal, "no") != 0)
		done = sandbox_add(&w->sandbox, config->journal, false);
	return done;
}

static bool give_up_rights(struct watcher *w)
{
	if (!list_rights(w)) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	return user_become(w->config->user) && sandbox_enter(&w->sandbox);
}

static void unmake(struct watcher *w)
{
	size_t i;

	watch_stop();
	for (i = 0; i < w->file_count; i++)
		source_file_free(w->files[i]);
	free(w->files);
	source_journal_free(w->journal);
	source_socket_free(w->socket);
	sandbox_clear(&w->sandbox);
	source_pipe_free(w->pipe);
	writer_free(w->writer);
	policy_free(w->policy);
	doubts_free(w->doubts);
	gateways_close(&w->gateways);
	sessions_free(w->sessions);
	catalogue_free(w->catalogue);
	if (w->signal_fd >= 0)
		close(w->signal_fd);
	config_free(w->config);
}

static void watch_folder(const char *folder, const char *prefix, void *arg)
{
	(void)arg;
	watch_add(folder, prefix);
}

static void start_watch(struct watcher *w)
{
	size_t i;

	if (w->options->once || w->file_count == 0)
		return;
	/* before the thread waits for the first time */
	for (i = 0; i < w->file_count; i++)
		source_file_folders(w->files[i], watch_folder, NULL);
	if ((w->watch_fd = watch_start()) < 0)
		log_say(LOG_WARNING, "inotify cannot be used, looking once a second: %s", strerror(errno));
}

static bool start_signals(struct watcher *w)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	return (w->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) >= 0;
}

/* ---- HUP ---- */

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* What cannot be changed without root, or without the sandbox being another one. */
static const char *needs_restart(const struct watcher *w, const struct config *new)
{
	const struct config *old = w->config;
	size_t i;

	if (!same(old->database, new->database))
		return "database";
	if (!same(old->state, new->state))
		return "state";
	if (!same(old->journal, new->journal))
		return "journal";
	if (!same(old->socket, new->socket))
		return "socket";
	/* the socket has a mode for root alone, or one for others too */
	if (w->socket != NULL && old->socket_user_count == 0 && new->socket_user_count > 0)
		return "socket-users";
	if (!same(old->user, new->user))
		return "user";
	if (*new->stats != '\0' && !sandbox_allows(&w->sandbox, new->stats, true))
		return "stats-file";
	for (i = 0; i < new->log_count; i++) {
		if (!sandbox_allows(&w->sandbox, new->logs[i].path, false))
			return "log";
	}
	for (i = 0; new->definitions != NULL &&new->definitions[i] != NULL; i++) {
		if (!sandbox_allows(&w->sandbox, new->definitions[i], false))
			return "definitions";
	}
	return NULL;
}

/* The sources of the new configuration, those that stay taken over from the old ones.  Returns false without memory. */
static bool take_over_files(struct watcher *w, const struct config *config)
{
	struct source_file **files = calloc(config->log_count + 1, sizeof(struct source_file *));
	size_t i, j;

	for (i = 0; files != NULL && i < config->log_count; i++) {
		for (j = 0; j < w->file_count; j++) {
			if (w->files[j] != NULL && same(source_file_path(w->files[j]), config->logs[i].path)) {
				files[i] = w->files[j];
				w->files[j] = NULL;
				source_file_set_formats(files[i], config->logs[i].formats);
			}
		}
		if (files[i] == NULL)
			files[i] = source_file_new(config->logs[i].path, config->logs[i].formats, w->now - config->window);
	}
	for (j = 0; j < w->file_count; j++)
		source_file_free(w->files[j]);
	free(w->files);
	w->files = files;
	w->file_count = 0;
	while (files != NULL && w->file_count < config->log_count && files[w->file_count] != NULL)
		w->file_count++;
	return files != NULL && w->file_count == config->log_count;
}

static void keep_tallies(const struct catalogue *old, const struct catalogue *new)
{
	const struct server *from;
	struct server *to;

	for (from = catalogue_servers(old); from != NULL; from = from->next) {
		for (to = catalogue_servers(new); to != NULL; to = to->next) {
			if (same(from->name, to->name))
				to->tally = from->tally;
		}
	}
}

static void use(struct watcher *w, struct config *config, struct catalogue *catalogue, struct policy *policy)
{
	size_t i;

	keep_tallies(w->catalogue, catalogue);
	catalogue_free(w->catalogue);
	policy_free(w->policy);
	w->catalogue = w->pipeline.catalogue = catalogue;
	w->policy = policy;
	gateways_refresh(&w->gateways);
	sessions_configure(w->sessions, config->join_max, config->session_max);
	sessions_limit(w->sessions, catalogue_servers(catalogue));
	writer_configure(w->writer, config->commit_interval * 1000, config->expire);
	if (w->socket != NULL)
		source_socket_configure(w->socket, config->socket_users, config->socket_user_count);
	if (w->pipe == NULL && !take_over_files(w, config))
		log_say(LOG_ERR, "out of memory: some logs are not followed");
	watch_clear();
	for (i = 0; i < w->file_count; i++)
		source_file_folders(w->files[i], watch_folder, NULL);
	config_free(w->config);
	w->config = config;
}

static void reload(struct watcher *w)
{
	struct conf_errors errors = { .tell = say_mistake };
	struct config *config = config_reload(w->options->config_file, w->config, &errors);
	struct catalogue *catalogue = NULL;
	struct policy *policy = NULL;
	const char *obstacle = config != NULL ? needs_restart(w, config) : NULL;

	if (obstacle != NULL)
		log_say(LOG_ERR, "restart needed for the new value of '%s'", obstacle);
	else if (config != NULL)
		catalogue = config_catalogue(config, &errors);
	if (catalogue != NULL)
		policy = make_policy(config);
	if (policy != NULL && w->journal != NULL && !source_journal_configure(w->journal, catalogue)) {
		source_journal_configure(w->journal, w->catalogue);
		policy_free(policy);
		policy = NULL;
	}
	if (policy != NULL) {
		use(w, config, catalogue, policy);
		log_say(LOG_NOTICE, "using the new configuration");
		return;
	}
	catalogue_free(catalogue);
	config_free(config);
	log_say(LOG_ERR, "keeping the old configuration");
}

/* ---- the counters ---- */

static struct stats gather(const struct watcher *w)
{
	struct stats stats = { .catalogue = w->catalogue,
		.lines = &w->pipeline.tally,
		.verdicts = w->verdicts,
		.writer = writer_tally(w->writer),
		.socket = w->socket != NULL ? source_socket_tally(w->socket) : NULL,
		.sessions = sessions_count(w->sessions),
		.sessions_dropped = sessions_dropped(w->sessions) };
	size_t i;

	for (i = 0; i < w->file_count; i++)
		stats.files_open += source_file_open(w->files[i]);
	return stats;
}

static void write_stats(struct watcher *w)
{
	struct stats stats = gather(w);

	if (*w->config->stats == '\0')
		return;
	w->stats_ms = clock_ms();
	if (stats_write(&stats, w->config->stats) == 0)
		w->stats_broken = false;
	else if (!w->stats_broken) {
		w->stats_broken = true;
		log_say(LOG_ERR, "cannot write %s: %s", w->config->stats, strerror(errno));
	}
}

/* ---- the loop ---- */

static void take_signals(struct watcher *w)
{
	struct signalfd_siginfo info;

	while (read(w->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			w->reload = true;
		else if (info.ssi_signo == SIGUSR1)
			w->tell = true;
		else
			w->stop = true;
	}
}

/* Returns true when there is more to read at once.  While a full writer cannot commit nothing is read: what is not read waits in the
 * logs, positions are not saved, and memory stays bounded. */
static bool read_sources(struct watcher *w, bool pipe_ready)
{
	bool more = false;
	size_t i;

	w->now = time(NULL);
	if (writer_full(w->writer))
		return false;
	for (i = 0; i < w->file_count; i++) {
		w->reading = w->files[i];
		more |= source_file_read(w->files[i], READ_BUDGET, w->now, clock_ms(), take_line, w);
	}
	w->reading = NULL;
	if (w->journal != NULL)
		more |= source_journal_read(w->journal, READ_BUDGET, w->now, take_entry, w);
	if (w->socket != NULL)
		source_socket_read(w->socket, w->now, take_datagram, w);
	if (w->pipe != NULL && pipe_ready && !source_pipe_read(w->pipe, take_line, w))
		w->stop = true;
	if (!more)
		refresh_sessions(w);
	return more;
}

static void commit_and_save(struct watcher *w)
{
	int64_t clock = clock_ms();
	bool committed = false;

	if (w->options->once && writer_waiting(w->writer) < BATCH_MAX)
		return;
	if (writer_due(w->writer, w->now, clock) == 0)
		committed = writer_commit(w->writer, w->now, clock);
	if (w->pipe != NULL || writer_pending(w->writer) || (!w->moved && !sessions_changed(w->sessions)))
		return;
	if (clock - w->saved_ms >= (committed ? SAVE_MS : SAVE_IDLE_MS))
		save_state(w);
}

static void tell_status(const struct watcher *w)
{
	uint64_t logins = w->verdicts[OCCASION_LOGIN][VERDICT_RECORD];
	size_t sessions = sessions_count(w->sessions);

	notify_send("STATUS=%llu login%s recorded, %zu session%s open", (unsigned long long)logins, plural(logins), sessions,
	    plural(sessions));
}

/* Signs of life, counters, what signals asked for. */
static void do_chores(struct watcher *w)
{
	int64_t clock = clock_ms(), every = notify_watchdog_ms();
	struct stats stats;

	if (w->reload) {
		notify_send("RELOADING=1");
		reload(w);
		notify_send("READY=1");
		w->reload = false;
	}
	if (w->tell) {
		stats = gather(w);
		stats_log(&stats);
		w->tell = false;
	}
	if (every > 0 && clock - w->sign_ms >= every / 2) {
		notify_send("WATCHDOG=1");
		w->sign_ms = clock;
	}
	if (clock - w->stats_ms >= STATS_MS) {
		write_stats(w);
		tell_status(w);
		w->stats_ms = clock;
	}
}

/* How long the loop may sleep. */
static int sleep_ms(const struct watcher *w)
{
	int64_t due = writer_due(w->writer, w->now, clock_ms()), most = w->journal != NULL ? LOOK_JOURNAL_MS : LOOK_MS;

	if (notify_watchdog_ms() > 0 && notify_watchdog_ms() / 2 < most)
		most = notify_watchdog_ms() / 2;
	return due >= 0 && due < most ? (int)due : (int)most;
}

enum { FD_SIGNAL, FD_WATCH, FD_PIPE, FD_JOURNAL, FD_SOCKET, FDS };

/* What the loop waits for; of sources that are not read for now it would never get rest. */
static void choose_fds(const struct watcher *w, struct pollfd fds[FDS])
{
	bool read = !writer_full(w->writer);
	int i;

	fds[FD_SIGNAL].fd = w->signal_fd;
	fds[FD_WATCH].fd = w->watch_fd;
	fds[FD_PIPE].fd = read && w->pipe != NULL ? STDIN_FILENO : -1;
	fds[FD_JOURNAL].fd = read && w->journal != NULL ? source_journal_fd(w->journal) : -1;
	fds[FD_SOCKET].fd = read && w->socket != NULL ? source_socket_fd(w->socket) : -1;
	for (i = 0; i < FDS; i++) {
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
}

static void loop(struct watcher *w)
{
	struct pollfd fds[FDS];
	bool more = true;

	while (!w->stop) {
		choose_fds(w, fds);
		if (poll(fds, FDS, more ? 0 : sleep_ms(w)) < 0 && errno != EINTR) {
			log_say(LOG_CRIT, "poll: %s", strerror(errno));
			return;
		}
		take_signals(w);
		watch_drain();
		more = read_sources(w, (fds[FD_PIPE].revents & (POLLIN | POLLHUP | POLLERR)) != 0);
		commit_and_save(w);
		do_chores(w);
		if (w->options->once && !more && w->pipe == NULL)
			w->stop = true;
	}
}

/* Everything that was read is committed and the position saved, or it is read again next time. */
static int finish(struct watcher *w)
{
	notify_send("STOPPING=1");
	if (!writer_commit(w->writer, w->now, clock_ms()))
		return EX_TEMPFAIL;
	if (w->pipe == NULL)
		save_state(w);
	write_stats(w);
	return w->state_broken ? EX_CANTCREAT : EX_OK;
}

/* What there may be only once: the state, the process id, the socket, which is bound in place of another's. */
static int claim(struct watcher *w)
{
	const struct config *config = w->config;
	const char *pid_file = w->options->pid_file != NULL ? w->options->pid_file : config->pid_file;
	int status = EX_OK;

	if (w->pipe == NULL)
		status = service_lock(config->state, config->user);
	if (status == EX_OK && *pid_file != '\0')
		status = service_pid_file(pid_file, config->user);
	if (status != EX_OK || *config->socket == '\0' || w->options->once || w->pipe != NULL)
		return status;
	w->socket = source_socket_new(config->socket, config->socket_users, config->socket_user_count);
	return w->socket != NULL ? EX_OK : EX_CONFIG;
}

/* In the order of rights: what needs root comes before, what needs the folders' watch after.  Returns a status of sysexits(3). */
static int start(struct watcher *w)
{
	int status;

	notify_open();
	if ((w->options->detach && !service_detach()) || !start_signals(w))
		return EX_OSERR;
	if ((status = claim(w)) != EX_OK)
		return status;
	if (!give_up_rights(w))
		return EX_OSERR;
	if (w->pipe == NULL)
		load_state(w);
	start_watch(w);
	w->saved_ms = w->stats_ms = clock_ms();
	service_ready();
	notify_send("READY=1\nSTATUS=watching");
	log_say(LOG_NOTICE, "watching %zu log%s%s%s with %s", w->file_count, plural(w->file_count),
	    w->journal != NULL ? ", the journal" : "", w->socket != NULL ? ", the socket" : "", w->config->database);
	return EX_OK;
}

int watcher_run(struct config *config, const struct watcher_options *options)
{
	struct watcher w = { .options = options, .config = config, .watch_fd = -1, .signal_fd = -1,
		.sandbox = { .can = CAN_REPLACE_FILES | CAN_LOCK_FILES | CAN_WATCH_FILES | CAN_START_THREADS } };
	int status = EX_CONFIG;

	if (config->log_count == 0 && same(config->journal, "no") && *config->socket == '\0' && !options->from_stdin)
		log_say(LOG_ERR, "nothing to watch: expected a log, the journal or a socket in %s", options->config_file);
	else if (make(&w) && (status = start(&w)) == EX_OK) {
		loop(&w);
		status = finish(&w);
	}
	unmake(&w);
	notify_close();
	return status;
}
