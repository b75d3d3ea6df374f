/* SPDX-License-Identifier: BSD-2-Clause
 *
 * socket.h - logins that hooks hand over in a datagram each: "login ADDRESS
 * USER SERVICE"
 *
 * Owns: the socket, who may send (the kernel says who did: SCM_CREDENTIALS),
 * the limit of a flood.  A sender is never made to wait: what the queue does
 * not take, the kernel refuses; what a user besides root sends too much of in a
 * second is dropped, counted and reported.  Words hold no blanks; one that is
 * not known is "-".
 */
#ifndef POPWATCH_SOURCE_SOCKET_H
#define POPWATCH_SOURCE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SOCKET_FLOOD 2000 /* datagrams that are taken of a user in a second */

struct source_socket;

struct socket_tally {
	uint64_t logins;
	uint64_t strangers; /* of users that may not */
	uint64_t malformed;
	uint64_t flooded;
};

/* Binds PATH, in place of a socket that is there, for root and the COUNT users
 * UIDS.  Returns NULL after logging why not. */
struct source_socket *source_socket_new(const char *path, const uid_t *uids, size_t count);

/* Takes the datagrams of root and the COUNT users UIDS from now on; what waits
 * is judged by that too.  Without memory, after logging that, those of root
 * alone.  The name keeps its mode: it lets nobody but root in if there were no
 * users when it was bound. */
void source_socket_configure(struct source_socket *source, const uid_t *uids, size_t count);

/* Takes no more: what waits can still be read, all of it at once, and senders
 * see that nobody listens. */
void source_socket_close(struct source_socket *source);

/* Frees it; a NULL is fine.  The name stays: senders see that nobody
 * listens. */
void source_socket_free(struct source_socket *source);

int source_socket_fd(const struct source_socket *source);

/* Takes in what waits.  TAKE gets each login: ADDRESS as it was sent, USER and
 * SERVICE printable. */
void source_socket_read(struct source_socket *source, int64_t now,
    void (*take)(const char *address, const char *user, const char *service, void *arg), void *arg);

const struct socket_tally *source_socket_tally(const struct source_socket *source);

#endif
