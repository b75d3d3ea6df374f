/* SPDX-License-Identifier: BSD-2-Clause
 *
 * part.c - a pattern's text becomes a pattern
 *
 * Owns: the words of the language and where each may stand, and what tells a
 * network, an expression and a wildcard apart.
 */
#include "rules_int.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	enum kind kind;
	int roles;
	const char *where;
} words[] = {
	{ "ALL", KIND_ALL,
	    ROLE_CLIENT | ROLE_USER | ROLE_ADDRESS | ROLE_LEFT | ROLE_RIGHT | ROLE_SERVER, "" },
	{ "KNOWN", KIND_KNOWN, ROLE_CLIENT | ROLE_USER | ROLE_SERVER,
	    "the first list and behind NS=" },
	{ "UNKNOWN", KIND_UNKNOWN, ROLE_CLIENT | ROLE_SERVER, "the first list and behind NS=" },
	{ "FORGED", KIND_FORGED, ROLE_CLIENT, "the first list" },
	{ "POP", KIND_POP, ROLE_CLIENT, "the first list" },
	{ "AUTH", KIND_AUTH, ROLE_CLIENT, "the first list" },
	{ "LOCAL", KIND_LOCAL, ROLE_CLIENT, "the first list" },
	{ "USER", KIND_USER, ROLE_LEFT, "the second and third list, before an @" },
};

static bool starts(const char *text, size_t size, const char *prefix)
{
	return size >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

static struct pattern *pattern_at(struct parser *parser, size_t at, size_t size, enum kind kind)
{
	struct pattern *pattern = pool_get(&parser->rules->pool, sizeof *pattern);

	if (pattern == NULL)
		return NULL;
	pattern->kind = kind;
	line_place(&parser->line, at, &pattern->line, &pattern->column);
	pattern->text = pool_copy(&parser->rules->pool, parser->line.text + at, size);
	return pattern->text != NULL ? pattern : NULL;
}

/* Returns true if the part is a word, or was reported as one in a wrong
 * place. */
static bool parse_word(
    struct parser *parser, size_t at, size_t size, enum role role, struct pattern **pattern)
{
	const char *text = parser->line.text + at;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i].word) != size || memcmp(words[i].word, text, size) != 0)
			continue;
		if ((words[i].roles & (int)role) == 0)
			parser_error(parser, at, "%s is out of place here; it can stand in %s",
			    words[i].word, words[i].where);
		else
			*pattern = pattern_at(parser, at, size, words[i].kind);
		return true;
	}
	return false;
}

static struct pattern *parse_regex(struct parser *parser, size_t at, size_t size, enum role role)
{
	struct pattern *pattern;
	char why[160];
	size_t fault;

	if (role == ROLE_USER) {
		parser_error(parser, at,
		    "expression before the @ of a client; expected ALL, KNOWN or a wildcard");
		return NULL;
	}
	pattern = pattern_at(parser, at, size, KIND_REGEX);
	if (pattern == NULL)
		return NULL;
	pattern->regex = regex_new(
	    &parser->rules->regexes, parser->line.text + at + 1, size - 2, why, sizeof why, &fault);
	if (pattern->regex == NULL) {
		parser_error(parser, at + 1 + fault, "not a regular expression: %s", why);
		return NULL;
	}
	return pattern;
}

static struct pattern *parse_network(struct parser *parser, size_t at, size_t size)
{
	struct pattern *pattern = pattern_at(parser, at, size, KIND_NETWORK);
	bool brackets = size >= 2 && parser->line.text[at] == '[';
	char text[64] = "";

	if (pattern == NULL)
		return NULL;
	if (size < sizeof text) {
		memcpy(text, parser->line.text + at + brackets, size - 2 * brackets);
		text[size - 2 * brackets] = '\0';
	}
	if (ipnet_parse(text, &pattern->net))
		return pattern;
	parser_error(parser, at,
	    "not a network; expected 192.0.2.7, 192.0.2.0/24 or [2001:db8::/32], with no bit set "
	    "behind the mask");
	return NULL;
}

static struct pattern *parse_wildcard(struct parser *parser, size_t at, size_t size, enum role role)
{
	struct pattern *pattern = pattern_at(parser, at, size, KIND_WILDCARD);

	if (pattern != NULL)
		warn_pattern(parser, pattern, role);
	return pattern;
}

static bool looks_like_network(const char *text, size_t size)
{
	bool dot = false;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '.')
			dot = true;
		else if ((text[i] < '0' || text[i] > '9') && text[i] != '/')
			return false;
	}
	return dot;
}

static struct pattern *parse_part(struct parser *parser, size_t at, size_t size, enum role role);

static struct pattern *parse_servers(struct parser *parser, size_t at, size_t size, enum role role)
{
	struct pattern *pattern;

	if ((role & (ROLE_CLIENT | ROLE_ADDRESS | ROLE_RIGHT)) == 0) {
		parser_error(
		    parser, at, "NS= is out of place here; expected it for a client or a domain");
		return NULL;
	}
	pattern = pattern_at(parser, at, size, KIND_NS);
	if (pattern == NULL)
		return NULL;
	pattern->right = parse_part(parser, at + 3, size - 3, ROLE_SERVER);
	return pattern->right != NULL ? pattern : NULL;
}

static struct pattern *parse_zone(struct parser *parser, size_t at, size_t size, enum role role)
{
	struct pattern *pattern;

	if ((role & (ROLE_CLIENT | ROLE_SERVER)) == 0) {
		parser_error(parser, at,
		    "RBL. is out of place here; it can stand in the first list and behind NS=");
		return NULL;
	}
	pattern = pattern_at(parser, at, size, KIND_ZONE);
	if (pattern == NULL)
		return NULL;
	pattern->zone = zone_parse(parser, at, size);
	return pattern->zone != NULL ? pattern : NULL;
}

/* What is written as one thing, without an @ that splits it. */
static struct pattern *parse_part(struct parser *parser, size_t at, size_t size, enum role role)
{
	const char *text = parser->line.text + at;
	bool host = (role & (ROLE_CLIENT | ROLE_SERVER)) != 0;
	struct pattern *pattern = NULL;

	if (size == 0) {
		parser_error(parser, at, "nothing %s; expected a pattern, such as ALL or *",
		    role == ROLE_SERVER ? "behind NS=" : "on one side of @");
		return NULL;
	}
	if (text[0] == '#') {
		parser_error(parser, at,
		    "# in a list; expected a pattern (a comment begins in column 1, or behind the "
		    "colon of the last field)");
		return NULL;
	}
	if (parse_word(parser, at, size, role, &pattern))
		return pattern;
	if (starts(text, size, "NS="))
		return parse_servers(parser, at, size, role);
	if (starts(text, size, "RBL."))
		return parse_zone(parser, at, size, role);
	if (text[0] == '/')
		return parse_regex(parser, at, size, role);
	if (host &&
	    (text[0] == '[' || looks_like_network(text, size) || memchr(text, '/', size) != NULL))
		return parse_network(parser, at, size);
	if (role == ROLE_ADDRESS && looks_like_network(text, size)) {
		parser_error(parser, at,
		    "network in a list of addresses; expected user@domain (networks stand in the "
		    "first list and behind NS=)");
		return NULL;
	}
	return parse_wildcard(parser, at, size, role);
}

struct pattern *part_parse(struct parser *parser, const struct token *token, int field)
{
	struct pattern *pattern;
	size_t right = token->at + token->split + 1;

	if (token->split == token->size)
		return parse_part(
		    parser, token->at, token->size, field == 0 ? ROLE_CLIENT : ROLE_ADDRESS);
	if (starts(parser->line.text + token->at, token->size, "NS=")) {
		parser_error(parser, token->at,
		    "@ in a pattern of name servers; expected NS=pattern alone, or "
		    "user@NS=pattern");
		return NULL;
	}
	pattern = pattern_at(parser, token->at, token->size, KIND_PARTS);
	if (pattern == NULL)
		return NULL;
	pattern->left =
	    parse_part(parser, token->at, token->split, field == 0 ? ROLE_USER : ROLE_LEFT);
	pattern->right = parse_part(
	    parser, right, token->size - token->split - 1, field == 0 ? ROLE_CLIENT : ROLE_RIGHT);
	return pattern->left != NULL && pattern->right != NULL ? pattern : NULL;
}
