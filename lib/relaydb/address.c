/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address.c - one spelling for each client address
 *
 * The map is looked up by text, so two spellings of an address would be two
 * clients.  Postfix and Exim ask with what inet_ntop(3) prints, which is RFC
 * 5952 for every address a client can have; sendmail's rule set is made to ask
 * the same.  Limit: IPv4-compatible addresses (::192.0.2.1, obsolete since RFC
 * 4291) are printed with a dotted end, as inet_ntop does.
 */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

/* Four numbers without a leading zero: then the text is already in the store's
 * form.  By hand, since it meets every row. */
static bool dotted_quad(const char *text, size_t size, unsigned char bytes[4])
{
	size_t at = 0;

	for (int part = 0; part < 4; part++) {
		unsigned number = 0, digits = 0;

		if (part > 0 && (at == size || text[at++] != '.'))
			return false;
		for (; at < size && text[at] >= '0' && text[at] <= '9'; at++, digits++) {
			if (digits == 3 || (digits == 1 && number == 0))
				return false;
			number = number * 10 + (unsigned)(text[at] - '0');
		}
		if (digits == 0 || number > 255)
			return false;
		bytes[part] = (unsigned char)number;
	}
	return at == size;
}

bool address_read(
    const char *text, size_t size, struct address *address, char out[RELAYDB_ADDRSTRLEN])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char copy[RELAYDB_ADDRSTRLEN];

	*out = '\0';
	memset(address, 0, sizeof *address);
	if (size >= RELAYDB_ADDRSTRLEN)
		return false;
	if (dotted_quad(text, size, address->bytes)) {
		address->family = 4;
		memcpy(out, text, size);
		out[size] = '\0';
		return true;
	}
	if (memchr(text, ':', size) == NULL || memchr(text, '\0', size) != NULL)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (inet_pton(AF_INET6, copy, address->bytes) != 1)
		return false;
	address->family = 6;
	if (memcmp(address->bytes, mapped, sizeof mapped) == 0) {
		address->family = 4;
		memcpy(address->bytes, address->bytes + 12, 4);
		memset(address->bytes + 4, 0, 12);
	}
	return inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, out,
		   RELAYDB_ADDRSTRLEN) != NULL;
}

bool address_plain(const char *key, size_t size)
{
	char text[RELAYDB_ADDRSTRLEN];
	struct address address;

	if (size > 0 && key[size - 1] == '\0')
		return false;
	if (memchr(key, ':', size) == NULL || !address_read(key, size, &address, text))
		return true;
	return strlen(text) == size && memcmp(text, key, size) == 0;
}

int relaydb_address(const char *text, char out[RELAYDB_ADDRSTRLEN])
{
	char form[RELAYDB_ADDRSTRLEN]; /* TEXT and OUT may be the same */
	struct address address;
	bool good = address_read(text, strlen(text), &address, form);

	memcpy(out, form, strlen(form) + 1);
	return good ? RELAYDB_OK : RELAYDB_BADADDR;
}
