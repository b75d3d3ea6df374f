/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listener.c - stream sockets that clients connect to, see listener.h
 */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "endpoint.h"
#include "log.h"
#include "loop.h"
#include "peer.h"
#include "user.h"

#define PAUSE_MS 1000 /* before the next accept(2) after one that failed */
#define COMPLAIN_MS 60000
#define PEER_MAX 64

struct listener {
	struct loop *loop;
	int fd;
	struct loop_fd *watched;
	struct loop_timer *pause;
	const struct stream_handler *handler;
	void *arg;
	size_t connections_max, input_max, output_max;
	int64_t idle_ms;
	struct stream *streams;
	size_t count;
	struct log_once complaint;
};

struct stream {
	struct listener *listener;
	struct bufferevent *socket;
	void *session;
	uid_t uid;
	char peer[PEER_MAX];
	bool held;
	bool ended; /* the client has sent everything, */
	bool end_told; /* and the program knows */
	bool finish; /* close it when everything is written */
	bool over; /* close it in settle(), which only the loop calls */
	enum stream_end why;
	struct stream *next, **link;
};

bool listener_understands(const char *address)
{
	struct endpoint parsed;

	return endpoint_parse(address, &parsed);
}

/* ---- the end of a connection ---- */

static void accept_again(struct listener *listener)
{
	bool room = listener->count < listener->connections_max;

	loop_fd_want(listener->watched, room ? LOOP_READ : 0);
}

static void stream_free(struct stream *stream)
{
	struct listener *listener = stream->listener;

	*stream->link = stream->next;
	if (stream->next != NULL)
		stream->next->link = stream->link;
	listener->count--;
	bufferevent_free(stream->socket);
	if (stream->session != NULL)
		listener->handler->closed(stream->why, stream->session);
	free(stream);
}

/* Nothing comes or goes any more. */
static void end(struct stream *stream, enum stream_end why)
{
	if (!stream->over)
		stream->why = why;
	stream->over = true;
	bufferevent_disable(stream->socket, EV_READ | EV_WRITE);
}

static size_t unsent(const struct stream *stream)
{
	return evbuffer_get_length(bufferevent_get_output(stream->socket));
}

/* After each event: frees a connection that has come to its end. */
static void settle(struct stream *stream)
{
	struct listener *listener = stream->listener;

	if (!stream->over && stream->finish && unsent(stream) == 0)
		end(stream, STREAM_CLOSED);
	if (!stream->over)
		return;
	stream_free(stream);
	accept_again(listener);
}

/* The same for the program, which may go on with the connection in its call:
 * from the loop, soon. */
static void settle_soon(struct stream *stream)
{
	bufferevent_trigger(
	    stream->socket, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* ---- events of a connection ---- */

/* Hands on what waits. */
static void offer(struct stream *stream)
{
	struct evbuffer *input = bufferevent_get_input(stream->socket);
	size_t size = evbuffer_get_length(input), taken;
	const unsigned char *bytes = size > 0 ? evbuffer_pullup(input, -1) : NULL;

	if (bytes == NULL)
		return;
	taken =
	    stream->listener->handler->input(stream, (const char *)bytes, size, stream->session);
	evbuffer_drain(input, taken);
	if (evbuffer_get_length(input) >= stream->listener->input_max && !stream->held)
		end(stream, STREAM_FLOODED);
}

static void tell_end(struct stream *stream)
{
	const struct stream_handler *handler = stream->listener->handler;

	stream->end_told = true;
	if (handler->ended != NULL)
		handler->ended(stream, stream->session);
	else
		stream->finish = true;
}

static void on_input(struct bufferevent *socket, void *arg)
{
	struct stream *stream = arg;

	(void)socket;
	if (!stream->held && !stream->over && !stream->finish)
		offer(stream);
	if (stream->ended && !stream->end_told && !stream->held && !stream->over)
		tell_end(stream);
	settle(stream);
}

static void on_output(struct bufferevent *socket, void *arg)
{
	(void)socket;
	settle(arg);
}

static void on_event(struct bufferevent *socket, short what, void *arg)
{
	struct stream *stream = arg;

	/* both at once: the client has gone without its answer */
	if ((what & BEV_EVENT_EOF) != 0 && (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) == 0) {
		/* half of the connection: the answer may still be wanted */
		stream->ended = true;
		on_input(socket, stream);
		return;
	}
	end(stream, (what & BEV_EVENT_TIMEOUT) != 0 ? STREAM_IDLE : STREAM_FAILED);
	settle(stream);
}

/* libevent counts only while it reads or has something to write: not while the
 * connection is held. */
static void set_idle(struct stream *stream)
{
	int64_t ms = stream->listener->idle_ms;
	const struct timeval idle = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	bufferevent_set_timeouts(stream->socket, &idle, &idle);
}

/* ---- making a connection ---- */

static void name_peer(struct stream *stream, int fd, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

	stream->uid = PEER_NOBODY;
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, stream->peer, sizeof stream->peer);
	else if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, stream->peer, sizeof stream->peer);
	else {
		stream->uid = peer_of(fd);
		snprintf(stream->peer, sizeof stream->peer, "uid %ld", (long)stream->uid);
	}
}

/* Takes FD over.  Returns false without memory. */
static bool stream_new(struct listener *listener, int fd, const struct sockaddr_storage *from)
{
	struct stream *stream = calloc(1, sizeof *stream);

	if (stream == NULL)
		return false;
	stream->socket = bufferevent_socket_new(
	    loop_base(listener->loop), fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (stream->socket == NULL) {
		free(stream);
		return false;
	}
	stream->listener = listener;
	name_peer(stream, fd, from);
	stream->next = listener->streams;
	if (stream->next != NULL)
		stream->next->link = &stream->next;
	stream->link = &listener->streams;
	listener->streams = stream;
	listener->count++;
	bufferevent_setcb(stream->socket, on_input, on_output, on_event, stream);
	bufferevent_setwatermark(stream->socket, EV_READ, 0, listener->input_max);
	set_idle(stream);
	stream->session = listener->handler->opened(stream, listener->arg);
	if (stream->session == NULL)
		end(stream, STREAM_CLOSED);
	else if (!stream->held && !stream->finish && !stream->over)
		bufferevent_enable(stream->socket, EV_READ);
	settle(stream);
	return true;
}

static void on_pause_over(void *arg)
{
	accept_again(arg);
}

/* It cannot be taken now: no descriptors, no memory. */
static void wait_awhile(struct listener *listener, int error)
{
	loop_fd_want(listener->watched, 0);
	loop_timer_set(listener->pause, PAUSE_MS);
	if (log_once(&listener->complaint, error, clock_monotonic_ms(), COMPLAIN_MS))
		log_say(LOG_ERR, "cannot take a connection, will try again: %s", strerror(error));
}

static void on_connection(int fd, unsigned ready, void *arg)
{
	struct listener *listener = arg;
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof from;
	int client = accept4(fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)ready;
	if (client < 0) {
		/* the client has given up, or another process was faster */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			wait_awhile(listener, errno);
		return;
	}
	if (!stream_new(listener, client, &from)) {
		close(client);
		wait_awhile(listener, ENOMEM);
		return;
	}
	log_over(&listener->complaint, NULL);
	accept_again(listener);
}

/* ---- the listener ---- */

/* Returns false after logging why not. */
static bool find_owner(const struct listener_options *options, uid_t *owner, gid_t *group)
{
	*owner = (uid_t)-1;
	*group = (gid_t)-1;
	if (options->owner != NULL && *options->owner != '\0' &&
	    !user_find(options->owner, owner)) {
		log_say(LOG_ERR, "cannot listen at %s: there is no user '%s'", options->address,
		    options->owner);
		return false;
	}
	if (options->group != NULL && *options->group != '\0' &&
	    !user_find_group(options->group, group)) {
		log_say(LOG_ERR, "cannot listen at %s: there is no group '%s'", options->address,
		    options->group);
		return false;
	}
	return true;
}

void listener_configure(struct listener *listener, const struct listener_options *options)
{
	listener->connections_max = options->connections_max;
	listener->input_max = options->input_max;
	listener->output_max = options->output_max;
	listener->idle_ms = options->idle_ms;
	if (listener->watched != NULL)
		accept_again(listener);
}

struct listener *listener_new(struct loop *loop, const struct listener_options *options,
    const struct stream_handler *handler, void *arg)
{
	struct listener *listener = calloc(1, sizeof *listener);
	struct endpoint address;
	uid_t owner;
	gid_t group;

	if (listener == NULL) {
		log_say(LOG_ERR, "out of memory");
		return NULL;
	}
	*listener = (struct listener){ .loop = loop, .fd = -1, .handler = handler, .arg = arg };
	listener_configure(listener, options);
	if (!endpoint_parse(options->address, &address))
		log_say(LOG_ERR, "cannot listen at '%s': not the address of a socket",
		    options->address);
	else if (find_owner(options, &owner, &group))
		listener->fd =
		    endpoint_listen(&address, options->address, options->mode, owner, group);
	if (listener->fd >= 0) {
		listener->watched = loop_fd_new(loop, listener->fd, on_connection, listener);
		listener->pause = loop_timer_new(loop, on_pause_over, listener);
		if (listener->watched != NULL && listener->pause != NULL &&
		    loop_fd_want(listener->watched, LOOP_READ))
			return listener;
		log_say(LOG_ERR, "out of memory");
	}
	listener_free(listener);
	return NULL;
}

void listener_free(struct listener *listener)
{
	if (listener == NULL)
		return;
	while (listener->streams != NULL) {
		listener->streams->why = STREAM_CLOSED;
		stream_free(listener->streams);
	}
	loop_fd_free(listener->watched);
	loop_timer_free(listener->pause);
	if (listener->fd >= 0)
		close(listener->fd);
	free(listener);
}

uint16_t listener_port(const struct listener *listener)
{
	struct sockaddr_storage bound = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof bound;

	if (getsockname(listener->fd, (struct sockaddr *)&bound, &size) != 0)
		return 0;
	if (bound.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&bound)->sin_port);
	if (bound.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&bound)->sin6_port);
	return 0;
}

size_t listener_count(const struct listener *listener)
{
	return listener->count;
}

/* ---- what a program does with a connection ---- */

const char *stream_peer(const struct stream *stream)
{
	return stream->peer;
}

uid_t stream_uid(const struct stream *stream)
{
	return stream->uid;
}

void stream_send(struct stream *stream, const void *bytes, size_t size)
{
	if (stream->over)
		return;
	if (bufferevent_write(stream->socket, bytes, size) != 0)
		end(stream, STREAM_FAILED);
	else if (unsent(stream) > stream->listener->output_max)
		end(stream, STREAM_FLOODED);
	if (stream->over)
		settle_soon(stream);
}

void stream_hold(struct stream *stream, bool hold)
{
	if (stream->over || stream->finish || stream->held == hold)
		return;
	stream->held = hold;
	if (hold) {
		bufferevent_disable(stream->socket, EV_READ);
		return;
	}
	if (!stream->ended)
		bufferevent_enable(stream->socket, EV_READ);
	bufferevent_trigger(
	    stream->socket, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

void stream_finish(struct stream *stream)
{
	if (stream->over)
		return;
	stream->finish = true;
	bufferevent_disable(stream->socket, EV_READ);
	settle_soon(stream);
}

void stream_close(struct stream *stream)
{
	end(stream, STREAM_CLOSED);
	settle_soon(stream);
}
