/* SPDX-License-Identifier: BSD-2-Clause
 *
 * domain.c - names of the DNS
 *
 * Owns: what of a client's text may be asked in the DNS.  Letters, digits,
 * hyphen and underscore (RFC 1123, 2.1; underscores are in use), labels of at
 * most 63 bytes, 253 in all (RFC 1035, 2.3.4).
 */
#include "rules_int.h"

#include <string.h>

#define LABEL_MAX 63

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	       byte == '_';
}

enum domain domain_read(const char *text, size_t size, char out[DOMAIN_SIZE])
{
	size_t label = 0;

	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return DOMAIN_FOREIGN;
	}
	if (size > 0 && text[0] == '[')
		return DOMAIN_LITERAL;
	if (size > 0 && text[size - 1] == '.')
		size--;
	if (size == 0 || size >= DOMAIN_SIZE)
		return DOMAIN_IMPOSSIBLE;
	for (size_t i = 0; i < size; i++) {
		char byte = text[i];

		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte - 'A' + 'a');
		if (byte == '.' ? label == 0 : !is_name_byte(byte) || label == LABEL_MAX)
			return DOMAIN_IMPOSSIBLE;
		label = byte == '.' ? 0 : label + 1;
		out[i] = byte;
	}
	out[size] = '\0';
	return label > 0 ? DOMAIN_NAME : DOMAIN_IMPOSSIBLE;
}

bool domain_is_address(const char *name)
{
	return *name == '[' || strchr(name, ':') != NULL ||
	       (*name != '\0' && name[strspn(name, "0123456789.")] == '\0');
}
