/* SPDX-License-Identifier: BSD-2-Clause
 *
 * lexer.c - patterns and fields of a line
 *
 * Owns: which colon ends a field, which comma ends a pattern, which @ splits
 * one.  A colon or @ inside /regex/ or [address] is text, and so is the comma
 * between the answers of RBL.zone=127.0.0.2,127.0.0.3.
 */
#include "rules_int.h"

#include <string.h>

static bool is_separator(char byte)
{
	return byte == ' ' || byte == '\t' || byte == ',';
}

size_t lexer_skip(const struct line *line, size_t at)
{
	while (is_separator(line->text[at]))
		at++;
	return at;
}

size_t lexer_field_end(const struct line *line, size_t at)
{
	while (at < line->size && line->text[at] != ':')
		at++;
	return at;
}

/* The byte behind the expression that begins at AT; 0 after reporting. */
static size_t regex_end(struct parser *parser, size_t at, size_t *stopped)
{
	const char *text = parser->line.text;
	size_t i = at + 1;

	for (; text[i] != '/'; i++) {
		if (text[i] == '\\' && text[i + 1] != '\0' && !is_separator(text[i + 1]))
			i++;
		else if (text[i] == '\0' || is_separator(text[i])) {
			*stopped = i;
			parser_error(parser, at,
			    "expression without its end; expected / before the next blank or comma "
			    "(write those \\s and \\x2c)");
			return 0;
		}
	}
	return i + 1;
}

static size_t bracket_end(struct parser *parser, size_t at, size_t *stopped)
{
	const char *text = parser->line.text;
	size_t i = at + 1;

	while (text[i] != '\0' && text[i] != ']' && !is_separator(text[i]))
		i++;
	if (text[i] == ']')
		return i + 1;
	*stopped = i;
	parser_error(parser, at, "[ without ]; expected [address] or [address/bits]");
	return 0;
}

/* Does the comma at AT stand between two answers of a blocklist? */
static bool joins_answers(const char *text, size_t part, size_t at)
{
	return strncmp(text + part, "RBL.", 4) == 0 &&
	       memchr(text + part, '=', at - part) != NULL && strncmp(text + at, ",127.", 5) == 0;
}

/* At the head of a part: past what protects its own bytes.  Returns where to go
 * on, I if there is no such thing, 0 after an error. */
static size_t skip_protected(struct parser *parser, size_t i, size_t *stopped)
{
	const char *text = parser->line.text;
	size_t end;

	if (text[i] == '[')
		return bracket_end(parser, i, stopped);
	if (text[i] != '/')
		return i;
	end = regex_end(parser, i, stopped);
	if (end != 0 && text[end] != '\0' && text[end] != ':' && text[end] != '@' &&
	    !is_separator(text[end])) {
		parser_error(parser, end,
		    "text behind the / that ends an expression; expected a blank, a comma, : or @ "
		    "(write / in it as \\/)");
		while (text[end] != '\0' && text[end] != ':' && !is_separator(text[end]))
			end++;
		*stopped = end;
		return 0;
	}
	return end;
}

bool lexer_token(struct parser *parser, size_t at, struct token *token)
{
	const char *text = parser->line.text;
	size_t i = at, part = at, split = 0;
	bool has_split = false;

	for (;;) {
		if (i == part && strncmp(text + i, "NS=", 3) == 0)
			part = i += 3;
		if (i == part) {
			size_t stopped = i, next = skip_protected(parser, i, &stopped);

			if (next == 0) {
				*token = (struct token){ at, stopped - at, stopped - at };
				return false;
			}
			i = next;
		}
		if (text[i] == '\0' || text[i] == ':' ||
		    (is_separator(text[i]) && !joins_answers(text, part, i)))
			break;
		if (text[i] == '@') {
			split = i - at;
			has_split = true;
			part = i + 1;
		}
		i++;
	}
	*token = (struct token){ at, i - at, has_split ? split : i - at };
	return true;
}
