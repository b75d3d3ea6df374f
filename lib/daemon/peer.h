/* SPDX-License-Identifier: BSD-2-Clause
 *
 * peer.h - datagrams from processes of this host, with the kernel's word on who
 * sent them
 *
 * Owns: the socket and its name, the credentials (SCM_CREDENTIALS,
 * SO_PEERCRED). A sender is never made to wait: what the queue does not take,
 * the kernel refuses.  Leaves to the caller: who may send what, and how much.
 */
#ifndef DAEMON_PEER_H
#define DAEMON_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define PEER_NOBODY ((uid_t)-1) /* a sender that the kernel did not name */

struct peer {
	uid_t uid;
	bool whole; /* the datagram fit into the buffer */
};

/* Binds PATH, in place of a socket that an earlier run left there, and nothing
 * else, with MODE (0666 and the like); root may send whatever the mode.
 * Returns a descriptor, which is not blocking, or -1 with errno set: EEXIST
 * when something else than a socket has the name, ENAMETOOLONG, and those of
 * bind(2). */
int peer_open(const char *path, mode_t mode);

/* Takes one datagram from FD into the SIZE bytes of TEXT, and puts a NUL behind
 * it: at most SIZE - 1 bytes of it are there.
 * Returns its size, or -1 when nothing waits. */
ssize_t peer_receive(int fd, char *text, size_t size, struct peer *peer);

/* Who is at the other end of the connected Unix socket FD?  PEER_NOBODY if that
 * cannot be told. */
uid_t peer_of(int fd);

/* Removes the socket PATH; what is no socket stays.  Returns false with errno
 * set if something is still there. */
bool peer_clear_name(const char *path);

#endif
