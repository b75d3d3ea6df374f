/* SPDX-License-Identifier: BSD-2-Clause
 *
 * parse.c - a line becomes a rule
 *
 * Owns: action:clients:senders:recipients[:message], lists and EXCEPT, and that
 * every error of a file is reported, not the first alone: behind an error
 * reading goes on with the next pattern.
 */
#include "rules_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RULES_MAX 65536

static const char *const list_names[] = { "clients", "senders", "recipients" };

static const struct {
	const char *word;
	enum rules_action action;
	bool delayed;
} actions[] = {
	{ "allow", RULES_ALLOW, false },
	{ "noto", RULES_NOTO, false },
	{ "noto_delay", RULES_NOTO, true },
	{ "deny", RULES_DENY, false },
	{ "deny_delay", RULES_DENY, true },
	{ "debug", RULES_DEBUG, false },
	{ "tag", RULES_TAG, false },
};

static void pass_on(struct parser *parser, enum rules_severity severity, size_t line, size_t column,
    const char *sentence)
{
	if (severity == RULES_ERROR)
		parser->errors++;
	parser->tell(severity, line, column, sentence, parser->arg);
}

void parser_report(struct parser *parser, enum rules_severity severity, size_t line, size_t column,
    const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	pass_on(parser, severity, line, column, sentence);
}

void parser_error(struct parser *parser, size_t at, const char *format, ...)
{
	char sentence[512];
	size_t line, column;
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	line_place(&parser->line, at, &line, &column);
	pass_on(parser, RULES_ERROR, line, column, sentence);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Takes the blanks off both ends of a field. */
static void trim(const char *text, size_t *at, size_t *end)
{
	while (*at < *end && is_blank(text[*at]))
		++*at;
	while (*end > *at && is_blank(text[*end - 1]))
		--*end;
}

static bool parse_action(struct parser *parser, size_t at, size_t end, struct rule *rule)
{
	const char *text = parser->line.text;

	trim(text, &at, &end);
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (strlen(actions[i].word) == end - at &&
		    memcmp(actions[i].word, text + at, end - at) == 0) {
			rule->face.action = actions[i].action;
			rule->face.delayed = actions[i].delayed;
			return true;
		}
	}
	parser_error(parser, at,
	    "unknown action \"%.*s\"; expected allow, noto, deny, noto_delay, deny_delay, debug or "
	    "tag",
	    (int)(end - at > 40 ? 40 : end - at), text + at);
	return false;
}

static bool is_except(const struct parser *parser, const struct token *token)
{
	return token->size == 6 && strncasecmp(parser->line.text + token->at, "EXCEPT", 6) == 0;
}

/* Reads the list at AT of field FIELD; returns where the field ends. */
static size_t parse_list(struct parser *parser, size_t at, int field, struct list *list)
{
	struct pattern **tail = &list->first;
	bool empty = true;
	struct token token;
	size_t start = at;

	for (;;) {
		bool good;

		at = lexer_skip(&parser->line, at);
		if (parser->line.text[at] == ':' || parser->line.text[at] == '\0')
			break;
		good = lexer_token(parser, at, &token);
		at = token.at + token.size;
		if (good && is_except(parser, &token)) {
			if (empty)
				parser_error(parser, token.at,
				    "EXCEPT at the head of a list never matches; expected a "
				    "pattern before it, such as ALL");
			list->except = pool_get(&parser->rules->pool, sizeof *list->except);
			if (list->except == NULL)
				return at;
			list = list->except;
			tail = &list->first;
			start = at;
			empty = true;
			continue;
		}
		empty = false;
		if (!good)
			continue;
		*tail = part_parse(parser, &token, field);
		if (*tail != NULL)
			tail = &(*tail)->next;
	}
	if (empty)
		parser_error(parser, start,
		    "no %s here; expected patterns (an IPv6 address is written [2001:db8::1])",
		    list_names[field]);
	return at;
}

static void parse_message(struct parser *parser, size_t at, struct rule *rule)
{
	const char *text = parser->line.text;
	size_t colon = at - 1, end = parser->line.size;

	trim(text, &at, &end);
	if (at < end && text[at] == '#')
		return;
	if (at == end) {
		parser_error(parser, colon,
		    "empty message; expected text behind the last colon, or no colon");
		return;
	}
	if (rule->face.action == RULES_ALLOW) {
		size_t line, column;

		line_place(&parser->line, at, &line, &column);
		parser_report(
		    parser, RULES_WARNING, line, column, "the message of an allow is never sent");
		return;
	}
	message_check(parser, at, end - at, rule->face.action);
	rule->message = pool_copy(&parser->rules->pool, text + at, end - at);
}

static struct rule *parse_rule(struct parser *parser)
{
	struct rule *rule = pool_get(&parser->rules->pool, sizeof *rule);
	const struct line *line = &parser->line;
	struct pool *pool = &parser->rules->pool;
	size_t at = lexer_field_end(line, 0), column;

	if (rule == NULL)
		return NULL;
	line_place(line, 0, &rule->face.line, &column);
	if (!parse_action(parser, 0, at, rule))
		return rule;
	for (int field = 0; field < 3; field++) {
		size_t start = at + 1, end;

		if (line->text[at] != ':') {
			parser_error(parser, at,
			    "no list of %s; expected action:clients:senders:recipients",
			    list_names[field]);
			return rule;
		}
		end = at = parse_list(parser, start, field, &rule->list[field]);
		trim(line->text, &start, &end);
		rule->face.list[field] = pool_copy(pool, line->text + start, end - start);
	}
	rule->face.text = pool_copy(pool, line->text, line->size);
	if (line->text[at] == ':')
		parse_message(parser, at + 1, rule);
	return rule;
}

/* Numbers the rules, so that each can be found. */
static void number_rules(struct rules *rules)
{
	struct rule *rule = rules->first;

	rules->by_number = pool_get(&rules->pool, (rules->count + 1) * sizeof(struct rule *));
	if (rules->by_number == NULL)
		return;
	for (size_t i = 0; i < rules->count; i++, rule = rule->next)
		rules->by_number[i] = rule;
}

static void parse_file(struct parser *parser)
{
	struct rules *rules = parser->rules;
	struct rule **tail = &rules->first;

	while (line_next(parser)) {
		if (rules->count == RULES_MAX) {
			parser_error(parser, 0, "too many rules; expected at most %d", RULES_MAX);
			return;
		}
		*tail = parse_rule(parser);
		if (*tail == NULL)
			return;
		tail = &(*tail)->next;
		rules->count++;
	}
	number_rules(rules);
	if (parser->errors == 0 && !rules->pool.failed)
		warn_unreachable(parser);
}

struct rules *rules_parse(const char *text, size_t size, rules_tell *tell, void *arg)
{
	struct parser *parser = calloc(1, sizeof *parser);
	struct rules *rules = calloc(1, sizeof *rules);
	bool good = false;

	if (parser == NULL || rules == NULL) {
		tell(RULES_ERROR, 0, 0, "out of memory", arg);
		goto done;
	}
	*parser = (struct parser){
		.rules = rules, .rest = text, .end = text + size, .tell = tell, .arg = arg
	};
	if (size > RULES_FILE_MAX)
		parser_report(parser, RULES_ERROR, 0, 0,
		    "file too large; expected at most %d bytes", RULES_FILE_MAX);
	else
		parse_file(parser);
	if (rules->pool.failed)
		parser_report(parser, RULES_ERROR, 0, 0, "out of memory");
	good = parser->errors == 0;
done:
	free(parser);
	if (good)
		return rules;
	rules_free(rules);
	return NULL;
}

void rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	regex_free_all(rules->regexes);
	pool_free(&rules->pool);
	free(rules);
}

const char *rules_action_name(enum rules_action action)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (actions[i].action == action)
			return actions[i].word;
	}
	return "?";
}

size_t rules_count(const struct rules *rules)
{
	return rules->count;
}

const struct rules_rule *rules_rule(const struct rules *rules, size_t n)
{
	return &rules->by_number[n - 1]->face;
}

bool rules_uses(const struct rules *rules, enum rules_action action)
{
	for (const struct rule *rule = rules->first; rule != NULL; rule = rule->next) {
		if (rule->face.action == action)
			return true;
	}
	return false;
}

size_t rules_zone_count(const struct rules *rules)
{
	return rules->zone_count;
}

const struct rules_zone *rules_zone(const struct rules *rules, size_t index)
{
	return rules->zones[index];
}
