/* SPDX-License-Identifier: BSD-2-Clause
 *
 * session_key.h - what connections and logins are known by
 *
 * A key is text, since the state file has it: parts with blanks between and
 * none in them, the first of which says what it is the key of.
 *
 *   c HOST TAG PID LOG  a connection that waits for its login; in place of PID
 *                       the session, where one logger writes for all of them;
 *                       LOG is a sum of the log's name.  Two logs may have the
 *                       same lines, and one is behind the other: a process of
 *                       this number in the other one may be a later
 *                       one
 *   o HOST SERVER ID    an open login, by its session or its process id
 *   e HOST SERVER ID    a login whose end was logged before it; never saved
 *   k HOST SERVER KIND  a server that is known to log logouts of that kind
 */
#ifndef POPWATCH_SESSION_KEY_H
#define POPWATCH_SESSION_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <stdint.h>

#include "event.h"
#include "relaydb.h"

#define SESSION_KEY_MAX 400

enum { SESSION_CONNECTION = 'c', SESSION_OPEN = 'o', SESSION_ENDED = 'e', SESSION_MARK = 'k' };

/* That logouts of this kind are logged: host, server, tag, and the kind, if an
 * expression has a group of that name. */
bool session_mark_key(const struct event *event, char key[SESSION_KEY_MAX]);

/* The keys of what an event is about.  Return false if it has none: a part is
 * missing, unprintable or too long; it is then not followed. */
bool session_connection_key(const struct event *event, char key[SESSION_KEY_MAX]);
bool session_open_key(const struct event *event, char key[SESSION_KEY_MAX]);

/* By its session alone, which is never used again, as a process id is. */
bool session_ended_key(const struct event *event, char key[SESSION_KEY_MAX]);

/* The key of KIND for a server: of its mark, or the beginning of those of all
 * its open logins, up to and without the last part; *SIZE is its length. */
bool session_server_key(
    const struct event *event, char kind, char key[SESSION_KEY_MAX], size_t *size);

/* Is TEXT a key that the state file may have? */
bool session_is_key(const char *text);

/* A line of the state file behind its first word, "session". */
struct session_saved {
	int64_t since, seen, until;
	char address[RELAYDB_ADDRSTRLEN]; /* "": a mark has none */
	const char *key; /* into the line */
};

/* Takes LINE apart.  Returns false if it is not one that sessions_save() could
 * have written. */
bool session_parse(const char *line, struct session_saved *saved);

/* Is KEY, of a login or a mark, one of the server NAME? */
bool session_key_is_of(const char *key, const char *name);

#endif
