/* SPDX-License-Identifier: BSD-2-Clause
 *
 * json.c - see json.h
 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

/* What stands between two values; lists of the outermost value have a line for
 * each, so that a long one can be read and compared. */
static void separate(struct json *json)
{
	if (json->named) {
		json->named = false;
		return;
	}
	if (json->depth == 0 || json->depth > JSON_DEPTH)
		return;
	if (json->more[json->depth - 1])
		fputs(json->depth == 1 && !json->flat ? "," : ", ", json->to);
	json->more[json->depth - 1] = true;
	if (json->depth == 1 && !json->flat)
		putc('\n', json->to);
}

static void begin(struct json *json, int bracket)
{
	separate(json);
	putc(bracket, json->to);
	if (json->depth < JSON_DEPTH)
		json->more[json->depth] = false;
	json->depth++;
}

static void end(struct json *json, int bracket)
{
	json->depth--;
	if (json->depth == 0 && json->more[0] && !json->flat)
		putc('\n', json->to);
	putc(bracket, json->to);
	if (json->depth == 0)
		putc('\n', json->to);
}

void json_object(struct json *json)
{
	begin(json, '{');
}

void json_list(struct json *json)
{
	begin(json, '[');
}

void json_end_object(struct json *json)
{
	end(json, '}');
}

void json_end_list(struct json *json)
{
	end(json, ']');
}

/* How many bytes the character at TEXT has, of at most SIZE; 0: none that may
 * be (RFC 3629, 4: neither surrogates nor longer forms). */
static size_t character(const unsigned char *text, size_t size)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : 3;
	if (text[0] >= 0xf0)
		length = 4;
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf4)
		high = 0x8f;
	if (length > size || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return length;
}

bool json_is_utf8(const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t length = character((const unsigned char *)text + at, size - at);

		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

void json_text(struct json *json, const char *text, size_t size)
{
	separate(json);
	putc('"', json->to);
	for (size_t at = 0; at < size;) {
		size_t length = character((const unsigned char *)text + at, size - at);
		unsigned char byte = (unsigned char)text[at];

		if (length == 0)
			fputs("\\ufffd", json->to);
		else if (byte == '"' || byte == '\\')
			fprintf(json->to, "\\%c", byte);
		else if (byte < 0x20 || byte == 0x7f) /* a terminal may show it */
			fprintf(json->to, "\\u%04x", byte);
		else if (length == 2 && byte == 0xc2 && (unsigned char)text[at + 1] < 0xa0)
			fprintf(json->to, "\\u%04x", (unsigned char)text[at + 1]); /* C1 */
		else
			fwrite(text + at, 1, length, json->to);
		at += length > 0 ? length : 1;
	}
	putc('"', json->to);
}

void json_name(struct json *json, const char *name)
{
	json_text(json, name, strlen(name));
	fputs(": ", json->to);
	json->named = true;
}

void json_number(struct json *json, int64_t number)
{
	separate(json);
	fprintf(json->to, "%" PRId64, number);
}

void json_bool(struct json *json, bool value)
{
	separate(json);
	fputs(value ? "true" : "false", json->to);
}

void json_null(struct json *json)
{
	separate(json);
	fputs("null", json->to);
}

void json_member(struct json *json, const char *name, const char *text)
{
	json_name(json, name);
	if (text != NULL)
		json_text(json, text, strlen(text));
	else
		json_null(json);
}

void json_member_number(struct json *json, const char *name, int64_t number)
{
	json_name(json, name);
	json_number(json, number);
}
