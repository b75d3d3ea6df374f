/* SPDX-License-Identifier: BSD-2-Clause
 *
 * examine.h - what is to be said of a database that only its owner changes,
 * whatever its form
 */
#ifndef RELAYDB_EXAMINE_H
#define RELAYDB_EXAMINE_H

#include "location.h"

struct examine {
	struct relaydb *db;
	int64_t now;
	void (*each)(const struct relaydb_finding *finding, void *arg);
	void *arg;
	const char *reader; /* who looks the database up: "Postfix" */
	bool opens_itself; /* as its own user, which must be in the group */
	char file[5120], word[8200]; /* for sentences, and for a shell */
	size_t rows, spelling, no_address, no_stamp, future; /* see examine_row() */
	char examples[4][64];
};

/* Calls each for one finding. */
void examine_report(const struct examine *examine, enum relaydb_severity severity,
    const char *remedy, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Looks at directory and file.  Returns RELAYDB_OK with *fd open for reading
 * and *st if there is something to read; NOTFOUND when a finding says why there
 * is nothing; else IO, NOMEM. */
int examine_place(struct examine *examine, struct place *place, int *fd, struct stat *st);

/* Counts a row; for a walk over all of them. ARG is a struct examine. */
int examine_row(struct bytes key, struct bytes value, void *arg);

/* Reports what was counted. */
void examine_rows(const struct examine *examine);

/* Reports that the file is damaged or foreign, as relaydb_error() says. */
void examine_damage(const struct examine *examine);

#endif
