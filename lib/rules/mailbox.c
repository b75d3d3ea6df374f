/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mailbox.c - what mail servers make of an address
 *
 * Owns: the one mailbox behind the ways to spell it (RFC 822, 3.4 and 6.1):
 * "bob"@x, b\ob@x, bob(comment)@x, bob @ x, bob@x., @a,@b:bob@x, group:bob@x;
 * and name<bob@x>.  A milter is given what the client wrote, and both sendmail
 * and Postfix deliver all of these to bob@x: a rule about bob@x must see it.
 * Without an @, x!bob and bob%x are bob@x too, as Postfix rewrites them.
 *
 * Of <a@x><b@x>, or <a@x,b@x>, one takes the first and one the last.  What is
 * no address of RFC 5321 is odd: each of its pieces is a reading.
 * Limit: which domains are the mail server's own is not known here.
 */
#include "rules_int.h"

#include <string.h>

#define SPECIAL "()<>[]:;,@\\\" \t" /* what no atom has */

struct reader {
	struct mailbox *mailbox;
	char *piece; /* its end is SIZE bytes on */
	size_t size, room;
	bool too_long;
	bool quoted, literal; /* within "", within [] */
	int comment; /* how deep */
	bool blank; /* between the last byte and the next */
	bool atom; /* the last byte was one of an atom */
};

static void put(struct reader *reader, char byte)
{
	if (reader->size + 2 >= reader->room)
		reader->too_long = true;
	else
		reader->piece[reader->size++] = byte;
}

/* A byte of an atom.  Two atoms with a blank or a comment between become
 * a.b in sendmail. */
static void put_atom(struct reader *reader, char byte)
{
	bool special = strchr("@.!%", byte) != NULL;

	if (reader->blank && reader->atom && !special)
		put(reader, '.');
	put(reader, byte);
	reader->blank = false;
	reader->atom = !special;
}

/* x!bob and bob%x.  ADDRESS has no @ and room for one more byte. */
static void turn_round(char *address, size_t size)
{
	char *bang = memchr(address, '!', size), *percent = strrchr(address, '%');
	char site[MAILBOX_SIZE];
	size_t length;

	if (bang != NULL) {
		length = (size_t)(bang - address);
		memcpy(site, address, length);
		memmove(address, bang + 1, size - length - 1);
		address[size - length - 1] = '@';
		memcpy(address + size - length, site, length);
	} else if (percent != NULL) {
		*percent = '@';
	}
}

static bool is_known(const struct mailbox *mailbox, const char *reading)
{
	for (size_t i = 0; i < mailbox->count; i++) {
		if (strcmp(mailbox->reading[i], reading) == 0)
			return true;
	}
	return false;
}

/* The piece ends: it is a reading, unless it is empty or the domain of a
 * route. */
static void end_piece(struct reader *reader)
{
	struct mailbox *mailbox = reader->mailbox;
	char *piece = reader->piece;

	/* Postfix drops blanks there even where they are quoted */
	while (reader->size > 0 && strchr(mailbox->odd ? ". \t" : ".", piece[reader->size - 1]))
		reader->size--;
	piece[reader->size] = '\0';
	if (strchr(piece, '@') == NULL) {
		turn_round(piece, reader->size);
		while (reader->size > 0 && piece[reader->size - 1] == '.')
			piece[--reader->size] = '\0';
	}
	/* one that is longer than any is no mailbox; one for which the others
	 * left no room may be */
	if (reader->too_long)
		mailbox->overfull |= piece != mailbox->text;
	if (reader->too_long || (mailbox->odd && (*piece == '\0' || *piece == '@')) ||
	    is_known(mailbox, piece))
		reader->size = 0;
	else if (mailbox->count == MAILBOX_READINGS_MAX)
		mailbox->overfull = true;
	else
		mailbox->reading[mailbox->count++] = piece;
	if (reader->size > 0) {
		reader->piece += reader->size + 1;
		reader->room -= reader->size + 1;
	}
	reader->size = 0;
	reader->too_long = reader->blank = reader->atom = false;
}

/* Does a domain literal begin at the [?  Else it is a byte like others. */
static bool is_literal(const char *text)
{
	return text[1 + strcspn(text + 1, "[]<>()@,;\\\" \t")] == ']'; /* : is IPv6's */
}

/* Is the quoted string closed that begins at TEXT?  One that is not must not
 * hide the end of the address. */
static bool is_closed(const char *text)
{
	for (text++; *text != '\0' && *text != '"'; text++)
		text += *text == '\\' && text[1] != '\0';
	return *text == '"';
}

/* 1 if the comment is closed that begins at TEXT, else 0. */
static int comment_closes(const char *text)
{
	int depth = 0;

	for (; *text != '\0'; text++) {
		depth += (*text == '(') - (*text == ')');
		if (depth == 0)
			return 1;
		text += *text == '\\' && text[1] != '\0';
	}
	return 0;
}

/* A byte that nothing protects, at TEXT. */
static void take_bare(struct reader *reader, const char *text)
{
	switch (*text) {
	case ' ':
	case '\t':
		reader->blank = true;
		return;
	case '(':
		reader->comment = comment_closes(text);
		reader->blank = true;
		if (reader->comment == 0)
			end_piece(reader);
		return;
	case '"':
		reader->quoted = is_closed(text);
		return;
	case '<':
	case '>':
	case ':':
	case ';':
	case ',':
		end_piece(reader);
		return;
	case '[':
		reader->literal = is_literal(text);
		/* fallthrough */
	default:
		put_atom(reader, *text);
	}
}

static void take(struct reader *reader, const char *text)
{
	char byte = *text;

	if (reader->comment > 0) {
		if (byte == '(')
			reader->comment++;
		else if (byte == ')')
			reader->comment--;
	} else if (reader->quoted) {
		reader->quoted = byte != '"';
		if (reader->quoted)
			put(reader, byte);
	} else if (reader->literal) {
		reader->literal = byte != ']';
		put(reader, byte);
	} else {
		take_bare(reader, text);
	}
}

/* Behind a quoted string, or what may be the atoms of a local part. */
static const char *local_end(const char *text)
{
	const char *p = text;

	if (*text != '"')
		return text + strcspn(text, SPECIAL);
	for (p++; *p != '\0' && *p != '"'; p++)
		p += *p == '\\' && p[1] != '\0';
	return *p == '"' ? p + 1 : text;
}

/* Is it anything but local@domain, or local alone? */
static bool is_odd(const char *text)
{
	const char *at = local_end(text);

	if (*at == '\0')
		return strpbrk(text, "!%") != NULL;
	if (*at != '@')
		return true;
	if (at[1] == '[')
		return !is_literal(at + 1) || at[1 + strcspn(at + 1, "]") + 1] != '\0';
	return at[1 + strcspn(at + 1, SPECIAL)] != '\0';
}

void mailbox_read(struct mailbox *mailbox, const char *written)
{
	const char *text = written;
	struct reader reader = {
		.mailbox = mailbox, .piece = mailbox->text, .room = sizeof mailbox->text
	};

	mailbox->written = written;
	mailbox->odd = is_odd(text);
	mailbox->overfull = false;
	mailbox->count = 0;
	for (; *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
			if (reader.comment == 0)
				put(&reader, *text);
		} else {
			take(&reader, text);
		}
	}
	end_piece(&reader);
	/* nobody, or longer than any that a mail server takes */
	if (mailbox->count == 0)
		mailbox->reading[mailbox->count++] = mailbox->odd ? "" : written;
}
