/* SPDX-License-Identifier: BSD-2-Clause
 *
 * address.h - text of rows: addresses and stamps
 */
#ifndef RELAYDB_ADDRESS_H
#define RELAYDB_ADDRESS_H

#include "relaydb.h"

struct address {
	unsigned char family; /* 4 or 6, so that memcmp over the struct orders IPv4 before IPv6 */
	unsigned char bytes[16];
};

/* Reads SIZE bytes of TEXT as relaydb_address() does.  OUT gets the store's
 * form.  False if it is no address. */
bool address_read(
    const char *text, size_t size, struct address *address, char out[RELAYDB_ADDRSTRLEN]);

/* Is a key spelled as the store does?  One that is no address is; one with the
 * NUL of postmap is not. */
bool address_plain(const char *key, size_t size);

/* Reads a value from the file.  More lenient than relaydb_stamp(): an edited
 * dump leaves blanks or a CR behind the digits.  What is longer than STAMP_SIZE
 * is none: that much of a value is read where a stamp is looked for. */
#define STAMP_SIZE 128
bool stamp_read(const char *value, size_t size, int64_t *stamp);

#endif
