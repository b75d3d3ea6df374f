/* SPDX-License-Identifier: BSD-2-Clause
 *
 * service.h - living in the background: detaching, being the only one, the pid
 * file, what signals ask for
 *
 * Names the program as log_open() was told.  One process-wide state: a process
 * is one service.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

struct loop;

/* Continues in a new session, in a child.  The parent waits until
 * service_ready() and leaves with status 0, or until the child dies and leaves
 * with its status. Call it before there are threads and before loop_new().
 * Returns, in the child, false after logging why it failed. */
bool service_detach(void);

/* Lets the parent go, and standard input, output and error with it.  Does
 * nothing without service_detach(). */
void service_ready(void);

/* Takes what there may be only once, while we live.
 * STATE (NULL: none): locks STATE.lock, which stays; if root makes it, it
 * becomes that of USER (user_become()).
 * PID_FILE ("": none): writes our process id there, and keeps it locked; USER
 * is who will need its directory.
 * Returns EX_OK; or, after logging why, EX_TEMPFAIL when a living process holds
 * one of them, EX_CANTCREAT when one cannot be opened or written. */
int service_claim(const char *state, const char *pid_file, const char *user);

/* Puts a sentence into the SIZE bytes of TEXT: that the directory of PATH is
 * missing, and how root makes it for USER ("": nobody else).  Returns TEXT. */
const char *service_missing_directory(const char *path, const char *user, char *text, size_t size);

/* What a signal asks for: TERM and INT, HUP, USR1. */
enum service_request { SERVICE_STOP, SERVICE_RELOAD, SERVICE_REPORT };

typedef void service_fn(enum service_request request, void *arg);

/* Calls ASK from LOOP for each of these signals, and ignores SIGPIPE.  Call it
 * before service_ready(), so that none is lost.  Returns false after logging
 * why not. */
bool service_signals(struct loop *loop, service_fn *ask, void *arg);

#endif
