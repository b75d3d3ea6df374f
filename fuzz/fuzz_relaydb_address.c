/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_relaydb_address.c - what is taken for an address is one to inet_pton(3)
 * too, and its form is its own form
 */
#include "address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[RELAYDB_ADDRSTRLEN], again[RELAYDB_ADDRSTRLEN], text[RELAYDB_ADDRSTRLEN];
	struct address address, same;
	unsigned char bytes[16];
	bool known;

	memcpy(text, data, size < sizeof text ? size : 0);
	text[size < sizeof text ? size : 0] = '\0';
	known = memchr(text, '\0', size < sizeof text ? size : 0) == NULL &&
		(inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1);
	if (!address_read((const char *)data, size, &address, out)) {
		if (*out != '\0' || known)
			abort();
		return 0;
	}
	if (!known || !address_read(out, strlen(out), &same, again) || strcmp(out, again) != 0 ||
	    memcmp(&address, &same, sizeof same) != 0 || !address_plain(out, strlen(out)) ||
	    address_plain((const char *)data, size) !=
		(strlen(out) == size && memcmp(out, data, size) == 0))
		abort();
	return 0;
}
