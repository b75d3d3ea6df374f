/* SPDX-License-Identifier: BSD-2-Clause
 *
 * sandbox.h - giving up rights before the first byte of a stranger is read
 *
 * Sole home of <linux/landlock.h>; the calls are in syscalls.c.  Owns: no new
 * privileges, Landlock (which directories may be read and written, which TCP
 * ports may be connected to), seccomp (which system calls).  A program says
 * what it does, as bits; what that needs of the kernel is known here.  What no
 * bit stands for fails with EPERM: exec, new processes, ptrace, mounts, other
 * users, other kinds of sockets.
 *
 * The order of a daemon: open and bind what needs root, user_become(),
 * sandbox_enter(), then threads and the loop.  Directories, not files, are let
 * through where files are replaced or rotated.
 * Limits: a kernel without Landlock or seccomp is reported and goes on without.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rights.h"

#define SANDBOX_PORTS 16

/* Zero at first, except for CAN. */
struct sandbox {
	unsigned can; /* bits of enum sandbox_can */
	char **readable;
	char **writable;
	uint16_t ports[SANDBOX_PORTS];
	size_t port_count;
};

/* Lets PATH, or everything below it, be read, or be written too (WRITE); of a
 * link the place it leads to as well.  PATH need not exist; what does not exist
 * when sandbox_enter() is called stays out of reach.
 * Returns false without memory. */
bool sandbox_add(struct sandbox *sandbox, const char *path, bool write);

/* The same for the directory that PATH is in, and where PATH is a link, for the
 * directory of what it leads to. */
bool sandbox_add_directory_of(struct sandbox *sandbox, const char *path, bool write);

/* Lets TCP connections be made to PORT, where the kernel can tell (Linux 6.7).
 * With CAN_ASK_DNS name the resolver's ports.  Returns false beyond
 * SANDBOX_PORTS. */
bool sandbox_connect(struct sandbox *sandbox, uint16_t port);

/* May a file PATH, which need not exist, be opened in this sandbox?  What
 * counts is where links lead to now.  For a reload: what is not allowed needs a
 * restart. */
bool sandbox_allows(const struct sandbox *sandbox, const char *path, bool write);

/* May a connection be made to PORT? */
bool sandbox_allows_port(const struct sandbox *sandbox, uint16_t port);

/* Frees the lists. */
void sandbox_clear(struct sandbox *sandbox);

/* Closes the door, for the whole process and the threads that it will start.
 * Returns false after logging why not; a kernel that lacks one of them is no
 * error. */
bool sandbox_enter(const struct sandbox *sandbox);

#endif
