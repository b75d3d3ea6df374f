/* SPDX-License-Identifier: BSD-2-Clause
 *
 * groups.h - rows that come in groups of GROUP, each group in one commit: so
 * half a commit can be seen
 *
 * Group N of writer W is the addresses 10.W.x.y with N * GROUP + 0 to GROUP - 1
 * in x.y.  Other rows are nobody's business.
 */
#ifndef STRESS_GROUPS_H
#define STRESS_GROUPS_H

#include <relaydb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUP 7
#define WRITERS 16
#define GROUPS_MAX (65536 / GROUP)

/* How many rows of each group are there. */
struct groups {
	unsigned char rows[WRITERS][GROUPS_MAX];
	size_t total;
};

static inline int groups_row(const struct relaydb_row *row, void *arg)
{
	struct groups *groups = arg;
	unsigned w, x, y;

	groups->total++;
	if (row->entry && sscanf(row->address, "10.%u.%u.%u", &w, &x, &y) == 3 && w < WRITERS &&
	    (x * 256 + y) / GROUP < GROUPS_MAX)
		groups->rows[w][(x * 256 + y) / GROUP]++;
	return 0;
}

/* Reads all; says what is wrong.  A file that is missing is in order. */
static inline int groups_read(struct relaydb *db, struct groups *groups)
{
	int code;

	memset(groups, 0, sizeof *groups);
	code = relaydb_each(db, groups_row, groups);
	if (code != RELAYDB_OK && code != RELAYDB_NOFILE) {
		fprintf(stderr, "cannot read: %s\n", relaydb_error(db));
		return -1;
	}
	for (unsigned w = 0; w < WRITERS; w++)
		for (unsigned n = 0; n < GROUPS_MAX; n++)
			if (groups->rows[w][n] != 0 && groups->rows[w][n] != GROUP) {
				fprintf(stderr, "half a commit: %u rows of group %u of writer %u\n",
				    groups->rows[w][n], n, w);
				return -1;
			}
	return 0;
}

/* Records group N of writer W in one commit.  Returns the library's code. */
static inline int groups_record(struct relaydb *db, unsigned w, unsigned n)
{
	struct relaydb_batch *batch;
	int64_t now = time(NULL);
	char address[32];
	int code = relaydb_batch_new(db, &batch);

	for (unsigned i = n * GROUP; code == RELAYDB_OK && i < (n + 1) * GROUP; i++) {
		snprintf(address, sizeof address, "10.%u.%u.%u", w, i / 256, i % 256);
		code = relaydb_batch_record(batch, address, now);
	}
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, now, NULL);
	relaydb_batch_free(&batch);
	return code;
}

#endif
