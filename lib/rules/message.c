/* SPDX-License-Identifier: BSD-2-Clause
 *
 * message.c - the reply: its form, its codes
 *
 * Owns: XXX[ y.z.w] text (RFC 5321, 4.2; RFC 3463), the codes %F %T %H %I %U %C
 * %%, and that a reply is one line of printable ASCII whatever a client calls
 * itself.
 */
#include "rules_int.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Bytes of y.z.w at TEXT that agree with the class of the reply; 0: none. */
static size_t enhanced_size(const char *text, char class)
{
	size_t i = 1;

	if (text[0] != class)
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (text[i++] != '.')
			return 0;
		for (; is_digit(text[i]); i++)
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	return i;
}

static void check_form(struct parser *parser, size_t at, size_t size)
{
	const char *text = parser->line.text + at;
	size_t i = 3, enhanced;

	if (size < 3 || (text[0] != '4' && text[0] != '5') || text[1] < '0' || text[1] > '5' ||
	    !is_digit(text[2]) || (size > 3 && text[3] != ' ' && text[3] != '\t')) {
		parser_error(parser, at,
		    "not a reply; expected a code from 400 to 559, perhaps one as 5.7.1, and text: "
		    "550 5.7.1 go away");
		return;
	}
	while (text[i] == ' ' || text[i] == '\t')
		i++;
	if (is_digit(text[i]) && text[i + 1] == '.') {
		enhanced = enhanced_size(text + i, text[0]);
		if (enhanced == 0 || (text[i + enhanced] != ' ' && text[i + enhanced] != '\0')) {
			parser_error(parser, at + i,
			    "not a status that agrees with the code; expected %c.7.1 or the like "
			    "and a blank",
			    text[0]);
			return;
		}
		for (i += enhanced; text[i] == ' ' || text[i] == '\t';)
			i++;
	}
	if (i >= size)
		parser_error(
		    parser, at, "a code without text; expected what the client is to be told");
}

void message_check(struct parser *parser, size_t at, size_t size, enum rules_action action)
{
	const char *text = parser->line.text + at;

	for (size_t i = 0; i < size; i++) {
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') ||
		    (unsigned char)text[i] >= 0x7f) {
			parser_error(parser, at + i,
			    "byte \\x%02x in a message; expected printable ASCII, as SMTP demands",
			    (unsigned char)text[i]);
			return;
		}
		if (text[i] != '%')
			continue;
		if (i + 1 == size || strchr("FTHIUC%", text[i + 1]) == NULL) {
			parser_error(parser, at + i,
			    "unknown code behind %%; expected %%F %%T %%H %%I %%U %%C or %%%%");
			return;
		}
		i++;
	}
	if (size + 1 > RULES_REPLY_SIZE)
		parser_error(parser, at, "message too long; expected at most %d bytes",
		    RULES_REPLY_SIZE - 1);
	else if (action == RULES_NOTO || action == RULES_DENY)
		check_form(parser, at, size);
}

struct writer {
	char *out;
	size_t size, at;
};

/* Adds TEXT as far as there is room. */
static void add(struct writer *writer, const char *text)
{
	for (; *text != '\0' && writer->at + 1 < writer->size; text++) {
		char byte = *text;

		if (byte == '\t')
			byte = ' ';
		writer->out[writer->at++] = byte >= ' ' && byte < 0x7f ? byte : '?';
	}
	writer->out[writer->at] = '\0';
}

static void add_code(struct writer *writer, char code, const struct rules_envelope *envelope)
{
	bool named = envelope->name_state == RULES_NAME_CONFIRMED && envelope->name != NULL &&
		     *envelope->name != '\0';
	bool user = envelope->auth != NULL && *envelope->auth != '\0';
	const char *mailbox = code == 'F' ? envelope->sender : envelope->recipient;

	switch (code) {
	case 'F':
	case 'T':
		add(writer, "<");
		add(writer, mailbox != NULL ? mailbox : "");
		add(writer, ">");
		break;
	case 'H':
		add(writer, named ? envelope->name : "UNKNOWN");
		break;
	case 'I':
		add(writer, envelope->address != NULL ? envelope->address : "LOCAL");
		break;
	case 'U':
		add(writer, user ? envelope->auth : "UNKNOWN");
		break;
	case 'C':
		add(writer, ":");
		break;
	default:
		add(writer, "%");
	}
}

void message_write(char *out, size_t size, const char *message, const struct rule *rule,
    const struct rules_envelope *envelope)
{
	struct writer writer = { .out = out, .size = size };
	bool tag = rule != NULL && rule->face.action == RULES_TAG;

	*out = '\0';
	if (message == NULL)
		message =
		    tag ? "%H [%I], %F to %T"
			: "550 5.7.1 mail from %H [%I] to %T is refused by the rules of this host";
	for (const char *p = message; *p != '\0'; p++) {
		char byte[2] = { *p, '\0' };

		if (*p == '%' && p[1] != '\0')
			add_code(&writer, *++p, envelope);
		else
			add(&writer, byte);
	}
}
