/* SPDX-License-Identifier: BSD-2-Clause
 *
 * connect.c - the way to the engine: Sentinel, socket, TLS, AUTH; see engine.h
 */
#include "engine_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "answer.h"
#include "clock.h"
#include "loop.h"
#include "remedy.h"
#include "tls.h"

#define CONNECT_MS 3000

static void connect_place(struct engine *engine);

/* ---- a reader that an engine cannot make grow ---- */

/* hiredis makes room for as many as the head of a list announces. */
#if HIREDIS_MAJOR > 0
typedef size_t list_size_of_hiredis;
#else
typedef int list_size_of_hiredis;
#endif

static void *(*make_list)(const redisReadTask *task, list_size_of_hiredis count);

static void *make_short_list(const redisReadTask *task, list_size_of_hiredis count)
{
	return (size_t)count <= ENGINE_LIST_MAX ? make_list(task, count) : NULL;
}

static void limit_lists(redisReader *reader)
{
	static redisReplyObjectFunctions functions;

	if (make_list == NULL) {
		functions = *reader->fn;
		make_list = functions.createArray;
		functions.createArray = make_short_list;
	}
	reader->fn = &functions;
}

/* ---- connecting ---- */

/* One that does not know AUTH repeats its words, and what is kept of an error
 * is logged, and told to any user of this host. */
static void on_auth(const struct redisReply *answer, void *arg)
{
	struct engine *engine = arg;
	const struct engine_options *options = engine->options;
	const char *password = engine->at_sentinel ? options->sentinel_password : options->password;
	const char *error = answer_error(answer), *words;
	char why[WHY_SIZE], text[WHY_SIZE];

	if (error == NULL)
		return;
	snprintf(text, sizeof text, "%s", error);
	words = strstr(error, ", with args");
	if (words != NULL && (size_t)(words - error) < sizeof text)
		text[words - error] = '\0';
	if (*password != '\0' && strstr(text, password) != NULL)
		snprintf(text, sizeof text, "it refuses AUTH");
	engine_fail(engine, remedy_text(text, why, sizeof why));
}

/* Sentinel has said where the engine is. */
static void on_master(const struct redisReply *answer, void *arg)
{
	struct engine *engine = arg;
	const char *address = answer_text(answer_at(answer, 0));
	const char *port_text = answer_text(answer_at(answer, 1));
	uint16_t port = port_text != NULL ? engineurl_port(port_text) : 0;
	struct engineplace place;
	char why[WHY_SIZE];
	bool known = false;

	if (engine_refused(engine, answer))
		return;
	for (size_t i = 0; i < engine->options->port_count; i++)
		known = known || engine->options->ports[i] == port;
	if (address == NULL || !engineplace_make(address, port, &place)) {
		snprintf(why, sizeof why, "Sentinel knows no address of the master '%s'",
		    engine->options->url->master);
		engine_fail(engine, why);
	} else if (!known) {
		snprintf(why, sizeof why,
		    "Sentinel says %s, expected a port of the setting engine-port", place.text);
		engine_fail(engine, why);
	} else {
		engine_disconnect(engine);
		engine->place = place;
		engine->at_sentinel = false;
		connect_place(engine);
	}
}

static void on_greeted(const struct redisReply *answer, void *arg)
{
	struct engine *engine = arg;

	if (engine_refused(engine, answer))
		return;
	engine->phase = PHASE_UP;
	engine->handler->up(engine->arg);
}

static void ask_auth(struct engine *engine, const char *user, const char *password)
{
	const char *const with_user[] = { "AUTH", user, password };
	const char *const without[] = { "AUTH", password };

	if (*user != '\0')
		engine_append(engine, on_auth, ENGINE_WAIT_MS, with_user, 3);
	else if (*password != '\0')
		engine_append(engine, on_auth, ENGINE_WAIT_MS, without, 2);
}

/* All questions at once; each failure ends the connection, and with it the
 * rest. */
static void greet(struct engine *engine)
{
	const struct engine_options *options = engine->options;
	const char *const master[] = { "SENTINEL", "get-master-addr-by-name",
		options->url->master };
	/* one that cannot save refuses PING, too, but can be read */
	static const char *const alive[] = { "TIME" };
	char number[16];
	const char *const select[] = { "SELECT", number };

	engine->phase = PHASE_GREETING;
	if (engine->at_sentinel) {
		ask_auth(engine, options->sentinel_user, options->sentinel_password);
		if (engine->phase == PHASE_GREETING)
			engine_append(engine, on_master, ENGINE_WAIT_MS, master, 3);
		return;
	}
	ask_auth(engine, options->user, options->password);
	snprintf(number, sizeof number, "%u", options->url->database);
	if (engine->phase == PHASE_GREETING && options->url->database != 0)
		engine_append(engine, on_auth, ENGINE_WAIT_MS, select, 2);
	if (engine->phase == PHASE_GREETING)
		engine_append(engine, on_greeted, ENGINE_WAIT_MS, alive, 1);
}

/* The socket is connected, or cannot be. */
static void finish_connect(struct engine *engine)
{
	int error = 0, yes = 1;
	socklen_t size = sizeof error;

	if (getsockopt(engine->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	if (error != 0) {
		engine_fail(engine, strerror(error));
		return;
	}
	if (engine->place.port != 0)
		setsockopt(engine->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	engine->connection = redisConnectFd(engine->fd);
	if (engine->connection == NULL) {
		engine_fail(engine, "out of memory");
		return;
	}
	engine->connection->flags &= ~REDIS_BLOCK;
	limit_lists(engine->connection->reader);
	if (engine->options->url->tls &&
	    (engine->options->tls == NULL ||
		!tls_begin(engine->options->tls, engine->connection))) {
		engine_broken(engine);
		return;
	}
	greet(engine);
}

static void on_ready(int fd, unsigned ready, void *arg)
{
	struct engine *engine = arg;

	(void)fd;
	if (engine->phase == PHASE_CONNECTING) {
		finish_connect(engine);
		return;
	}
	if ((ready & LOOP_READ) != 0)
		engine_take(engine);
	if (engine->connection != NULL && sdslen(engine->connection->obuf) > 0)
		engine_flush(engine);
	else if (engine->connection != NULL && !loop_fd_want(engine->watched, LOOP_READ))
		engine_fail(engine, "cannot wait for it");
}

static void connect_place(struct engine *engine)
{
	const struct sockaddr *address = (const struct sockaddr *)&engine->place.socket;
	int result;

	engine->phase = PHASE_CONNECTING;
	engine->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (engine->fd < 0) {
		engine_fail(engine, strerror(errno));
		return;
	}
	result = connect(engine->fd, address, engine->place.size);
	if (result != 0 && errno != EINPROGRESS) {
		engine_fail(engine, strerror(errno));
		return;
	}
	engine->watched = loop_fd_new(engine->loop, engine->fd, on_ready, engine);
	if (engine->watched == NULL || !loop_fd_want(engine->watched, LOOP_WRITE)) {
		engine_fail(engine, "out of memory");
		return;
	}
	loop_timer_set(engine->timer, CONNECT_MS);
}

void engine_connect(struct engine *engine)
{
	const struct engineurl *url = engine->options->url;

	engine->at_sentinel = url->sentinel;
	engine->place = url->places[url->sentinel ? engine->sentinel : 0];
	connect_place(engine);
}

void engine_on_time(void *arg)
{
	struct engine *engine = arg;

	if (engine->phase == PHASE_WAITING)
		engine_connect(engine);
	else if (engine->phase == PHASE_CONNECTING)
		engine_fail(engine, "no connection within three seconds");
	else if (engine->pending > 0 &&
		 clock_monotonic_ms() >= engine->requests[engine->first].deadline)
		engine_fail(engine, "no answer in time");
	else
		engine_deadline(engine);
}
