/* SPDX-License-Identifier: BSD-2-Clause
 *
 * load.c - see load.h
 */
#include "load.h"

#include "clock.h"
#include "command.h"
#include "log.h"
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* On a terminal: nothing in the first second, then a count, at most five times
 * a second. */
struct progress {
	int64_t next; /* when to show it again, in milliseconds of the monotonic clock */
	bool shown;
};

static int show_progress(size_t done, size_t total, void *arg)
{
	struct progress *progress = arg;
	int64_t now = clock_monotonic_ms();

	if (now >= progress->next) {
		if (total == 0)
			fprintf(stderr, "\r%zu lines read", done);
		else
			fprintf(stderr, "\r%zu of %zu rows stored", done, total);
		progress->next = now + 200;
		progress->shown = true;
	}
	return 0;
}

static void tell_permanent(const struct dump *dump, const struct relaydb_result *result)
{
	if (result->permanent == 0)
		return;
	if (!dump->lines)
		log_say(LOG_NOTICE,
		    "%s: %zu rows of %.256s are not \"address time\" pairs and will never expire",
		    dump->command, result->permanent, dump->name);
	else if (result->permanent == 1)
		log_say(LOG_NOTICE,
		    "%s: line %zu of %.256s is not an \"address time\" pair and will never expire",
		    dump->command, result->permanent_line, dump->name);
	else
		log_say(LOG_NOTICE,
		    "%s: %zu lines of %.256s are not \"address time\" pairs and will never expire; "
		    "the first is line %zu",
		    dump->command, result->permanent, dump->name, result->permanent_line);
}

int load_dump(struct relaydb *db, void *arg)
{
	struct progress progress = { .next = clock_monotonic_ms() + 1000 };
	const struct dump *dump = arg;
	struct relaydb_result result;
	int code = relaydb_load(db, dump->fd, (int64_t)time(NULL),
	    isatty(STDERR_FILENO) ? show_progress : NULL, &progress, &result);

	if (progress.shown)
		fputs("\r\033[K", stderr);
	if (code == RELAYDB_BADADDR || code == RELAYDB_BADSTAMP) {
		log_say(LOG_ERR, "%s: %.256s, %s; nothing was changed", dump->command, dump->name,
		    relaydb_error(db));
		return exit_status(code);
	}
	if (code == RELAYDB_OK)
		tell_permanent(dump, &result);
	if (code == RELAYDB_OK && result.committed)
		told_change(db, "%s: %zu row%s, %zu of them new, %zu with another value",
		    dump->command, result.rows, result.rows == 1 ? "" : "s", result.added,
		    result.changed);
	return report_result(db, code);
}

int cmd_load(struct relaydb *db, const struct call *call)
{
	char **arg = call->arg;
	bool from_file = call->n > 0 && strcmp(arg[0], "-") != 0;
	struct dump dump = { STDIN_FILENO, "load", from_file ? arg[0] : "standard input", true };
	struct stat st;
	int status;

	if (from_file) {
		dump.fd = open(arg[0], O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (dump.fd < 0) {
			status = errno == EACCES ? EX_NOPERM : EX_NOINPUT;
			log_say(LOG_ERR, "load: cannot open the dump \"%.256s\": %s", arg[0],
			    strerror(errno));
			return status;
		}
	}
	if (fstat(dump.fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		log_say(LOG_ERR, "load: %.256s is a directory, expected a dump", dump.name);
		status = EX_NOINPUT;
	} else
		status = owner_run(db, load_dump, &dump);
	if (from_file)
		close(dump.fd);
	return status;
}
