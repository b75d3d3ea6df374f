/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_group.c - records one group of addresses in one commit
 *
 *	prog_group FILE WRITER NUMBER
 */
#include "groups.h"

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = argv[1] };
	struct relaydb *db;
	int code;

	if (argc != 4 || relaydb_open(&db, &options) != RELAYDB_OK)
		return 64;
	code = groups_record(db, (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	if (code != RELAYDB_OK)
		fprintf(stderr, "prog_group: %s\n", relaydb_error(db));
	relaydb_close(&db);
	return code != RELAYDB_OK;
}
