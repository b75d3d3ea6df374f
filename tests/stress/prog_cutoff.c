/* SPDX-License-Identifier: BSD-2-Clause
 *
 * prog_cutoff.c - a commit that stops dead at a step of its own choosing
 *
 *	prog_cutoff FILE STEP ADDRESS...
 *
 * Records the addresses, stamp now, in one commit, and kills itself at the
 * first STEP of that name, one of those that lib/relaydb/hash/commit.c names:
 * so it ends by SIGKILL, or with 3 if that step never came, 1 if the commit
 * failed.
 */
#define RELAYDB_TEST_STEPS
#include "relaydb.h"
#include "step.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *stop_at;

static void stop(const char *step)
{
	if (strcmp(step, stop_at) == 0)
		raise(SIGKILL);
}

int main(int argc, char **argv)
{
	struct relaydb_options options = { .path = argv[1] };
	int64_t now = time(NULL);
	struct relaydb_batch *batch;
	struct relaydb *db;
	int code;

	if (argc < 4) {
		fputs("usage: prog_cutoff file step address ...\n", stderr);
		return 64;
	}
	stop_at = argv[2];
	relaydb_test_step = stop;
	if (relaydb_open(&db, &options) != RELAYDB_OK ||
	    relaydb_batch_new(db, &batch) != RELAYDB_OK)
		return 1;
	code = RELAYDB_OK;
	for (int i = 3; code == RELAYDB_OK && i < argc; i++)
		code = relaydb_batch_record(batch, argv[i], now);
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, now, NULL);
	if (code != RELAYDB_OK)
		fprintf(stderr, "prog_cutoff: %s\n", relaydb_error(db));
	relaydb_batch_free(&batch);
	relaydb_close(&db);
	return code == RELAYDB_OK ? 3 : 1;
}
