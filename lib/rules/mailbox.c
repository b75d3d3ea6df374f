/* SPDX-License-Identifier: BSD-2-Clause
 *
 * mailbox.c - what mail servers make of an address
 *
 * Owns: the one mailbox behind the ways to spell it (RFC 822, 3.4 and 6.1):
 * "bob"@x, b\ob@x, bob(comment)@x, bob @ x, bob@x., @a,@b:bob@x, group:bob@x;
 * and name<bob@x>.  A milter is given what the client wrote, and both sendmail
 * and Postfix deliver all of these to bob@x: a rule about bob@x must see it.
 * Without an @, x!bob and bob%x are bob@x too, as Postfix rewrites them.
 * Limit: which domains are the mail server's own is not known here.
 */
#include "rules_int.h"

#include <string.h>

struct reader {
	char *out;
	size_t size;
	bool too_long;
	bool quoted, literal; /* within "", within [] */
	int comment; /* how deep */
	bool blank; /* between the last byte and the next */
	bool atom; /* the last byte was one of an atom */
};

static void put(struct reader *reader, char byte)
{
	if (reader->size + 1 >= MAILBOX_SIZE)
		reader->too_long = true;
	else
		reader->out[reader->size++] = byte;
}

/* What was read so far was a name, a route or a group: the address follows. */
static void begin_again(struct reader *reader)
{
	reader->size = 0;
	reader->too_long = reader->blank = reader->atom = false;
}

/* A byte of an atom.  Two atoms with a blank or a comment between become
 * a.b in sendmail. */
static void put_atom(struct reader *reader, char byte)
{
	bool special = byte == '@' || byte == '.';

	if (reader->blank && reader->atom && !special)
		put(reader, '.');
	put(reader, byte);
	reader->blank = false;
	reader->atom = !special;
}

/* A byte that nothing protects.  Returns false at the end of the address. */
static bool take_bare(struct reader *reader, char byte)
{
	switch (byte) {
	case ' ':
	case '\t':
		reader->blank = true;
		return true;
	case '(':
		reader->comment = 1;
		reader->blank = true;
		return true;
	case '"':
		reader->quoted = true;
		return true;
	case '<':
	case ':':
		begin_again(reader);
		return true;
	case '>':
		return false;
	case ';':
		return true;
	case '[':
		reader->literal = true;
		/* fallthrough */
	default:
		put_atom(reader, byte);
		return true;
	}
}

static bool take(struct reader *reader, char byte)
{
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
		return take_bare(reader, byte);
	}
	return true;
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

bool mailbox_read(const char *text, char out[MAILBOX_SIZE])
{
	struct reader reader = { .out = out };

	for (; *text != '\0'; text++) {
		if (*text == '\\' && text[1] != '\0') {
			text++;
			if (reader.comment == 0)
				put(&reader, *text);
		} else if (!take(&reader, *text)) {
			break;
		}
	}
	if (reader.too_long)
		return false;
	while (reader.size > 0 && out[reader.size - 1] == '.')
		reader.size--;
	out[reader.size] = '\0';
	if (strchr(out, '@') == NULL)
		turn_round(out, reader.size);
	return true;
}
