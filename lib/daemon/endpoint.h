/* SPDX-License-Identifier: BSD-2-Clause
 *
 * endpoint.h - the addresses of stream sockets, as a configuration writes them
 *
 * Owns: the forms, see struct listener_options, and what bind(2) and connect(2)
 * want of them.  Numbers only: no name is looked up.
 */
#ifndef DAEMON_ENDPOINT_H
#define DAEMON_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>

enum endpoint_kind { ENDPOINT_UNIX, ENDPOINT_INET, ENDPOINT_SYSTEMD };

struct endpoint {
	enum endpoint_kind kind;
	const char *path; /* of ENDPOINT_UNIX; the name of ENDPOINT_SYSTEMD; into the text */
	struct sockaddr_storage socket; /* of ENDPOINT_INET */
	socklen_t size;
};

/* Takes TEXT apart.  Returns false if it has none of the forms. */
bool endpoint_parse(const char *text, struct endpoint *address);

/* Binds a socket that listens at ADDRESS, which is named TEXT in messages, or
 * takes the one bound there that systemd has passed (sd_listen_fds(3)).  A Unix
 * socket that is made here gets MODE, and the owner and group of these ids
 * ((uid_t)-1: as they are).
 * Returns a descriptor, which is not blocking, or -1 after logging why not. */
int endpoint_listen(
    const struct endpoint *address, const char *text, mode_t mode, uid_t owner, gid_t group);

#endif
