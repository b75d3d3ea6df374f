/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_writer.c - commits groups until it is told to end, then some more that
 * must stay
 *
 *	prog_writer FILE WRITER LAST
 *
 * Until the file LAST exists it commits one group after the other: makemap may
 * take these away again, since it was fed from an older dump.  From then on
 * nobody rewrites the database: five more groups are committed, and their
 * numbers are printed, one a line, once they are acknowledged.
 */
#include "groups.h"

#include <unistd.h>

#define LAST_GROUPS 5

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = argv[1], .timeout_ms = 30000 };
	unsigned w, n = 0, after = 0;
	struct relaydb *db;

	if (argc != 4 || relaydb_open(&db, &options) != RELAYDB_OK)
		return 64;
	w = (unsigned)atoi(argv[2]);
	for (; after < LAST_GROUPS && n < GROUPS_MAX; n++) {
		int stays = access(argv[3], F_OK) == 0;
		int code = groups_record(db, w, n);

		if (code != RELAYDB_OK) {
			fprintf(stderr, "prog_writer %u: %s\n", w, relaydb_error(db));
			return 1;
		}
		if (stays) {
			printf("%u\n", n);
			after++;
		}
	}
	relaydb_close(&db);
	return after == LAST_GROUPS ? 0 : 1;
}
