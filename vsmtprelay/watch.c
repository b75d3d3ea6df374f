/* SPDX-License-Identifier: BSD-2-Clause
 *
 * watch.c - see watch.h
 *
 * The database is read again when something happens in its directory, and at
 * least every two seconds, since a file system may not say so.  Of what was
 * printed the addresses of the last minute are kept: entries of the second in
 * which it was read last come again.
 */
#include "watch.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "human.h"
#include "json.h"
#include "table.h"

#define WAIT_MS 2000
#define OVERLAP 60 /* seconds: a recorder's clock or commit may be late */

struct shown {
	char address[RELAYDB_ADDRSTRLEN];
	int64_t stamp;
	UT_hash_handle hh;
};

struct watch {
	bool json, first;
	int64_t since;
	struct shown *shown;
};

/* Is this the first time that ADDRESS has STAMP?  Without memory it may be
 * printed twice. */
static bool is_new(struct watch *watch, const char *address, int64_t stamp)
{
	struct shown *shown;

	HASH_FIND_STR(watch->shown, address, shown);
	if (shown != NULL) {
		bool later = shown->stamp != stamp;

		shown->stamp = stamp;
		return later;
	}
	shown = calloc(1, sizeof *shown);
	if (shown == NULL)
		return true;
	snprintf(shown->address, sizeof shown->address, "%s", address);
	shown->stamp = stamp;
	HASH_ADD_STR(watch->shown, address, shown);
	if (!TABLE_HAS(shown))
		free(shown);
	return true;
}

static int take_row(const struct relaydb_row *row, void *arg)
{
	struct watch *watch = arg;
	char date[HUMAN_TIME];
	struct json json = { .to = stdout, .flat = true };

	if (!is_new(watch, row->address, row->stamp) || watch->first)
		return 0;
	if (!watch->json) {
		printf("%s  %s\n", human_time(row->stamp, date), row->address);
		return 0;
	}
	json_object(&json);
	json_member(&json, "address", row->address);
	json_member_number(&json, "time", row->stamp);
	json_end_object(&json);
	return 0;
}

/* Forgets what comes no more. */
static void forget(struct watch *watch)
{
	struct shown *shown, *next;

	HASH_ITER(hh, watch->shown, shown, next)
	{
		if (shown->stamp >= watch->since)
			continue;
		HASH_DEL(watch->shown, shown);
		free(shown);
	}
}

/* Waits for a change near FILE, or for standard output to lose its reader.
 * Returns false in that case. */
static bool wait_for_change(int notify)
{
	struct pollfd wait[] = { { notify, POLLIN, 0 }, { STDOUT_FILENO, 0, 0 } };
	char events[4096];

	poll(wait, 2, WAIT_MS);
	while (notify >= 0 && read(notify, events, sizeof events) > 0)
		;
	return (wait[1].revents & (POLLERR | POLLHUP)) == 0;
}

static int notify_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	char directory[4096];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(directory, sizeof directory, "%.*s", slash != NULL ? (int)(slash - file + 1) : 1,
	    slash != NULL ? file : ".");
	if (fd >= 0 && inotify_add_watch(fd, directory,
			   IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int cmd_watch(struct relaydb *db, const struct call *call)
{
	struct watch watch = { .json = (call->options & OPTION_JSON) != 0, .first = true };
	int notify = notify_of(relaydb_filename(db)), code;

	do {
		watch.since = (int64_t)time(NULL) - OVERLAP;
		forget(&watch);
		code = relaydb_entries(db, watch.since, take_row, &watch);
		if (code == RELAYDB_NOFILE && !watch.first)
			code = RELAYDB_OK; /* it comes back */
		watch.first = false;
	} while (code == RELAYDB_OK && fflush(stdout) == 0 && wait_for_change(notify));
	watch.since = INT64_MAX;
	forget(&watch);
	if (notify >= 0)
		close(notify);
	return report_result(db, code);
}
