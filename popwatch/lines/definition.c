/* SPDX-License-Identifier: BSD-2-Clause
 *
 * definition.c - what the lines of a server mean, see definition.h
 */
#include "definition.h"

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

void definition_free(struct definition *definition)
{
	size_t i;

	if (definition == NULL)
		return;
	for (i = 0; i < definition->count; i++)
		pattern_free(definition->expressions[i].pattern);
	free(definition->expressions);
	list_free(definition->tags);
	list_free(definition->journal);
	list_free(definition->once);
	list_free(definition->binaries);
	bound_free(definition->bounds);
	pattern_free(definition->cut_only);
	free(definition->warning);
	free(definition->instead_of);
	free(definition->elements);
	free(definition->name);
	free(definition);
}

/* PATTERN in place of all its expressions of a login, of which there is one at
 * least. */
static void replace_logins(struct definition *definition, struct pattern *pattern)
{
	struct expression first = { ROLE_LOGIN, pattern }, next;
	size_t kept = 0;

	for (size_t i = 0; i < definition->count; i++) {
		next = definition->expressions[i];
		if (next.role == ROLE_LOGIN)
			pattern_free(next.pattern);
		else
			definition->expressions[kept++] = next;
	}
	definition->expressions[kept++] = first;
	definition->count = kept;
	definition->beginnings = (struct beginnings){ 0 };
}

void definition_set_elements(
    struct definition *definition, const char *elements, const struct conf_place *place)
{
	char error[256], **once;
	char *expression = elements_expression(
	    definition->elements, elements, definition->proxied, &once, error, sizeof error);
	struct pattern *pattern =
	    expression != NULL ? pattern_new(expression, error, sizeof error) : NULL;

	free(expression);
	if (pattern == NULL) {
		list_free(once);
		conf_error(place, "elements: %s", error);
		return;
	}
	replace_logins(definition, pattern);
	list_free(definition->once);
	definition->once = once;
}

/* ---- reading messages ---- */

static uint64_t find_out(struct span beginning, const void *arg)
{
	const struct definition *definition = arg;
	uint64_t may = 0;

	for (size_t i = 0; i < definition->count && i < BEGINNING_BITS; i++) {
		if (pattern_may_begin(definition->expressions[i].pattern, beginning))
			may |= UINT64_C(1) << i;
	}
	return may;
}

uint64_t definition_may_match(struct definition *definition, struct span message)
{
	return beginnings_may(&definition->beginnings, message, find_out, definition);
}

static enum role match(
    struct definition *definition, struct span message, struct captures *captures)
{
	uint64_t may = definition_may_match(definition, message);
	enum role role = ROLE_NONE;

	for (size_t i = 0; i < definition->count && role == ROLE_NONE; i++) {
		if (i < BEGINNING_BITS && (may >> i & 1) == 0)
			continue;
		switch (pattern_match(definition->expressions[i].pattern, message, captures)) {
		case PATTERN_YES:
			role = definition->expressions[i].role;
			break;
		case PATTERN_STOPPED:
			definition->tally.stopped++;
			break;
		case PATTERN_NO:
			break;
		}
	}
	return role;
}

enum role definition_read(
    struct definition *definition, struct span message, struct captures *captures)
{
	enum role role = match(definition, message, captures);

	definition->tally.lines++;
	if (role == ROLE_LOGIN && once_broken(message, definition->once)) {
		definition->tally.doubted++;
		role = ROLE_NONE;
	}
	definition->tally.role[role]++;
	return role;
}

enum role definition_read_doubted(
    struct definition *definition, struct span message, struct captures *captures)
{
	enum role role = match(definition, message, captures);

	definition->tally.lines++;
	definition->tally.doubted++;
	return role == ROLE_LOGIN && once_broken(message, definition->once) ? ROLE_NONE : role;
}

bool definition_read_unproved(struct definition *definition, struct span message)
{
	struct captures captures;

	if (match(definition, message, &captures) != ROLE_LOGIN)
		return false;
	definition->tally.unproved++;
	return true;
}
