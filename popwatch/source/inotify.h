/* SPDX-License-Identifier: BSD-2-Clause
 *
 * inotify.h - wakes the main loop when something happens in a directory
 *
 * Sole home of <inotifytools/inotifytools.h>.  That library has static state
 * and only a blocking call, so it lives in a thread of its own, which hands the
 * main loop a descriptor to poll.  It says that something happened, never what:
 * the sources look themselves, and once a second in any case, so that a lost
 * event costs a second.  Limits: one watch in a process.
 */
#ifndef POPWATCH_WATCH_H
#define POPWATCH_WATCH_H

#include <stdbool.h>

/* Starts the thread.  Returns a descriptor that becomes readable when something
 * happened, or -1 with errno set: then there is only the look once a second. */
int watch_start(void);

/* Watches the directory PATH for files whose names begin with PREFIX.  May be
 * called before and after watch_start(), again for the same too.  A directory
 * that does not exist yet is watched when it does, within a second. */
void watch_add(const char *path, const char *prefix);

/* Forgets all directories. */
void watch_clear(void);

/* Makes the descriptor unreadable again; call it before looking. */
void watch_drain(void);

/* Ends the thread. */
void watch_stop(void);

#endif
