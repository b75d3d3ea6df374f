/* SPDX-License-Identifier: BSD-2-Clause
 *
 * tcpserver.c - see tcpserver.h
 *
 * The entries go through memory that belongs to no directory, since a child of
 * another user may have to read the database (owner_run()).
 */
#include "tcpserver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "owner.h"
#include "tcprules.h"

#define WINDOW "60"
#define FUTURE 5 /* seconds by which the clock of who recorded it may be ahead */
#define WAIT_MS 10000

struct wanted {
	int fd;
	int64_t since;
	FILE *to;
};

static int status_of(enum tcprules_code code, const char *why)
{
	static const int status[] = {
		[TCPRULES_OK] = EX_OK,
		[TCPRULES_NORULES] = EX_NOINPUT,
		[TCPRULES_BADRULES] = EX_DATAERR,
		[TCPRULES_BUSY] = EX_TEMPFAIL,
		[TCPRULES_FAILED] = EX_CANTCREAT,
	};

	if (code != TCPRULES_OK)
		log_say(LOG_ERR, "tcprules: %s", why);
	return status[code];
}

static int failed(void)
{
	log_say(LOG_ERR, "tcprules: cannot keep the entries in memory: %s", strerror(errno));
	return EX_OSERR;
}

static int write_entry(const struct relaydb_row *row, void *arg)
{
	const struct wanted *wanted = arg;

	if (row->stamp <= (int64_t)time(NULL) + FUTURE)
		fprintf(wanted->to, "%s\n", row->address);
	return 0;
}

static int write_entries(struct relaydb *db, void *arg)
{
	struct wanted *wanted = arg;
	int fd = dup(wanted->fd), code;
	bool good;

	wanted->to = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (wanted->to == NULL) {
		if (fd >= 0)
			close(fd);
		return failed();
	}
	code = relaydb_entries(db, wanted->since, write_entry, wanted);
	good = ferror(wanted->to) == 0;
	if (fclose(wanted->to) != 0 || !good)
		return failed();
	return report_result(db, code);
}

static bool take_entries(struct tcprules *tcprules, int fd)
{
	char line[RELAYDB_ADDRSTRLEN + 1];
	FILE *from = lseek(fd, 0, SEEK_SET) == 0 ? fdopen(dup(fd), "r") : NULL;

	if (from == NULL)
		return false;
	while (fgets(line, sizeof line, from) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		tcprules_relay(tcprules, line);
	}
	fclose(from);
	return true;
}

/* The lock on the cdb comes first: who writes it last has read last. */
static int build(struct relaydb *db, const struct call *call, struct wanted *wanted)
{
	char why[TCPRULES_WHY];
	struct tcprules *tcprules;
	int status =
	    status_of(tcprules_begin(&tcprules, call->arg[0], call->arg[1], WAIT_MS, why), why);

	if (status != EX_OK)
		return status;
	status = owner_run(db, write_entries, wanted);
	if (status == EX_OK && !take_entries(tcprules, wanted->fd))
		status = failed();
	if (status != EX_OK) {
		tcprules_drop(&tcprules);
		return status;
	}
	return status_of(tcprules_finish(&tcprules, NULL, why), why);
}

int cmd_tcprules(struct relaydb *db, const struct call *call)
{
	char *window = call->n > 2 ? call->arg[2] : (char[]){ WINDOW };
	struct wanted wanted = { .fd = -1 };
	int status;

	if (!take_minutes(call->command->name, 1, &window, &wanted.since))
		return EX_USAGE;
	wanted.fd = memfd_create("entries", MFD_CLOEXEC);
	if (wanted.fd < 0)
		return failed();
	status = build(db, call, &wanted);
	close(wanted.fd);
	return status;
}
