/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watcher.c - the running popwatch: joins the stages in one loop, see watcher.h
 *
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
#include "log.h"
#include "pipeline.h"
#include "policy.h"
#include "session.h"
#include "source_file.h"
#include "source_pipe.h"
#include "state.h"
#include "watch.h"
#include "watcher.h"
#include "writer.h"

#define READ_BUDGET (4u * 1024 * 1024)	/* bytes of a source in one round */
#define LOOK_MS 1000			/* look at the files this often, whatever inotify says */
#define SAVE_MS 1000			/* the state is saved at most this often after commits, */
#define SAVE_IDLE_MS 10000		/* and this often when lines came that said nothing */
#define SESSION_LIMIT 65536
#define SUSPECT_EVERY 60		/* seconds between two warnings of one kind */

struct watcher {
	const struct watcher_options *options;
	struct config *config;
	struct catalogue *catalogue;
	struct sessions *sessions;
	struct doubts *doubts;
	struct pipeline pipeline;
	struct policy *policy;
	struct writer *writer;
	struct source_file **files;
	size_t file_count;
	struct source_pipe *pipe;
	struct source_file *reading;	/* whose line is on its way */
	int watch_fd;
	int signal_fd;
	bool stop;
	bool moved;			/* lines were read since the state was saved */
	bool state_broken;		/* it could not be saved, and that was said */
	int64_t saved_ms;
	uint64_t verdicts[VERDICTS];
	struct log_limit suspect;
	int64_t now;			/* the clock of this round */
};

static int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- events ---- */

/* Records ADDRESS if the policy lets it.  Returns the verdict. */
static enum verdict
record(struct watcher *w, const char *address, int64_t when)
{
	enum verdict verdict = policy_judge(w->policy, address, when, w->now);

	w->verdicts[verdict]++;
	if (verdict == VERDICT_RECORD && writer_record(w->writer, address, when))
		policy_note(w->policy, address, when);
	return verdict;
}

static void
take_event(const struct event *event, void *arg)
{
	struct watcher *w = arg;
	const struct span *user = &event->captures->user, *session = &event->captures->session;

	if (*event->address == '\0' || record(w, event->address, event->when) != VERDICT_RECORD || event->role != ROLE_LOGIN)
		return;
	log_say(LOG_INFO, "login from %s: user '%.*s', server %s, session '%.*s'", event->address,
	    user->size > 128 ? 128 : (int)user->size, user->text != NULL ? user->text : "", event->server->name,
	    (int)session->size, session->text != NULL ? session->text : "");
}

static void
suspect(const char *what, const struct header *header, void *arg)
{
	struct watcher *w = arg;
	unsigned long kept;

	if (log_due(&w->suspect, w->now, SUSPECT_EVERY, &kept))
		log_say(LOG_WARNING, "suspicious: %s (host %.*s, tag %.*s; %lu like it before): %.*s", what, (int)header->host.size,
		    header->host.text, (int)header->tag.size, header->tag.text, kept,
		    header->message.size > 200 ? 200 : (int)header->message.size, header->message.text);
}

static void
take_line(const char *text, size_t size, bool cut, void *arg)
{
	struct watcher *w = arg;
	struct line line = { .text = text, .size = size, .cut = cut };

	line.source = w->reading != NULL ? source_file_path(w->reading) : "-";
	line.formats = w->reading != NULL ? source_file_formats(w->reading) : w->config->formats;
	w->moved = true;
	pipeline_line(&w->pipeline, &line, w->now);
}

/* ---- the state ---- */

static void
fill_state(FILE *out, void *arg)
{
	struct watcher *w = arg;
	size_t i;

	for (i = 0; i < w->file_count; i++)
		source_file_save(w->files[i], out);
	sessions_save(w->sessions, out);
	doubts_save(w->doubts, out);
}

/* Only while nothing waits to be committed. */
static void
save_state(struct watcher *w)
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

static bool
take_state(const char *word, const char *rest, void *arg)
{
	struct watcher *w = arg;
	struct file_position position;
	size_t i;

	if (strcmp(word, "session") == 0)
		return sessions_restore(w->sessions, rest);
	if (strcmp(word, "doubt") == 0)
		return doubts_restore(w->doubts, rest);
	if (strcmp(word, "file") == 0) {
		if (!source_file_parse(rest, &position))
			return false;
		for (i = 0; i < w->file_count; i++) {
			if (strcmp(source_file_path(w->files[i]), position.path) == 0)
				source_file_known(w->files[i], &position);
		}
	}
	return true; /* of a later version */
}

/* ---- making ---- */

static void
say_mistake(const char *sentence, void *arg)
{
	(void)arg;
	log_say(LOG_ERR, "%s", sentence);
}

static struct policy *
make_policy(const struct config *config)
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

static bool
make_files(struct watcher *w, int64_t since)
{
	size_t i;

	if (w->options->from_stdin)
		return (w->pipe = source_pipe_new(STDIN_FILENO)) != NULL;
	if ((w->files = calloc(w->config->log_count + 1, sizeof(struct source_file *))) == NULL)
		return false;
	for (i = 0; i < w->config->log_count; i++) {
		w->files[i] = source_file_new(w->config->logs[i].path, w->config->logs[i].formats, since);
		if (w->files[i] == NULL)
			return false;
		w->file_count++;
	}
	return true;
}

static void
load_state(struct watcher *w)
{
	struct state state;
	const char *error;

	if (state_load(w->config->state, &state, take_state, w, &error)) {
		if (!state.same_boot)
			sessions_forget(w->sessions);
		return;
	}
	if (error != NULL)
		log_say(LOG_WARNING, "%s: %s; reading what the logs have of the last %lld seconds", w->config->state, error,
		    (long long)w->config->window);
}

static bool
make(struct watcher *w)
{
	struct conf_errors errors = { .tell = say_mistake };

	w->now = time(NULL);
	w->catalogue = catalogue_load((const char *const *)w->config->definitions, w->config->servers, &errors);
	if (w->catalogue == NULL)
		return false;
	w->sessions = sessions_new(SESSION_LIMIT, w->config->join_max, w->config->session_max);
	w->doubts = doubts_new();
	w->policy = make_policy(w->config);
	w->writer = writer_new(w->config->database, w->config->commit_interval * 1000, w->config->expire);
	if (w->sessions == NULL || w->doubts == NULL || w->policy == NULL || w->writer == NULL ||
	    !make_files(w, w->now - w->config->window)) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	w->pipeline = (struct pipeline){ .catalogue = w->catalogue,
		.sessions = w->sessions,
		.doubts = w->doubts,
		.take = take_event,
		.suspect = suspect,
		.arg = w };
	if (!w->options->from_stdin)
		load_state(w);
	return true;
}

static void
unmake(struct watcher *w)
{
	size_t i;

	watch_stop();
	for (i = 0; i < w->file_count; i++)
		source_file_free(w->files[i]);
	free(w->files);
	source_pipe_free(w->pipe);
	writer_free(w->writer);
	policy_free(w->policy);
	doubts_free(w->doubts);
	sessions_free(w->sessions);
	catalogue_free(w->catalogue);
	if (w->signal_fd >= 0)
		close(w->signal_fd);
	config_free(w->config);
}

static void
watch_folder(const char *folder, const char *prefix, void *arg)
{
	(void)arg;
	watch_add(folder, prefix);
}

static void
start_watch(struct watcher *w)
{
	size_t i;

	if (w->options->once || w->file_count == 0)
		return;
	if ((w->watch_fd = watch_start()) < 0)
		log_say(LOG_WARNING, "inotify cannot be used, looking once a second: %s", strerror(errno));
	for (i = 0; i < w->file_count; i++)
		source_file_folders(w->files[i], watch_folder, NULL);
}

static bool
start_signals(struct watcher *w)
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

/* ---- the loop ---- */

static void
take_signals(struct watcher *w)
{
	struct signalfd_siginfo info;

	while (read(w->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			w->stop = true;
	}
}

/* Returns true when there is more to read at once. */
static bool
read_sources(struct watcher *w, bool pipe_ready)
{
	bool more = false;
	size_t i;

	w->now = time(NULL);
	for (i = 0; i < w->file_count; i++) {
		w->reading = w->files[i];
		more |= source_file_read(w->files[i], READ_BUDGET, clock_ms(), take_line, w);
	}
	w->reading = NULL;
	if (w->pipe != NULL && pipe_ready && !source_pipe_read(w->pipe, take_line, w))
		w->stop = true;
	return more;
}

static void
commit_and_save(struct watcher *w)
{
	int64_t clock = clock_ms();
	bool committed = false;

	if (writer_due(w->writer, w->now, clock) == 0)
		committed = writer_commit(w->writer, w->now, clock);
	if (w->pipe != NULL || writer_pending(w->writer) || (!w->moved && !sessions_changed(w->sessions)))
		return;
	if (clock - w->saved_ms >= (committed ? SAVE_MS : SAVE_IDLE_MS))
		save_state(w);
}

/* How long the loop may sleep. */
static int
sleep_ms(const struct watcher *w)
{
	int64_t due = writer_due(w->writer, w->now, clock_ms());

	return due >= 0 && due < LOOK_MS ? (int)due : LOOK_MS;
}

static void
loop(struct watcher *w)
{
	struct pollfd fds[3] = { { .fd = w->signal_fd, .events = POLLIN }, { .fd = w->watch_fd, .events = POLLIN },
		{ .fd = w->pipe != NULL ? STDIN_FILENO : -1, .events = POLLIN } };
	bool more = true;

	while (!w->stop) {
		if (poll(fds, 3, more ? 0 : sleep_ms(w)) < 0 && errno != EINTR) {
			log_say(LOG_CRIT, "poll: %s", strerror(errno));
			return;
		}
		take_signals(w);
		watch_drain();
		more = read_sources(w, (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0);
		if (w->options->once)
			w->stop = w->stop || !more;
		else
			commit_and_save(w);
	}
}

/* Everything that was read is committed and the position saved, or it is read again next time. */
static int
finish(struct watcher *w)
{
	if (!writer_commit(w->writer, w->now, clock_ms()))
		return EX_TEMPFAIL;
	if (w->pipe == NULL)
		save_state(w);
	return w->state_broken ? EX_CANTCREAT : EX_OK;
}

int
watcher_run(struct config *config, const struct watcher_options *options)
{
	struct watcher w = { .options = options, .config = config, .watch_fd = -1, .signal_fd = -1 };
	int status = EX_CONFIG;

	if (config->log_count == 0 && !options->from_stdin)
		log_say(LOG_ERR, "nothing to watch: expected a log in %s", options->config_file);
	else if (make(&w)) {
		status = EX_OSERR;
		if (start_signals(&w)) {
			start_watch(&w);
			w.saved_ms = clock_ms();
			loop(&w);
			status = finish(&w);
		}
	}
	unmake(&w);
	return status;
}
