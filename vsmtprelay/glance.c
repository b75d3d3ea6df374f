/* SPDX-License-Identifier: BSD-2-Clause
 *
 * glance.c - see glance.h
 *
 * The child that reads as the owner hands its result over in memory that both
 * share; it can only be wrong about the database, which is the owner's.
 */
#include "glance.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

#include "log.h"
#include "output.h"
#include "owner.h"

struct reading {
	const char *address;
	int64_t now;
	struct glance *survey;
};

static void take_time(struct glance *survey, int64_t stamp, int64_t now)
{
	survey->entries++;
	if (stamp > now) {
		survey->future++;
		return;
	}
	if (survey->newest < stamp)
		survey->newest = stamp;
	if (survey->oldest == 0 || stamp < survey->oldest)
		survey->oldest = stamp;
}

static int read_row(const struct relaydb_row *row, void *arg)
{
	struct reading *reading = arg;
	struct glance *survey = reading->survey;
	char address[RELAYDB_ADDRSTRLEN], shown[LOG_ESCAPE_SIZE];

	survey->rows++;
	if (row->entry)
		take_time(survey, row->stamp, reading->now);
	if (reading->address == NULL || !output_address(row, address) ||
	    strcmp(address, reading->address) != 0)
		return 0;
	survey->found = true;
	survey->entry = row->entry;
	survey->stamp = row->stamp;
	for (size_t i = 0; i < row->value_size && strlen(survey->value) + 8 < GLANCE_VALUE; i++)
		strcat(survey->value, log_escape((unsigned char)row->value[i], shown));
	return 0;
}

static int read_all(struct relaydb *db, void *arg)
{
	struct reading *reading = arg;

	reading->survey->code = relaydb_each(db, read_row, reading);
	if (reading->survey->code != RELAYDB_OK)
		snprintf(
		    reading->survey->error, sizeof reading->survey->error, "%s", relaydb_error(db));
	return EX_OK;
}

void glance_take(struct relaydb *db, const char *address, int64_t now, struct glance *survey)
{
	struct glance *shared =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct reading reading = { address, now, shared };

	*survey = (struct glance){ .code = RELAYDB_NOMEM, .error = "out of memory" };
	if (shared == MAP_FAILED)
		return;
	*shared = (struct glance){ .code = RELAYDB_IO, .error = "cannot be read as its owner" };
	if (owner_run(db, read_all, &reading) == EX_OK)
		*survey = *shared;
	else
		survey->code = RELAYDB_IO, strcpy(survey->error, "cannot be read as its owner");
	munmap(shared, sizeof *shared);
}
