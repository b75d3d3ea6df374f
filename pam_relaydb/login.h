/* SPDX-License-Identifier: BSD-2-Clause
 *
 * login.h - a login that the account phase has seen, and how it is recorded in
 * the relay database
 *
 * Knows nothing of PAM: a login is a copy of all that recording needs, since
 * the server may settle it much later, when the items of its PAM handle have
 * changed or are gone.  Logs to authpriv, where PAM modules do.
 */
#ifndef PAM_RELAYDB_LOGIN_H
#define PAM_RELAYDB_LOGIN_H

#include "options.h"

#include <relaydb.h>

#define FIELD_MAX 128 /* as much of a user's name as a log line needs */

struct login {
	struct login *next;
	char address[RELAYDB_ADDRSTRLEN];
	char user[FIELD_MAX], service[FIELD_MAX]; /* each one printable word */
	struct options options; /* its paths are in PATHS */
	char paths[];
};

/* One word of a datagram or a log line: every byte of TEXT that is not
 * printable ASCII, and the blank, becomes '?'; an empty TEXT becomes "-"; a
 * long one is truncated. */
void login_word(char out[FIELD_MAX], const char *text);

/* Reads PAM_RHOST as servers give it: an address, in brackets or not.  False
 * for anything else, even a host name: no DNS inside a login. */
bool login_address(const char *rhost, char out[RELAYDB_ADDRSTRLEN]);

/* A copy of everything.  ADDRESS is in the store's form.  NULL: out of memory.
 * For free(3). */
struct login *login_new(
    const struct options *options, const char *address, const char *user, const char *service);

/* Would both be recorded in the same place? */
bool login_same_place(const struct login *login, const struct options *options);

/* Records the address as of now: one datagram to popwatch, which never blocks,
 * or, if nobody takes it, a commit, which gives up waiting for locks at the
 * timeout.  Logs the result. */
void login_record(const struct login *login);

/* Logs that the server ended its PAM handle without a success, if the options
 * have "debug". */
void login_refused(const struct login *login, int status);

#endif
