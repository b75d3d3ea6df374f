/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address.h - the addresses of stream sockets, as a configuration writes them
 *
 * Owns: the forms, see struct listener_options, and what bind(2) and connect(2)
 * want of them.  Numbers only: no name is looked up.
 */
#ifndef DAEMON_ADDRESS_H
#define DAEMON_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum address_kind { ADDRESS_UNIX, ADDRESS_INET, ADDRESS_SYSTEMD };

struct address {
	enum address_kind kind;
	const char *path; /* of ADDRESS_UNIX; the name of ADDRESS_SYSTEMD; into the text */
	struct sockaddr_storage socket; /* of ADDRESS_INET */
	socklen_t size;
};

/* Takes TEXT apart.  Returns false if it has none of the forms. */
bool address_parse(const char *text, struct address *address);

/* Binds a socket that listens at ADDRESS, which is named TEXT in messages.  A
 * Unix socket gets MODE, and the owner and group of these ids ((uid_t)-1: as
 * they are).
 * Returns a descriptor, which is not blocking, or -1 after logging why not. */
int address_listen(
    const struct address *address, const char *text, mode_t mode, uid_t owner, gid_t group);

#endif
