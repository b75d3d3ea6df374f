/* SPDX-License-Identifier: BSD-2-Clause
 *
 * service.h - living in the background: detaching, being the only one, the pid file
 */
#ifndef POPWATCH_SERVICE_H
#define POPWATCH_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

/* Goes on in a new session, in a child.  The parent waits until service_ready() and leaves with status 0, or until the child
 * dies and leaves with its status.  Call it before there are threads.  Returns, in the child, false if that failed. */
bool service_detach(void);

/* Lets the parent go, and standard input, output and error with it. */
void service_ready(void);

/* Sees to it that only one process at a time has the file STATE and what goes with it: locks STATE.lock, which stays open while we
 * live, and stays there.  If root makes it, it becomes that of USER (rights_drop()).
 * Returns EX_OK; or, after logging why, EX_TEMPFAIL when a living process holds it, EX_CANTCREAT when it cannot be opened. */
int service_lock(const char *state, const char *user);

/* Writes our process id to PATH, unless a living process holds it: the file stays open and locked while we live.
 * USER is who will need its folder.  Returns the same. */
int service_pid_file(const char *path, const char *user);

/* Puts a sentence into the SIZE bytes of TEXT: that the folder of PATH is missing, and how root makes it for USER ("": nobody
 * else).  Returns TEXT. */
const char *service_missing_folder(const char *path, const char *user, char *text, size_t size);

#endif
