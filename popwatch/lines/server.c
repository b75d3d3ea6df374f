/* SPDX-License-Identifier: BSD-2-Clause
 *
 * server.c - one POP or IMAP server, see server.h
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>

#include "elements.h"
#include "list.h"
#include "once.h"

static const char *const roles[ROLES] = { "none", "connect", "login", "fail", "logout", "start" };

const char *role_name(enum role role)
{
	return roles[role];
}

void server_free(struct server *server)
{
	size_t i;

	if (server == NULL)
		return;
	for (i = 0; i < server->count; i++)
		pattern_free(server->expressions[i].pattern);
	free(server->expressions);
	list_free(server->tags);
	list_free(server->journal);
	list_free(server->once);
	list_free(server->binaries);
	bound_free(server->bounds);
	pattern_free(server->cut_only);
	free(server->warning);
	free(server->instead_of);
	free(server->elements);
	free(server->name);
	free(server);
}

/* PATTERN in place of all its expressions of a login, of which there is one at
 * least. */
static void replace_logins(struct server *server, struct pattern *pattern)
{
	struct expression first = { ROLE_LOGIN, pattern }, next;
	size_t kept = 0;

	for (size_t i = 0; i < server->count; i++) {
		next = server->expressions[i];
		if (next.role == ROLE_LOGIN)
			pattern_free(next.pattern);
		else
			server->expressions[kept++] = next;
	}
	server->expressions[kept++] = first;
	server->count = kept;
	server->beginnings = (struct beginnings){ 0 };
}

void server_set_elements(
    struct server *server, const char *elements, const struct conf_place *place)
{
	char error[256], **once;
	char *expression = elements_expression(
	    server->elements, elements, server->proxied, &once, error, sizeof error);
	struct pattern *pattern =
	    expression != NULL ? pattern_new(expression, error, sizeof error) : NULL;

	free(expression);
	if (pattern == NULL) {
		list_free(once);
		conf_error(place, "elements: %s", error);
		return;
	}
	replace_logins(server, pattern);
	list_free(server->once);
	server->once = once;
}

/* ---- reading messages ---- */

static uint64_t find_out(struct span beginning, const void *arg)
{
	const struct server *server = arg;
	uint64_t may = 0;

	for (size_t i = 0; i < server->count && i < BEGINNING_BITS; i++) {
		if (pattern_may_begin(server->expressions[i].pattern, beginning))
			may |= UINT64_C(1) << i;
	}
	return may;
}

uint64_t server_may_match(struct server *server, struct span message)
{
	return beginnings_may(&server->beginnings, message, find_out, server);
}

static enum role match(struct server *server, struct span message, struct captures *captures)
{
	uint64_t may = server_may_match(server, message);
	enum role role = ROLE_NONE;

	for (size_t i = 0; i < server->count && role == ROLE_NONE; i++) {
		if (i < BEGINNING_BITS && (may >> i & 1) == 0)
			continue;
		switch (pattern_match(server->expressions[i].pattern, message, captures)) {
		case PATTERN_YES:
			role = server->expressions[i].role;
			break;
		case PATTERN_STOPPED:
			server->tally.stopped++;
			break;
		case PATTERN_NO:
			break;
		}
	}
	return role;
}

enum role server_read(struct server *server, struct span message, struct captures *captures)
{
	enum role role = match(server, message, captures);

	server->tally.lines++;
	if (role == ROLE_LOGIN && once_broken(message, server->once)) {
		server->tally.doubted++;
		role = ROLE_NONE;
	}
	server->tally.role[role]++;
	return role;
}

enum role server_read_doubted(struct server *server, struct span message, struct captures *captures)
{
	enum role role = match(server, message, captures);

	server->tally.lines++;
	server->tally.doubted++;
	return role == ROLE_LOGIN && once_broken(message, server->once) ? ROLE_NONE : role;
}

bool server_read_unproved(struct server *server, struct span message)
{
	struct captures captures;

	if (match(server, message, &captures) != ROLE_LOGIN)
		return false;
	server->tally.unproved++;
	return true;
}
