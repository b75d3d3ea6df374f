/* SPDX-License-Identifier: BSD-2-Clause
 *
 * listener.h - stream sockets that clients connect to, and their connections
 *
 * Owns: binding with owner, group and mode; sockets that systemd holds; the
 * number of connections at once; the time that a connection may be idle; the
 * buffers of a connection (libevent's).  Leaves to the caller: what the bytes
 * mean.
 *
 * A client cannot make us keep more than INPUT_MAX bytes that are not
 * understood yet, nor more than OUTPUT_MAX that it does not read: its
 * connection is closed. While there are CONNECTIONS_MAX of them, further ones
 * wait in the kernel.
 */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct listener;
struct stream;

/* Why a connection is over. */
enum stream_end {
	STREAM_CLOSED, /* by either side, in good order */
	STREAM_IDLE, /* nothing came or went for IDLE_MS */
	STREAM_FLOODED, /* INPUT_MAX or OUTPUT_MAX was reached */
	STREAM_FAILED /* an error of the socket, or no memory */
};

/* What a program does with a connection.  SESSION is what OPENED returned. */
struct stream_handler {
	/* A connection was made.  Returns the program's part of it, or NULL to
	 * close it at once (CLOSED is then not called). */
	void *(*opened)(struct stream *stream, void *arg);
	/* SIZE bytes wait, in one piece.  Returns how many were taken; the rest
	 * comes again when there is more.  It may call any function of this
	 * header. */
	size_t (*input)(struct stream *stream, const char *bytes, size_t size, void *session);
	/* The client has sent all that it will.  What waits to be written still
	 * is, and then the connection is closed, unless this is not NULL: then
	 * the program calls stream_finish() when it has answered. */
	void (*ended)(struct stream *stream, void *session);
	/* The connection is over: frees SESSION.  Called once, from the loop,
	 * never inside another of these or inside a call of the program's. */
	void (*closed)(enum stream_end why, void *session);
};

struct listener_options {
	/* "/PATH", "unix:/PATH" or "local:/PATH"; "inet:PORT@ADDRESS",
	 * "inet6:PORT@ADDRESS" or "ADDRESS:PORT" ("[ADDRESS]:PORT" for IPv6),
	 * by numbers; "systemd:NAME": the socket with this
	 * FileDescriptorName=.  A socket of systemd's that is bound to the
	 * address is taken for it. */
	const char *address;
	const char *owner; /* of a Unix socket, by name or number; "" or NULL: who makes it */
	const char *group;
	mode_t mode; /* of a Unix socket */
	size_t connections_max;
	int64_t idle_ms;
	size_t input_max;
	size_t output_max;
};

/* Is ADDRESS of one of these forms?  For the configuration: nothing is bound,
 * and users are not looked up. */
bool listener_understands(const char *address);

/* Binds and listens, while we may, and accepts from LOOP on.  A Unix socket
 * that nobody listens at is replaced; one that somebody listens at, or another
 * kind of file, is not.  The strings of OPTIONS are not needed afterwards;
 * HANDLER and ARG must outlive it.  Returns NULL after logging why not. */
struct listener *listener_new(struct loop *loop, const struct listener_options *options,
    const struct stream_handler *handler, void *arg);

/* New limits, after the configuration was read again: for what comes.  Address,
 * owner, group and mode stay as they are. */
void listener_configure(struct listener *listener, const struct listener_options *options);

/* Closes the listener and its connections, calling CLOSED for each; not from
 * one of the handlers, which loop_stop() is for.  The name of a Unix socket
 * stays: clients see that nobody listens.  NULL is fine. */
void listener_free(struct listener *listener);

/* The port that was bound, for tests that let the kernel choose; 0 for a Unix
 * socket. */
uint16_t listener_port(const struct listener *listener);

/* How many connections are open. */
size_t listener_count(const struct listener *listener);

/* ---- connections ---- */

/* The client, as a message may show it: its address, or "uid N". */
const char *stream_peer(const struct stream *stream);

/* The uid of a client at a Unix socket; PEER_NOBODY for others. */
uid_t stream_uid(const struct stream *stream);

/* Sends a copy of SIZE bytes, as soon as the client takes them. */
void stream_send(struct stream *stream, const void *bytes, size_t size);

/* Reads no more, and does not count as idle, while HOLD: an answer is waited
 * for. What had come meanwhile is handed on when it is let go. */
void stream_hold(struct stream *stream, bool hold);

/* Closes the connection once everything is sent. */
void stream_finish(struct stream *stream);

/* Closes it at once. */
void stream_close(struct stream *stream);

#endif
