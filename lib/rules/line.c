/* SPDX-License-Identifier: BSD-2-Clause
 *
 * line.c - lines joined at backslashes; where a byte of them stood
 *
 * Owns: comments in column 1, empty lines, continuation, line ends (LF or
 * CR LF), the refusal of control characters.
 * A comment ends with its line even behind a backslash: a rule must never
 * vanish in a comment above it.
 */
#include "rules_int.h"

#include <string.h>

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* The file's next line, without its end. */
static bool physical_line(struct parser *parser, const char **text, size_t *size)
{
	const char *end;

	if (parser->rest == parser->end)
		return false;
	*text = parser->rest;
	end = memchr(parser->rest, '\n', (size_t)(parser->end - parser->rest));
	parser->rest = end != NULL ? end + 1 : parser->end;
	*size = (size_t)((end != NULL ? end : parser->end) - *text);
	if (end != NULL && *size > 0 && (*text)[*size - 1] == '\r')
		--*size;
	parser->number++;
	return true;
}

static bool check_bytes(struct parser *parser, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
			parser_report(parser, RULES_ERROR, parser->number, i + 1,
			    "control character \\x%02x; expected text", byte);
			return false;
		}
	}
	return true;
}

static bool ends_with_backslash(struct parser *parser, const char *text, size_t size, bool *good)
{
	size_t end = size;

	while (end > 0 && is_blank(text[end - 1]))
		end--;
	if (end == 0 || text[end - 1] != '\\')
		return false;
	if (end == size)
		return true;
	parser_report(parser, RULES_ERROR, parser->number, end + 1,
	    "blank behind the backslash; expected the end of the line, so that the rule continues");
	*good = false;
	return true;
}

/* Adds TEXT, which begins at COLUMN of the current line. */
static bool join(struct parser *parser, const char *text, size_t size, size_t column)
{
	struct line *line = &parser->line;

	if (line->pieces == LINE_PIECES_MAX || size > RULES_LINE_MAX - line->size) {
		parser_report(parser, RULES_ERROR, parser->number, 1,
		    "rule too long; expected at most %d lines and %d bytes", LINE_PIECES_MAX,
		    RULES_LINE_MAX);
		return false;
	}
	line->piece[line->pieces].at = line->size;
	line->piece[line->pieces].line = parser->number;
	line->piece[line->pieces].column = column;
	line->pieces++;
	memcpy(line->text + line->size, text, size);
	line->size += size;
	line->text[line->size] = '\0';
	return true;
}

/* TEXT and, behind a backslash, the lines that continue it. */
static bool read_rule(struct parser *parser, const char *text, size_t size)
{
	bool good = true, more;
	size_t skip = 0;

	parser->line.size = parser->line.pieces = 0;
	for (;;) {
		good = check_bytes(parser, text, size) && good;
		more = ends_with_backslash(parser, text, size, &good);
		while (more && size > 0 && text[size - 1] != '\\')
			size--;
		if (good)
			good = join(parser, text + skip, size - skip - more, skip + 1);
		if (!more)
			return good;
		if (!physical_line(parser, &text, &size)) {
			parser_report(parser, RULES_ERROR, parser->number, size,
			    "backslash on the last line of the file; expected a line to continue "
			    "with");
			return false;
		}
		for (skip = 0; skip < size && is_blank(text[skip]);)
			skip++;
		/* backslash, newline and leading blanks are one blank */
		if (good)
			good = join(parser, " ", 1, skip > 0 ? skip : 1);
	}
}

bool line_next(struct parser *parser)
{
	const char *text;
	size_t size, i;

	while (physical_line(parser, &text, &size)) {
		for (i = 0; i < size && is_blank(text[i]);)
			i++;
		if (i == size)
			continue;
		if (text[0] == '#') {
			check_bytes(parser, text, size);
			continue;
		}
		if (text[i] == '#') {
			parser_report(parser, RULES_ERROR, parser->number, i + 1,
			    "comment behind blanks; expected # in column 1, or behind the colon of "
			    "the last field");
			continue;
		}
		if (read_rule(parser, text, size))
			return true;
	}
	return false;
}

void line_place(const struct line *line, size_t at, size_t *number, size_t *column)
{
	size_t i = line->pieces - 1;

	while (i > 0 && line->piece[i].at > at)
		i--;
	*number = line->piece[i].line;
	*column = line->piece[i].column + (at - line->piece[i].at);
}
