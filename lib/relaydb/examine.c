/* SPDX-License-Identifier: BSD-2-Clause
 *
 * examine.c - what is to be said of a database, see examine.h
 */
#include "examine.h"
#include "handle.h"
#include "location.h"
#include "rows.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SPELLING, NO_ADDRESS, NO_STAMP, FUTURE };

void examine_report(
    const struct examine *examine, struct relaydb_finding finding, const char *format, ...)
{
	char what[3 * PATH_MAX + sizeof examine->db->error];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	finding.what = what;
	examine->each(&finding, examine->arg);
}

void examine_names(struct examine *examine, const struct location *location)
{
	char link[64];
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", location->dir);
	size = readlink(link, examine->directory, sizeof examine->directory - 1);
	examine->directory[size > 0 ? size : 0] = '\0';
	snprintf(examine->file, sizeof examine->file, "%s/%s", examine->directory, location->name);
}

/* Who but the directory's owner and root may write here? */
static void examine_writers(
    const struct examine *examine, const struct location *location, const struct stat *st)
{
	struct relaydb_finding finding = { .severity = RELAYDB_FAULT,
		.fix = RELAYDB_FIX_OWNER,
		.path = examine->file,
		.uid = location->directory.st_uid,
		.gid = location->directory.st_gid,
		.mode = 0640 };

	if ((location->directory.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		examine_report(examine,
		    (struct relaydb_finding){ .severity = RELAYDB_FAULT,
			.fix = RELAYDB_FIX_CLOSE,
			.path = examine->directory },
		    "the directory %s is writable by %s (mode %04o): nothing is recorded",
		    examine->directory,
		    location->directory.st_mode & S_IWOTH ? "everybody" : "its group",
		    location->directory.st_mode & 07777u);
	if (st == NULL)
		return;
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		examine_report(examine, finding,
		    "%s is writable by %s (mode %04o): nothing is recorded", examine->file,
		    st->st_mode & S_IWOTH ? "everybody" : "its group", st->st_mode & 07777u);
	else if (st->st_uid != location->directory.st_uid)
		examine_report(examine, finding,
		    "%s belongs to uid %ld, its directory to uid %ld, so the recorder cannot write "
		    "it",
		    examine->file, (long)st->st_uid, (long)location->directory.st_uid);
}

static void examine_readers(
    const struct examine *examine, const struct location *location, const struct stat *st)
{
	struct relaydb_finding finding = { .severity = RELAYDB_WARNING,
		.fix = RELAYDB_FIX_MODE,
		.path = examine->file,
		.mode = 0640 };

	if ((st->st_mode & S_IROTH) != 0 && !examine->opens_itself)
		examine_report(examine, finding,
		    "everybody may read %s (mode %04o), so anybody can hold its lock and stop mail",
		    examine->file, st->st_mode & 07777u);
	if (!examine->opens_itself)
		return;
	if ((location->directory.st_mode & S_IXGRP) == 0)
		examine_report(examine,
		    (struct relaydb_finding){ .severity = RELAYDB_WARNING,
			.fix = RELAYDB_FIX_ENTER,
			.path = examine->directory },
		    "%s's user cannot enter the directory of %s", examine->reader, examine->file);
	if ((st->st_mode & S_IRGRP) == 0)
		examine_report(examine, finding,
		    "%s's user, a member of the file's group, cannot read %s (mode %04o)",
		    examine->reader, examine->file, st->st_mode & 07777u);
}

void examine_no_directory(const struct examine *examine)
{
	examine_report(examine,
	    (struct relaydb_finding){ .severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_DIRECTORY },
	    "%s", relaydb_error(examine->db));
}

void examine_missing(const struct examine *examine)
{
	examine_report(examine,
	    (struct relaydb_finding){
		.severity = RELAYDB_FAULT, .fix = RELAYDB_FIX_EMPTY, .path = examine->file },
	    "%s does not exist", examine->file);
}

void examine_damage(const struct examine *examine)
{
	examine_report(examine,
	    (struct relaydb_finding){ .severity = RELAYDB_FAULT,
		.fix = examine->db->foreign ? RELAYDB_FIX_FOREIGN : RELAYDB_FIX_DAMAGED,
		.path = examine->file },
	    "%s", relaydb_error(examine->db));
}

int examine_location(struct examine *examine, struct location *location, int *fd, struct stat *st)
{
	struct relaydb *db = examine->db;
	int code = location_open(db, location, false);

	*fd = -1;
	if (code == RELAYDB_NOFILE || code == RELAYDB_NOTDB) {
		examine_no_directory(examine);
		return RELAYDB_NOTFOUND;
	}
	if (code != RELAYDB_OK)
		return code;
	examine_names(examine, location);
	code = location_open_map(db, location, false, false, fd, st);
	if (code == RELAYDB_OK) {
		examine_writers(examine, location, st);
		examine_readers(examine, location, st);
		return code;
	}
	examine_writers(examine, location, NULL);
	if (code == RELAYDB_NOFILE) {
		examine_missing(examine);
		code = RELAYDB_NOTFOUND;
	} else if (code == RELAYDB_NOTDB) {
		examine_damage(examine);
		code = RELAYDB_NOTFOUND;
	}
	location_close(location);
	return code;
}

static void count(struct examine *examine, int kind, size_t *number, struct bytes key)
{
	char *example = examine->examples[kind];
	size_t size = key.size < sizeof examine->examples[kind] - 1
			  ? key.size
			  : sizeof examine->examples[kind] - 1;
	const unsigned char *p = key.data;

	if ((*number)++ > 0)
		return;
	for (size_t i = 0; i < size; i++)
		example[i] = (char)(p[i] < ' ' || p[i] >= 0x7f ? '?' : p[i]);
	example[size] = '\0';
}

int examine_row(struct bytes key, struct bytes value, void *arg)
{
	struct examine *examine = arg;
	struct row row;

	row_parse(key, value, &row);
	examine->rows++;
	examine->nul += row.nul;
	if (!row.address_ok)
		count(examine, NO_ADDRESS, &examine->no_address, row.key);
	else if (strlen(row.text) != row.key.size ||
		 memcmp(row.text, row.key.data, row.key.size) != 0)
		count(examine, SPELLING, &examine->spelling, row.key);
	if (row.address_ok && !row.entry)
		count(examine, NO_STAMP, &examine->no_stamp, row.key);
	if (row.entry && row.stamp > examine->now)
		count(examine, FUTURE, &examine->future, row.key);
	return 0;
}

void examine_rows(const struct examine *examine)
{
	struct relaydb_finding finding = { .severity = RELAYDB_WARNING, .path = examine->file };

	if (examine->spelling > 0)
		examine_report(examine,
		    (struct relaydb_finding){ .severity = RELAYDB_FAULT,
			.fix = RELAYDB_FIX_COMMIT,
			.path = examine->file },
		    "%zu of %zu rows have an address in a form that no mail server asks for, such "
		    "as %s",
		    examine->spelling, examine->rows, examine->examples[SPELLING]);
	finding.fix = RELAYDB_FIX_ROWS;
	if (examine->no_address > 0)
		examine_report(examine, finding,
		    "%zu of %zu rows are not for one address, such as %s; that never expires",
		    examine->no_address, examine->rows, examine->examples[NO_ADDRESS]);
	if (examine->no_stamp > 0)
		examine_report(examine, finding,
		    "%zu of %zu rows have a value that is no time, such as %s; that may relay for "
		    "ever",
		    examine->no_stamp, examine->rows, examine->examples[NO_STAMP]);
	finding.fix = RELAYDB_FIX_DELETE;
	if (examine->future > 0)
		examine_report(examine, finding,
		    "%zu of %zu rows have a time in the future, such as %s; that does not expire "
		    "before then",
		    examine->future, examine->rows, examine->examples[FUTURE]);
	examine_report(examine, (struct relaydb_finding){ .severity = RELAYDB_FINE },
	    "%s has %zu row%s", examine->file, examine->rows, examine->rows == 1 ? "" : "s");
}
