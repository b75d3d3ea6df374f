/* SPDX-License-Identifier: BSD-2-Clause
 *
 * catalogue.h - the POP and IMAP servers we know: their tags, and the expressions their lines match
 *
 * Owns: the definition files servers.d/NAME.conf (relayers-servers(5)), their samples, the way from a tag to the servers that use
 * it.  A definition that fails one of its own samples is refused like a mistake of syntax.
 * Leaves to others: what to do about a line.
 */
#ifndef POPWATCH_CATALOGUE_H
#define POPWATCH_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "span.h"
#include "pattern.h"

/* What a line means. */
enum role {
	ROLE_NONE, /* of no meaning to us */
	ROLE_CONNECT, /* a client connected: the address of the logins of this process */
	ROLE_LOGIN, /* a user proved who he is */
	ROLE_FAIL, /* a login that failed */
	ROLE_LOGOUT, /* a connection ended */
	ROLE_START, /* the server was started anew: no connection of it is open any more */
	ROLES
};

/* How often what was seen. */
struct tally {
	uint64_t lines; /* lines with one of the server's tags */
	uint64_t role[ROLES]; /* of them by meaning */
	uint64_t doubted; /* not believed: they follow a cut line, are too long, or have a word twice */
	uint64_t stopped; /* the match limit was reached */
};

struct expression {
	enum role role;
	struct pattern *pattern;
};

struct server {
	char *name;
	char **tags; /* NULL at the end, as the next one */
	char **journal; /* each "_FIELD=VALUE ...": trusted fields that one of its entries has */
	char **once; /* words that the server alone writes: a line in which one stands twice is no login */
	char *warning; /* what an administrator must know who enables it; NULL: nothing */
	bool by_name_only; /* "all" leaves it out */
	bool by_pid; /* lines of one connection have the same process id */
	bool one_try; /* a failed login ends the connection */
	size_t cut; /* messages of this size or more were cut by the logger; 0: it does not cut */
	struct pattern *cut_only; /* of these alone the messages that it matches; NULL: all */
	bool shared_logger; /* one logger writes for many connections: a rest may come later, see truncation.h */
	char *instead_of; /* the definition that must not count beside this one; NULL: none */
	size_t longest; /* longer messages are not believed */
	int64_t session_max; /* seconds that a connection may stay open; 0: as configured */
	struct expression *expressions;
	size_t count;
	struct tally tally;
	struct server *next; /* the next one in the catalogue, by name */
};

struct catalogue;

/* Reads the definitions NAMES (NULL at the end) from FOLDERS (NULL at the
 * end): NAME.conf of an earlier folder hides that of a later one.  A folder
 * that does not exist has no files.  The name "all" means every file there is;
 * if not EVERY, it leaves out those that count by their name alone, unless they
 * are named beside it.
 * Every mistake is told to ERRORS.  Returns the catalogue (catalogue_free()
 * it), or NULL when there were mistakes or no memory. */
struct catalogue *catalogue_load(const char *const *folders, char *const *names, bool every, struct conf_errors *errors);

/* Frees it with its servers; a NULL is fine. */
void catalogue_free(struct catalogue *catalogue);

/* The first server, in the order of names; NULL for an empty catalogue. */
struct server *catalogue_servers(const struct catalogue *catalogue);

/* Has one of its servers a rule for the journal? */
bool catalogue_has_journal(const struct catalogue *catalogue);

/* The names of the definitions that "all" has left out: a list, see list.h. */
char *const *catalogue_left_out(const struct catalogue *catalogue);

/* The servers that use TAG, at most CATALOGUE_SHARED, NULL after the last.  Returns NULL if there is none. */
#define CATALOGUE_SHARED 8
struct server *const *catalogue_find(const struct catalogue *catalogue, struct span tag);

/* What MESSAGE means to SERVER.  CAPTURES is filled in unless it is ROLE_NONE.  Counts in the server's tally. */
enum role server_read(struct server *server, struct span message, struct captures *captures);

/* The same for a message that must not be believed: it counts as doubted, and as none of its role. */
enum role server_read_doubted(struct server *server, struct span message, struct captures *captures);

/* The name of a role, as the definition files have it ("login"). */
const char *role_name(enum role role);

/* A catalogue of one definition, given as TEXT instead of a file; FILE is its name.  For tests.  Returns as catalogue_load(). */
struct catalogue *catalogue_load_text(const char *file, const char *text, struct conf_errors *errors);

#endif
