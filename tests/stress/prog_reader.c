/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_reader.c - reads all rows again and again; no group may be there in
 * half, nothing unreadable
 *
 *	prog_reader FILE LAST
 *
 * Ends once the file LAST exists, and prints how often it has read.  LAST -:
 * reads once, and prints the numbers of the groups that are there, "WRITER
 * NUMBER" a line.
 */
#include "groups.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = argv[1], .timeout_ms = 30000 };
	static struct groups groups;
	unsigned long reads = 0;
	struct relaydb *db;

	if (argc != 3 || relaydb_open(&db, &options) != RELAYDB_OK)
		return 64;
	do {
		if (groups_read(db, &groups) != 0)
			return 1;
		reads++;
	} while (strcmp(argv[2], "-") != 0 && access(argv[2], F_OK) != 0);
	relaydb_close(&db);
	if (strcmp(argv[2], "-") != 0) {
		printf("%lu reads\n", reads);
		return 0;
	}
	for (unsigned w = 0; w < WRITERS; w++)
		for (unsigned n = 0; n < GROUPS_MAX; n++)
			if (groups.rows[w][n] != 0)
				printf("%u %u\n", w, n);
	return 0;
}
