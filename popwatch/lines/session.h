/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session.h - what belongs together over several lines: a connection and its
 * login, a login and its logout
 *
 * Owns: the table of connections that have not logged in yet, by (host, tag,
 * process id), and of logins that have not logged out yet, by (host, server,
 * session or process id); the marks of servers that are known to log logouts,
 * by (host, server): a login of any other is not followed, for it would seem
 * open for ever; the limits in number and time; the text in the state file.
 * Leaves to others: what a line means, and whether an address counts.
 *
 * Half of the table is for connections, which anybody can make, half for what
 * logins have made.  A half is full: what is too old makes room, then the
 * oldest entry of that half, which is counted.  Times are those of the lines.
 */
#ifndef POPWATCH_SESSION_H
#define POPWATCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "event.h"

struct sessions;

/* A table of at most LIMIT entries (two at least); a connection waits JOIN_MAX
 * seconds for its login, a login at most SESSION_MAX seconds for its logout (0:
 * open connections are not followed).  Returns NULL without memory. */
struct sessions *sessions_new(size_t limit, int64_t join_max, int64_t session_max);

/* Frees it; a NULL is fine. */
void sessions_free(struct sessions *sessions);

/* New times, after the configuration was read again: for what comes.  See
 * sessions_apply_limits() for what is there. */
void sessions_configure(struct sessions *sessions, int64_t join_max, int64_t session_max);

/* The times for what is in the table already, after it was restored or they
 * have changed: whatever is to end earlier by them does, open connections that
 * are not followed any more are forgotten, and so is what belongs to none of
 * DEFINITIONS (the first of a catalogue; what waits for a login, which they
 * cannot have, is left to its time). */
void sessions_apply_limits(struct sessions *sessions, const struct definition *definitions);

/* Takes an event in and completes it: a login gets its address, from its own
 * line or from its connection, a logout that of its login.  Returns true when
 * the event now has an address (of a login or logout), false when there is
 * nothing to do with it. */
bool sessions_take(struct sessions *sessions, struct event *event);

/* Takes an event in that must not be believed: it ends what it may have ended,
 * and gives nothing, no address, no connection, no proof that logouts are
 * logged. */
void sessions_take_doubted(struct sessions *sessions, const struct event *event);

/* Where one logger writes for many connections: was the connection of this
 * login logged, with its address, and has it neither failed nor been used
 * up? */
bool sessions_connected(const struct sessions *sessions, struct event *event);

#define SESSIONS_SWEEP_MAX 10 /* seconds */

/* How often, in seconds, to look at the open connections, so that the address
 * of none of them falls out of WINDOW. */
static inline int64_t sessions_sweep_every(int64_t window)
{
	return window / 4 < SESSIONS_SWEEP_MAX ? window / 4 : SESSIONS_SWEEP_MAX;
}

/* After how many seconds to record the address of an open connection again, for
 * the same purpose, whatever else REFRESH says: it is noticed one sweep late,
 * and committed before the next one. */
static inline int64_t sessions_refresh_every(int64_t window, int64_t refresh)
{
	int64_t every = window / 4 > refresh ? window / 4 : refresh;
	int64_t most = window - 2 * sessions_sweep_every(window);

	return every < most ? every : most;
}

/* Drops what is too old at NOW. */
void sessions_sweep(struct sessions *sessions, int64_t now);

/* Calls EACH for the address of every open connection that was not seen for
 * EVERY seconds, with when it was, and notes NOW as seen.  EACH must not use
 * the table. */
typedef void sessions_refresh_fn(const char *address, int64_t seen, void *arg);
void sessions_refresh(
    struct sessions *sessions, int64_t now, int64_t every, sessions_refresh_fn *each, void *arg);

/* Forgets the open connections, not what they recorded: the machine was started
 * again at BOOT.  Logins of before, which are still to be read, are not open
 * either. */
void sessions_forget(struct sessions *sessions, int64_t boot);

size_t sessions_count(const struct sessions *sessions); /* entries now, of any kind */
size_t sessions_open(const struct sessions *sessions); /* of them: logins without a logout yet */
/* entries that had to make room, ever */
uint64_t sessions_dropped(const struct sessions *sessions);
bool sessions_changed(struct sessions *sessions); /* since the last call of sessions_save() */

/* Writes the table as lines "session ..." to OUT. */
void sessions_save(struct sessions *sessions, FILE *out);

/* Takes one of those lines back (without "session " and its end).  Returns
 * false if it is none; SESSIONS may be NULL to ask that alone. */
bool sessions_restore(struct sessions *sessions, const char *line);

#endif
