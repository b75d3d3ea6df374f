/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parts.c - what the running popwatch is made of, see parts.h
 */
#include "parts.h"
#include "automatic.h"
#include "configured.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "relaydb.h"

#define SESSION_LIMIT 65536
#define SUSPECT_EVERY 60 /* seconds between two warnings of one kind */
#define UNFOLLOWED_MAX (1024 * 1024) /* bytes of the journal that are looked at for a report */
#define SHOWN_MAX 200 /* bytes of a suspicious message in the log */

/* ---- events ---- */

/* Of an address that stands for everybody, once. */
static void warn_of_gateway(struct parts *parts, const char *address)
{
	struct gateway *gateway = gateways_find(&parts->gateways, address);
	char text[LOG_MESSAGE_MAX];

	if (gateway == NULL || gateway->said)
		return;
	gateway->said = true;
	gateway_warning(gateway, text, sizeof text);
	log_say(LOG_WARNING, "%s", text);
}

/* Records a login if the policy lets it; the refresh of an open connection is
 * due though it was recorded not long ago, and a login that repeats one counts
 * if the row of that has gone. */
static void record_login(struct parts *parts, struct login *login, enum occasion occasion)
{
	int64_t last;
	enum verdict verdict =
	    policy_judge(parts->policy, login->address, login->when, parts->now, &last);

	if (occasion == OCCASION_REFRESH && verdict == VERDICT_RECENT)
		verdict = VERDICT_RECORD;
	parts->verdicts[occasion][verdict]++;
	if (verdict == VERDICT_RECENT && occasion == OCCASION_LOGIN && login->when >= last) {
		login->known = last;
		writer_record(parts->writer, login);
	}
	if (verdict != VERDICT_RECORD)
		return;
	warn_of_gateway(parts, login->address);
	/* a refresh of what was deleted records nothing: a login must not count
	 * as repeated because of it */
	if (writer_record(parts->writer, login) && !login->refresh)
		policy_note(parts->policy, login->address, login->when);
}

/* An address that was recorded at SEEN, within the window, and is not in the
 * database any more was deleted; only a login may bring it back.  One that was
 * recorded before may have expired while nobody kept it fresh. */
static bool is_refresh(const struct parts *parts, int64_t seen)
{
	return parts->now - seen < parts->config->window;
}

static void on_event(const struct event *event, void *arg)
{
	struct parts *parts = arg;
	struct login login = { .address = event->address, .when = event->when };

	if (*event->address == '\0' || (event->role != ROLE_LOGIN && event->role != ROLE_LOGOUT))
		return;
	if (event->role == ROLE_LOGIN) {
		login.server = event->definition->name;
		login.user = event->captures->user;
		login.session = event->captures->session;
	}
	login.refresh = event->role == ROLE_LOGOUT && is_refresh(parts, event->seen);
	record_login(parts, &login, event->role == ROLE_LOGIN ? OCCASION_LOGIN : OCCASION_LOGOUT);
}

static void on_suspect(const char *what, const struct header *header, void *arg)
{
	struct parts *parts = arg;
	int shown = header->message.size > SHOWN_MAX ? SHOWN_MAX : (int)header->message.size;
	unsigned long kept;

	if (log_due(&parts->suspect, parts->now, SUSPECT_EVERY, &kept))
		log_say(LOG_WARNING,
		    "suspicious: %s (host %.*s, tag %.*s; %lu like it before): %.*s", what,
		    (int)header->host.size, header->host.text, (int)header->tag.size,
		    header->tag.text, kept, shown, header->message.text);
}

static void on_line(const struct line *line, void *arg)
{
	struct parts *parts = arg;

	parts->moved = true;
	pipeline_line(&parts->pipeline, line, parts->now);
}

static void on_entry(const struct header *header, int64_t when, void *arg)
{
	struct parts *parts = arg;

	parts->moved = true;
	pipeline_entry(
	    &parts->pipeline, JOURNAL_SOURCE, header, when, source_journal_admits, parts->journal);
}

/* A login that a hook hands over has happened just now. */
static void on_datagram(const char *text, const char *user, const char *service, void *arg)
{
	struct parts *parts = arg;
	char address[RELAYDB_ADDRSTRLEN];
	struct login login = { .address = address,
		.when = parts->now,
		.server = "socket",
		.user = span_of(user),
		.session = span_of(service) };

	if (relaydb_address(text, address) == RELAYDB_OK)
		record_login(parts, &login, OCCASION_LOGIN);
}

static void on_open_session(const char *address, int64_t seen, void *arg)
{
	struct parts *parts = arg;
	struct login login = {
		.address = address, .when = parts->now, .refresh = is_refresh(parts, seen)
	};

	record_login(parts, &login, OCCASION_REFRESH);
}

/* ---- silence ---- */

static void on_seen(const struct line *line, const struct header *header, void *arg)
{
	struct parts *parts = arg;
	struct heard *heard = &parts->heard[parts->reading];

	heard->lines++;
	if (line != NULL && parts->live)
		silence_time(heard, line, header, parts->now);
}

static void on_stranger(const struct header *header, void *arg)
{
	const struct parts *parts = arg;

	silence_stranger(parts->others, header);
}

static void on_unproved(struct definition *definition, void *arg)
{
	const struct parts *parts = arg;

	source_journal_writer(parts->journal, definition->writer, sizeof definition->writer);
}

static void on_unfollowed(const struct header *header, int64_t when, void *arg)
{
	struct parts *parts = arg;
	struct definition *const *definition = catalogue_find(parts->catalogue, header->tag);

	(void)when;
	for (; definition != NULL && *definition != NULL; definition++) {
		if (source_journal_admits(*definition, parts->unfollowed)) {
			parts->heard[parts->file_count].lines++;
			return;
		}
	}
}

static void report_silence(struct parts *parts)
{
	const uint64_t *verdicts = parts->verdicts[OCCASION_LOGIN];
	struct silence_view view = { .catalogue = parts->catalogue,
		.others = parts->others,
		.heard = parts->heard,
		.heard_count = parts->file_count + 1,
		.old = verdicts[VERDICT_OLD] };

	if (parts->pipe != NULL || !silence_due(&parts->silence, parts->now))
		return;
	for (int verdict = 0; verdict < VERDICTS; verdict++)
		view.logins += verdicts[verdict];
	if (parts->unfollowed != NULL)
		source_journal_read(
		    parts->unfollowed, UNFOLLOWED_MAX, parts->now, on_unfollowed, parts);
	silence_report(&parts->silence, &view, parts->now);
}

void parts_set_others(struct parts *parts, struct catalogue *others)
{
	parts->others = others;
	parts->pipeline.stranger = others != NULL ? on_stranger : NULL;
}

bool parts_listen(struct parts *parts)
{
	struct heard *heard = calloc(parts->file_count + 1, sizeof *heard);

	if (heard == NULL)
		return false;
	for (size_t i = 0; i < parts->file_count; i++)
		heard[i] = (struct heard){
			.name = source_file_path(parts->files[i]), .is_file = true, .followed = true
		};
	heard[parts->file_count] =
	    (struct heard){ .name = "the journal", .followed = parts->journal != NULL };
	free(parts->heard);
	parts->heard = heard;
	parts->live = false;
	silence_restart(&parts->silence, parts->now);
	return true;
}

/* ---- reading ---- */

/* Open connections keep their addresses fresh, but only when all is read: the
 * logout may be in the next line. */
static void refresh_sessions(struct parts *parts)
{
	const struct config *config = parts->config;
	int64_t sweep = sessions_sweep_every(config->window);
	int64_t every = sessions_refresh_every(config->window, config->refresh);

	if (parts->now >= parts->swept && parts->now - parts->swept < sweep)
		return;
	parts->swept = parts->now;
	sessions_sweep(parts->sessions, parts->now);
	sessions_refresh(parts->sessions, parts->now, every, on_open_session, parts);
}

bool parts_read(struct parts *parts, size_t budget, bool pipe_ready, bool *ended)
{
	bool more = false;

	*ended = false;
	parts->now = time(NULL);
	if (writer_full(parts->writer)) {
		parts->live = false;
		return false;
	}
	for (size_t i = 0; i < parts->file_count; i++) {
		parts->reading = i;
		more |= source_file_read(
		    parts->files[i], budget, parts->now, clock_monotonic_ms(), on_line, parts);
	}
	parts->reading = parts->file_count;
	if (parts->journal != NULL)
		more |= source_journal_read(parts->journal, budget, parts->now, on_entry, parts);
	if (parts->socket != NULL)
		source_socket_read(parts->socket, parts->now, on_datagram, parts);
	if (parts->pipe != NULL && pipe_ready)
		*ended = !source_pipe_read(parts->pipe, on_line, parts);
	parts->live = !more;
	if (!more) {
		refresh_sessions(parts);
		report_silence(parts);
	}
	return more;
}

void parts_close_socket(struct parts *parts)
{
	if (parts->socket == NULL)
		return;
	source_socket_close(parts->socket);
	parts->now = time(NULL);
	source_socket_read(parts->socket, parts->now, on_datagram, parts);
}

/* ---- making ---- */

struct policy *parts_policy(const struct config *config)
{
	struct policy *policy = policy_new(config->window, config->refresh);

	for (size_t i = 0; policy != NULL && i < config->ignore.count; i++) {
		if (!policy_ignore(policy, &config->ignore.nets[i])) {
			policy_free(policy);
			return NULL;
		}
	}
	return policy;
}

static bool make_files(struct parts *parts, int64_t since)
{
	const struct config *config = parts->config;

	parts->files = calloc(config->log_count + 1, sizeof(struct source_file *));
	for (size_t i = 0; parts->files != NULL && i < config->log_count; i++) {
		parts->files[i] =
		    source_file_new(config->logs[i].path, config->logs[i].formats, since);
		if (parts->files[i] == NULL)
			break;
		source_file_set_form(
		    parts->files[i], config->logs[i].formats, config->logs[i].zone);
		parts->file_count++;
	}
	if (parts->file_count == config->log_count && parts->files != NULL)
		return true;
	log_say(LOG_ERR, "out of memory");
	return false;
}

static bool make_pipe(struct parts *parts)
{
	parts->pipe = source_pipe_new(STDIN_FILENO, parts->config->formats);
	if (parts->pipe != NULL)
		source_pipe_set_form(parts->pipe, parts->config->formats, parts->config->zone);
	else
		log_say(LOG_ERR, "out of memory");
	return parts->pipe != NULL;
}

static bool make_journal(struct parts *parts, int64_t since)
{
	const struct config *config = parts->config;
	bool only = config->log_count == 0 && !config->log_auto;
	const char *directory = config->journal_from == JOURNAL_DIRECTORY ? config->journal : NULL;

	if (config->journal_from == JOURNAL_NONE)
		return true;
	parts->journal =
	    source_journal_new(directory, parts->catalogue, parts->others, since, only);
	return parts->journal != NULL;
}

/* The journal is not followed; but if a log does not exist, it may have the
 * lines. */
static void watch_journal(struct parts *parts, int64_t since)
{
	bool missing = false;

	for (size_t i = 0; i < parts->config->log_count; i++)
		missing |= access(parts->config->logs[i].path, F_OK) != 0;
	if (missing && parts->journal == NULL && catalogue_has_journal(parts->catalogue) &&
	    automatic_journald())
		parts->unfollowed = source_journal_new(NULL, parts->catalogue, NULL, since, false);
}

/* What lines go through; logs why not. */
static bool make_stages(struct parts *parts)
{
	const struct config *config = parts->config;

	parts->sessions = sessions_new(SESSION_LIMIT, config->join_max, config->session_max);
	parts->truncations = truncations_new();
	parts->policy = parts_policy(config);
	gateways_open(&parts->gateways);
	if (parts->sessions == NULL || parts->truncations == NULL || parts->policy == NULL) {
		log_say(LOG_ERR, "out of memory");
		return false;
	}
	parts->writer =
	    writer_new(config->database, config->commit_interval * 1000, config->expire);
	return parts->writer != NULL;
}

bool parts_make(struct parts *parts, struct config *config, bool from_stdin)
{
	struct conf_errors errors = { .tell = log_sentence };
	int64_t since;

	parts->config = config;
	parts->now = time(NULL);
	since = parts->now - config->window;
	parts->catalogue = config_catalogue(config, &errors);
	if (parts->catalogue == NULL || !make_stages(parts))
		return false;
	parts->pipeline = (struct pipeline){ .catalogue = parts->catalogue,
		.sessions = parts->sessions,
		.truncations = parts->truncations,
		.take = on_event,
		.suspect = on_suspect,
		.seen = on_seen,
		.unproved = on_unproved,
		.arg = parts };
	parts_set_others(parts, config_others(config, parts->catalogue));
	if (from_stdin)
		return make_pipe(parts) && parts_listen(parts);
	if (!make_files(parts, since) || !make_journal(parts, since) || !parts_listen(parts))
		return false;
	watch_journal(parts, since);
	return true;
}

void parts_unmake(struct parts *parts)
{
	for (size_t i = 0; i < parts->file_count; i++)
		source_file_free(parts->files[i]);
	free(parts->files);
	free(parts->heard);
	source_journal_free(parts->journal);
	source_journal_free(parts->unfollowed);
	source_socket_free(parts->socket);
	source_pipe_free(parts->pipe);
	writer_free(parts->writer);
	policy_free(parts->policy);
	truncations_free(parts->truncations);
	gateways_close(&parts->gateways);
	sessions_free(parts->sessions);
	catalogue_free(parts->catalogue);
	catalogue_free(parts->others);
	config_free(parts->config);
}

struct stats parts_stats(const struct parts *parts)
{
	struct stats stats = { .catalogue = parts->catalogue,
		.lines = &parts->pipeline.tally,
		.verdicts = parts->verdicts,
		.writer = writer_tally(parts->writer),
		.socket = parts->socket != NULL ? source_socket_tally(parts->socket) : NULL,
		.sessions = sessions_open(parts->sessions),
		.sessions_dropped = sessions_dropped(parts->sessions) };

	for (size_t i = 0; i < parts->file_count; i++)
		stats.files_open += source_file_open_count(parts->files[i]);
	return stats;
}
