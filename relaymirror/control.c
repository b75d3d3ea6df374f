/* SPDX-License-Identifier: BSD-2-Clause
 *
 * control.c - the socket at which vsmtprelay(8) asks, see control.h
 */
#include "control.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"
#include "loop.h"
#include "mirrorcounts.h"
#include "mirrorhost.h"

#define CONNECTIONS_MAX 64
#define IDLE_MS 10000
#define LINE_MAX_SIZE 5000
#define OUTPUT_MAX 65536
#define SENT_MS 3000 /* how long an order waits for the engine before its giver is told */
#define STATUS_SIZE 8192

struct session {
	struct control *control;
	struct stream *stream;
	struct loop_timer *timer;
	char waits[RELAYDB_ADDRSTRLEN]; /* for this order to be sent; "": for none */
	LIST_ENTRY(session) link;
};

struct control {
	struct mirrorhost *host;
	struct listener *listener;
	uid_t starter;
	LIST_HEAD(sessions, session) sessions;
};

static void answer(struct session *session, const char *text)
{
	session->waits[0] = '\0';
	loop_timer_stop(session->timer);
	stream_send(session->stream, text, strlen(text));
	stream_hold(session->stream, false);
}

static void on_late(void *arg)
{
	struct session *session = arg;
	const struct mirrorhost *host = session->control->host;
	const char *why = reader_trouble(host->reader);
	char text[512];

	if (*why == '\0')
		why = orderdesk_trouble(host->desk);
	snprintf(
	    text, sizeof text, "kept %s\n", *why != '\0' ? why : "the engine has not answered");
	for (char *p = text; p[1] != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
	answer(session, text);
}

void control_sent(struct control *control, const char *address)
{
	struct session *session = control != NULL ? LIST_FIRST(&control->sessions) : NULL;

	for (; session != NULL; session = LIST_NEXT(session, link)) {
		if (strcmp(session->waits, address) == 0)
			answer(session, "sent\n");
	}
}

/* Takes an order, and keeps it, before it is answered for. */
static void take_order(struct session *session, enum order_kind kind, const char *text)
{
	struct mirrorhost *host = session->control->host;
	const uid_t uid = stream_uid(session->stream);
	char address[RELAYDB_ADDRSTRLEN];
	struct moment now;

	engineclock_now(&host->clock, &now);
	if (uid != 0 && uid != session->control->starter) {
		answer(session, "refused only root may give orders to all hosts\n");
	} else if (relaydb_address(text, address) != RELAYDB_OK) {
		answer(session, "refused that is no address\n");
	} else if (!mirror_give_order(host->mirror, address, kind, &now)) {
		answer(session, "refused out of memory\n");
	} else if (!mirrorstate_save(host->state)) {
		answer(session, "refused the state file cannot be written\n");
	} else {
		log_say(LOG_NOTICE, "order: %s %s at all hosts",
		    kind == ORDER_DELETE ? "delete" : "add", address);
		memcpy(session->waits, address, sizeof address);
		stream_hold(session->stream, true);
		loop_timer_set(session->timer, SENT_MS);
		localdb_look_up(host->local, address);
		localdb_kick(host->local);
		orderdesk_kick(host->desk);
	}
}

/* What is known of the address TEXT, and whether that can be all. */
static void tell_known(struct session *session, const char *text)
{
	const struct mirrorhost *host = session->control->host;
	char address[RELAYDB_ADDRSTRLEN], out[STATUS_SIZE];
	struct mirror_known known;
	size_t size;

	if (relaydb_address(text, address) != RELAYDB_OK) {
		answer(session, "refused that is no address\n");
		return;
	}
	mirror_look_up(host->mirror, address, &known);
	size = (size_t)snprintf(out, sizeof out,
	    "ignored %d\ndeleted %d\nown %d\nunsent %d\nlogin %" PRId64 "\npublish %d\n",
	    known.ignored, known.deleted, known.own, known.unsent, known.login,
	    host->publisher != NULL);
	mirrorcounts_status(host, out + size, sizeof out - size);
	answer(session, out);
}

/* Is PATH, as another program spells it, the database that is mirrored here? */
static bool is_ours(const struct mirrorhost *host, const char *path)
{
	const char *ours = host->conf->database;
	struct stat a, b;

	return strcmp(path, ours) == 0 || (stat(path, &a) == 0 && stat(ours, &b) == 0 &&
					      a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static void take_line(struct session *session, char *line)
{
	const struct mirrorhost *host = session->control->host;
	char *command = strsep(&line, " "), *database = strsep(&line, " ");
	char status[STATUS_SIZE];

	if (database != NULL && !is_ours(host, database)) {
		snprintf(status, sizeof status, "other %s\n", host->conf->database);
		answer(session, status);
	} else if (database != NULL && strcmp(command, "status") == 0 && line == NULL) {
		answer(session, mirrorcounts_status(host, status, sizeof status));
	} else if (line != NULL && strcmp(command, "get") == 0) {
		tell_known(session, line);
	} else if (line != NULL && strcmp(command, "delete") == 0) {
		take_order(session, ORDER_DELETE, line);
	} else if (line != NULL && strcmp(command, "add") == 0) {
		take_order(session, ORDER_ADD, line);
	} else {
		answer(session, "refused that is no request\n");
	}
}

/* ---- connections ---- */

static void *on_opened(struct stream *stream, void *arg)
{
	struct control *control = arg;
	struct session *session = calloc(1, sizeof *session);

	if (session == NULL)
		return NULL;
	session->control = control;
	session->stream = stream;
	session->timer = loop_timer_new(control->host->loop, on_late, session);
	if (session->timer == NULL) {
		free(session);
		return NULL;
	}
	LIST_INSERT_HEAD(&control->sessions, session, link);
	return session;
}

/* One line; the next when that is answered. */
static size_t on_input(struct stream *stream, const char *bytes, size_t size, void *arg)
{
	struct session *session = arg;
	const char *end = memchr(bytes, '\n', size);
	char line[LINE_MAX_SIZE];

	(void)stream;
	if (end == NULL || session->waits[0] != '\0')
		return 0;
	if ((size_t)(end - bytes) >= sizeof line || memchr(bytes, '\0', (size_t)(end - bytes))) {
		answer(session, "refused that is no request\n");
	} else {
		memcpy(line, bytes, (size_t)(end - bytes));
		line[end - bytes] = '\0';
		take_line(session, line);
	}
	return (size_t)(end - bytes) + 1;
}

static void on_closed(enum stream_end why, void *arg)
{
	struct session *session = arg;

	(void)why;
	LIST_REMOVE(session, link);
	loop_timer_free(session->timer);
	free(session);
}

static const struct stream_handler handler = { on_opened, on_input, NULL, on_closed };

struct control *control_new(struct mirrorhost *host)
{
	const struct listener_options options = { .address = host->conf->control,
		.mode = 0666,
		.connections_max = CONNECTIONS_MAX,
		.idle_ms = IDLE_MS,
		.input_max = LINE_MAX_SIZE,
		.output_max = OUTPUT_MAX };
	struct control *control = calloc(1, sizeof *control);

	if (control == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	control->host = host;
	control->starter = getuid();
	LIST_INIT(&control->sessions);
	control->listener = listener_new(host->loop, &options, &handler, control);
	if (control->listener != NULL)
		return control;
	free(control);
	return NULL;
}

void control_free(struct control *control)
{
	if (control == NULL)
		return;
	listener_free(control->listener);
	free(control);
}
