/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fuzz_relaydb_stamp.c - what is taken for a stamp is the number that
 * strtoull(3) reads, and nothing else is one
 */
#include "address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *end;
	int64_t stamp = -7, value = -7;
	unsigned long long number;
	bool digits;

	memcpy(text, data, size);
	text[size] = '\0';
	digits = *text != '\0' && strspn(text, "0123456789") == strlen(text) &&
		 strlen(text) <= STAMP_SIZE;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (relaydb_stamp(text, &stamp) == RELAYDB_OK) {
		if (!digits || errno != 0 || number > RELAYDB_STAMP_MAX || (int64_t)number != stamp)
			abort();
		/* a value is read at least as leniently */
		if (!stamp_read(text, strlen(text), &value) || value != stamp)
			abort();
	} else if (stamp != -7 || (digits && errno == 0 && number <= RELAYDB_STAMP_MAX)) {
		abort();
	}
	if (stamp_read((const char *)data, size, &value) &&
	    (value < 0 || value > RELAYDB_STAMP_MAX))
		abort();
	free(text);
	return 0;
}
