/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definition.h - the definition of a POP or IMAP server: its tags, and the
 * expressions its lines match
 *
 * Owns: what a message means to that server.  Its text is read by draft.h.
 */
#ifndef POPWATCH_DEFINITION_H
#define POPWATCH_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "beginning.h"
#include "bound.h"
#include "conf.h"
#include "pattern.h"
#include "span.h"

/* What a line means. */
enum role {
	ROLE_NONE, /* of no meaning to us */
	ROLE_CONNECT, /* a client connected: the address of the logins of this process */
	ROLE_LOGIN, /* a user proved who he is */
	ROLE_FAIL, /* a login that failed */
	ROLE_LOGOUT, /* a connection ended */
	ROLE_START, /* the server has restarted: none of its connections is open any more */
	ROLES
};

/* How often what was seen. */
struct tally {
	uint64_t lines; /* lines with one of the server's tags */
	uint64_t role[ROLES]; /* of them by meaning */
	/* not believed: they follow a cut line, are too long, or have a word
	 * twice */
	uint64_t doubted;
	/* they look like a login, and no expression takes them, nor one of
	 * another server with that tag; see nearmiss.h */
	uint64_t misses;
	uint64_t stopped; /* the match limit was reached */
	uint64_t unproved; /* look like its logins, but are not known to be its; none of LINES */
};

#define MISSED_MAX 161

struct expression {
	enum role role;
	struct pattern *pattern;
};

struct definition {
	char *name;
	char **tags; /* NULL at the end */
	char **journal; /* each "_FIELD=VALUE ...": trusted fields that one of its entries has */
	char **binaries; /* programs, one of which is there where the server is installed */
	/* the one that is, of BINARIES, see definitions.h; NULL: nobody
	 * looked */
	const char *found;
	/* words that the server alone writes: a line in which one stands twice
	 * is no login */
	char **once;
	char *warning; /* what an administrator must know who enables it; NULL: nothing */
	bool by_name_only; /* "all" leaves it out */
	bool by_pid; /* lines of one connection have the same process id */
	bool no_pid; /* in a file no line of it has a process id */
	bool one_try; /* a failed login ends the connection */
	size_t cut; /* messages of this size or more were cut by the logger; 0: it does not cut */
	/* of these alone the messages that it matches; NULL: all.  With a
	 * shared logger, all of those without a process id */
	struct pattern *cut_only;
	/* one logger writes for many connections: a rest may come later, see
	 * truncation.h */
	bool shared_logger;
	char *instead_of; /* the definition that must not count beside this one; NULL: none */
	/* what stands before Dovecot's elements in a login, see elements.h;
	 * NULL: it has none */
	char *elements;
	bool proxied; /* those of a proxied login */
	size_t longest; /* longer messages are not believed */
	struct bound *bounds; /* of connections; NULL: as configured */
	struct expression *expressions;
	size_t count;
	struct beginnings beginnings; /* of lines, and which of the expressions they may match */
	struct tally tally;
	struct tally reported; /* the same when it was last reported, see silence.h */
	char missed[MISSED_MAX]; /* how the last near miss begins */
	char writer[MISSED_MAX]; /* who wrote the last that was unproved */
	struct definition *next; /* the next one in the catalogue, by name */
};

/* Makes a login of DEFINITION, which has elements, one with ELEMENTS in their
 * order and no other: see elements.h.  Errors are reported to PLACE's. */
void definition_set_elements(
    struct definition *definition, const char *elements, const struct conf_place *place);

/* Frees it; a NULL is fine. */
void definition_free(struct definition *definition);

/* Which of its first BEGINNING_BITS expressions MESSAGE may match by how it
 * begins, see beginning.h. */
uint64_t definition_may_match(struct definition *definition, struct span message);

/* What MESSAGE means by DEFINITION.  CAPTURES is filled in unless it is
 * ROLE_NONE.  Counts in the definition's tally. */
enum role definition_read(
    struct definition *definition, struct span message, struct captures *captures);

/* The same for a message that must not be believed: it counts as doubted, and
 * as none of its role. */
enum role definition_read_doubted(
    struct definition *definition, struct span message, struct captures *captures);

/* Is MESSAGE, which the server may not have written, like a login of
 * DEFINITION?  Then it counts as unproved, and as nothing else. */
bool definition_read_unproved(struct definition *definition, struct span message);

/* The name of a role, as the definition files have it ("login"). */
const char *role_name(enum role role);

#endif
