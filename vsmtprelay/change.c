/* SPDX-License-Identifier: BSD-2-Clause
 *
 * change.c - see change.h
 */
#include "change.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

int cmd_add(struct relaydb *db, const struct call *call)
{
	struct relaydb_batch *batch = NULL;
	struct relaydb_result result = { 0 };
	char address[RELAYDB_ADDRSTRLEN], other[RELAYDB_ADDRSTRLEN];
	int64_t now = (int64_t)time(NULL), stamp = now;
	int code, status;

	if (!take_address("add", call->arg[0], address))
		return EX_USAGE;
	if (call->n > 1 && relaydb_stamp(call->arg[1], &stamp) != RELAYDB_OK) {
		log_say(LOG_ERR,
		    "add: \"%.64s\" is not a time in whole seconds since 1970 (UTC), 0 to %" PRId64
		    "%s",
		    call->arg[1], RELAYDB_STAMP_MAX,
		    relaydb_address(call->arg[1], other) == RELAYDB_OK
			? "; add takes one address a call"
			: "");
		return EX_USAGE;
	}
	code = relaydb_batch_new(db, &batch);
	if (code == RELAYDB_OK)
		code = relaydb_batch_put(batch, address, stamp);
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, now, &result);
	status = report_result(db, code);
	if (code == RELAYDB_OK && result.committed)
		told_change(db, "add %s %" PRId64, address, stamp);
	relaydb_batch_free(&batch);
	return status;
}

/* Reports which addresses were not there, and logs to syslog which are gone.
 * Both in the order of the arguments; repeated ones are NULL. */
static void tell_deleted(
    const struct relaydb *db, const struct relaydb_batch *batch, int n, char **arg)
{
	char address[RELAYDB_ADDRSTRLEN];
	const char *absent;
	size_t next = 0;

	for (int i = 0; i < n; i++) {
		if (arg[i] == NULL || relaydb_address(arg[i], address) != RELAYDB_OK)
			continue;
		absent = relaydb_batch_absent(batch, next);
		if (absent == NULL || strcmp(absent, address) != 0) {
			told_change(db, "delete %s", address);
			continue;
		}
		log_say(LOG_WARNING, "delete: %s is not in %s", address, relaydb_filename(db));
		next++;
	}
}

int cmd_delete(struct relaydb *db, const struct call *call)
{
	char **arg = call->arg;
	struct relaydb_batch *batch = NULL;
	struct relaydb_result result;
	char address[RELAYDB_ADDRSTRLEN];
	int n = call->n, code = RELAYDB_OK, status = EX_OK;

	for (int i = 0; i < n; i++)
		if (!take_address("delete", arg[i], address))
			status = EX_USAGE;
	if (status != EX_OK)
		return status;
	code = relaydb_batch_new(db, &batch);
	for (int i = 0; i < n && code == RELAYDB_OK; i++) {
		size_t count = relaydb_batch_count(batch);

		code = relaydb_batch_delete(batch, arg[i]);
		if (count == relaydb_batch_count(batch))
			arg[i] = NULL; /* named twice */
	}
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, (int64_t)time(NULL), &result);
	status = report_result(db, code);
	if (code == RELAYDB_OK) {
		tell_deleted(db, batch, n, arg);
		if (result.absent > 0)
			status = EXIT_PARTLY;
	}
	relaydb_batch_free(&batch);
	return status;
}

/* A word to somebody who sits before a terminal; cron would send it by mail. */
static void __attribute__((format(printf, 1, 2))) advise(const char *format, ...)
{
	va_list values;

	if (isatty(STDERR_FILENO) == 0)
		return;
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
}

int cmd_expire(struct relaydb *db, const struct call *call)
{
	struct relaydb_batch *batch = NULL;
	struct relaydb_result result = { 0 };
	int64_t before;
	int code, status;

	if (!take_minutes("expire", call->n, call->arg, &before))
		return EX_USAGE;
	if (call->n == 0)
		advise("expire: removing every entry up to now, whatever its age; expire 60 keeps "
		       "those of the last hour");
	code = relaydb_batch_new(db, &batch);
	if (code == RELAYDB_OK)
		code = relaydb_batch_expire(batch, before);
	if (code == RELAYDB_OK)
		code = relaydb_commit(batch, (int64_t)time(NULL), &result);
	status = report_result(db, code);
	if (code == RELAYDB_OK && result.expired > 0)
		told_change(db, "expired %zu entr%s older than %" PRId64 ", %zu row%s left",
		    result.expired, result.expired == 1 ? "y" : "ies", before, result.rows,
		    result.rows == 1 ? "" : "s");
	if (code == RELAYDB_OK)
		advise("expire: %zu entr%s removed, %zu row%s left", result.expired,
		    result.expired == 1 ? "y" : "ies", result.rows, result.rows == 1 ? "" : "s");
	relaydb_batch_free(&batch);
	return status;
}
