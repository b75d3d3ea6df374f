/* SPDX-License-Identifier: BSD-2-Clause
 *
 * convert.c - see convert.h
 *
 * The rows go as a dump through memory that belongs to no directory, since each
 * side may need a child of another user.
 */
#include "convert.h"

#include "command.h"
#include "load.h"
#include "log.h"
#include "output.h"
#include "owner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static int failed(const char *act)
{
	log_say(LOG_ERR, "convert: cannot %s: %s", act, strerror(errno));
	return EX_OSERR;
}

/* Every row of DB to the descriptor that ARG points to. */
static int write_dump(struct relaydb *db, void *arg)
{
	struct output output = { .before = RELAYDB_STAMP_MAX + 1 };
	int fd = dup(*(const int *)arg), code, status;

	output.to = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (output.to == NULL) {
		status = failed("keep rows in memory");
		if (fd >= 0)
			close(fd);
		return status;
	}
	code = relaydb_each(db, output_row, &output);
	status = output.error != 0 ? EX_OSERR : report_result(db, code);
	if (fclose(output.to) != 0 || output.error != 0) {
		if (output.error != 0)
			errno = output.error;
		return failed("keep rows in memory");
	}
	if (status == EX_OK && output.unwritten > 0) {
		log_say(LOG_ERR,
		    "convert: %zu rows of %.256s have a key or value that is no line of text "
		    "(\"dump\" shows them); "
		    "nothing was changed",
		    output.unwritten, relaydb_filename(db));
		return EX_DATAERR;
	}
	return status;
}

static int open_database(const char *path, struct relaydb **db)
{
	const struct relaydb_options options = { .path = path, .in_force = true };
	int code = relaydb_open(db, &options);

	if (code != RELAYDB_OK)
		log_say(LOG_ERR, "convert: cannot use the database \"%.256s\": %s", path,
		    relaydb_strcode(code));
	return exit_status(code);
}

static bool one_file(const char *from, const char *to)
{
	struct stat one, other;

	return strcmp(from, to) == 0 ||
	       (stat(from, &one) == 0 && stat(to, &other) == 0 && one.st_dev == other.st_dev &&
		   one.st_ino == other.st_ino);
}

static int copy(struct relaydb *from, struct relaydb *to)
{
	struct dump dump = { memfd_create("dump", MFD_CLOEXEC), "convert", relaydb_filename(from),
		false };
	int status;

	if (dump.fd < 0)
		return failed("keep rows in memory");
	status = owner_run(from, write_dump, &dump.fd);
	if (status == EX_OK && lseek(dump.fd, 0, SEEK_SET) != 0)
		status = failed("keep rows in memory");
	if (status == EX_OK)
		status = owner_run(to, load_dump, &dump);
	close(dump.fd);
	return status;
}

int cmd_convert(struct relaydb *none, const struct call *call)
{
	char **arg = call->arg;
	struct relaydb *from = NULL, *to = NULL;
	int status;

	(void)none;
	if (one_file(arg[0], arg[1])) {
		log_say(LOG_ERR, "convert: %.256s and %.256s are one file", arg[0], arg[1]);
		return EX_USAGE;
	}
	status = open_database(arg[0], &from);
	if (status == EX_OK)
		status = open_database(arg[1], &to);
	if (status == EX_OK)
		status = copy(from, to);
	relaydb_close(&from);
	relaydb_close(&to);
	return status;
}
