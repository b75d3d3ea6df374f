/* SPDX-License-Identifier: BSD-2-Clause
 *
 * warn.c - rules that cannot be reached, wildcards without their dot, words
 * that are none
 *
 * Owns: what works, but probably not as intended.
 * Limit: a rule counts as unreachable when one earlier rule matches whatever it
 * matches, pattern by pattern; several earlier rules together are not looked
 * at.
 */
#include "rules_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Comparing every pair is quadratic; beyond this nobody waits for it. */
#define COMPARED_MAX 2000

static bool is_domain_text(const char *text)
{
	const char *p = text;

	for (; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return false;
	}
	return isalnum((unsigned char)*text) && strchr(text, '.') != NULL;
}

/* A word of the language in other letters, or capitals that are no word. */
static bool is_odd_word(const char *text)
{
	static const char *const words[] = { "ALL", "KNOWN", "UNKNOWN", "FORGED", "POP", "AUTH",
		"LOCAL", "USER" };
	size_t size = strlen(text);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(words[i], text) == 0)
			return true;
	}
	for (const char *p = text; *p != '\0'; p++) {
		if (!isupper((unsigned char)*p))
			return false;
	}
	return size > 1;
}

void warn_pattern(struct parser *parser, const struct pattern *pattern, enum role role)
{
	const char *text = pattern->text;

	if (text[0] == '*' && is_domain_text(text + 1) && role != ROLE_LEFT && role != ROLE_USER)
		parser_report(parser, RULES_WARNING, pattern->line, pattern->column,
		    "%.100s matches evil%.100s too; the safe pair is %.100s *.%.100s", text,
		    text + 1, text + 1, text + 1);
	else if (is_odd_word(text) && role != ROLE_LEFT && role != ROLE_USER)
		parser_report(parser, RULES_WARNING, pattern->line, pattern->column,
		    "%.100s is no word of the language here and is matched as a name; words are "
		    "written in capitals: ALL KNOWN POP",
		    text);
	else if (strncasecmp(text, "RBL.", 4) == 0 || strncasecmp(text, "NS=", 3) == 0)
		parser_report(parser, RULES_WARNING, pattern->line, pattern->column,
		    "%.100s is matched as a name; RBL. and NS= are written in capitals", text);
}

/* Does everything that B matches match A? */
static bool pattern_covers(const struct pattern *a, const struct pattern *b, int field)
{
	if (a->kind == KIND_ALL)
		return true;
	/* a wildcard for every text covers all addresses, but no client without
	 * a name or address */
	if (a->kind == KIND_WILDCARD && strcmp(a->text, "*") == 0 && field > 0)
		return true;
	if (a->kind != b->kind)
		return false;
	if (a->kind == KIND_NETWORK)
		return a->net.bits <= b->net.bits && ipnet_holds(&a->net, &b->net);
	if (a->kind == KIND_PARTS)
		return pattern_covers(a->left, b->left, field) &&
		       pattern_covers(a->right, b->right, field);
	return strcmp(a->text, b->text) == 0;
}

static bool list_covers(const struct list *a, const struct list *b, int field)
{
	if (a->except != NULL)
		return false;
	for (const struct pattern *p = b->first; p != NULL; p = p->next) {
		const struct pattern *q = a->first;

		while (q != NULL && !pattern_covers(q, p, field))
			q = q->next;
		if (q == NULL)
			return false;
	}
	return true;
}

static bool rule_covers(const struct rule *a, const struct rule *b)
{
	if (a->face.action == RULES_DEBUG)
		return false;
	for (int field = 0; field < 3; field++) {
		if (!list_covers(&a->list[field], &b->list[field], field))
			return false;
	}
	return true;
}

void warn_unreachable(struct parser *parser)
{
	const struct rules *rules = parser->rules;

	for (size_t i = 1; i < rules->count && i < COMPARED_MAX; i++) {
		size_t earlier = 0;

		while (earlier < i && !rule_covers(rules->by_number[earlier], rules->by_number[i]))
			earlier++;
		if (earlier < i)
			parser_report(parser, RULES_WARNING, rules->by_number[i]->face.line, 1,
			    "this rule can never be reached: the rule of line %zu matches all that "
			    "it matches",
			    rules->by_number[earlier]->face.line);
	}
}
