/* SPDX-License-Identifier: BSD-2-Clause
 *
 * examine.h - what is to be said of a database, whatever its form
 */
#ifndef RELAYDB_EXAMINE_H
#define RELAYDB_EXAMINE_H

#include "location.h"

#include <limits.h>

struct examine {
	struct relaydb *db;
	int64_t now;
	void (*each)(const struct relaydb_finding *finding, void *arg);
	void *arg;
	const char *reader; /* who looks the database up: "Postfix" */
	bool opens_itself; /* as its own user, which must be in the group */
	/* for sentences; see examine_names() */
	char directory[PATH_MAX], file[PATH_MAX + 256];
	size_t rows, spelling, no_address, no_stamp, future; /* see examine_row() */
	size_t nul; /* rows that end with one */
	char examples[4][64];
};

/* Calls each for one finding: FINDING, and the sentence. */
void examine_report(const struct examine *examine, struct relaydb_finding finding,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Finds out the names that sentences have, of LOCATION's open directory. */
void examine_names(struct examine *examine, const struct location *location);

/* Reports that there is no directory, as relaydb_error() says. */
void examine_no_directory(const struct examine *examine);

/* Reports that there is no file. */
void examine_missing(const struct examine *examine);

/* Looks at directory and file.  Returns RELAYDB_OK with *fd open for reading
 * and *st if there is something to read; NOTFOUND when a finding says why there
 * is nothing; else IO, NOMEM. */
int examine_location(struct examine *examine, struct location *location, int *fd, struct stat *st);

/* Counts a row; for a walk over all of them. ARG is a struct examine. */
int examine_row(struct bytes key, struct bytes value, void *arg);

/* Reports what was counted. */
void examine_rows(const struct examine *examine);

/* Reports that the file is damaged, or whole but of another system, as
 * relaydb_error() says. */
void examine_damage(const struct examine *examine);

#endif
