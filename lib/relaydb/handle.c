/* SPDX-License-Identifier: BSD-2-Clause
 *
 * handle.c - what every call does to its handle: the deadline, the clock, and
 * the sentence about the last error.  See handle.h
 */
#include "handle.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t db_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void db_deadline(struct relaydb *db)
{
	db->deadline = db_clock_ms() + (db->timeout_ms > 0 ? db->timeout_ms : 0);
}

void db_begin(struct relaydb *db)
{
	*db->error = *db->notice = '\0';
	db->system_error = 0;
	db->foreign = false;
	db_deadline(db);
}

int db_begin_guard(void)
{
	int guard = PTHREAD_CANCEL_ENABLE;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &guard);
	return guard;
}

void db_end_guard(int guard)
{
	pthread_setcancelstate(guard, &guard);
}

int db_fail(struct relaydb *db, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(db->error, sizeof db->error, format, args);
	va_end(args);
	db->system_error = 0;
	db->foreign = false;
	return code;
}

int db_no_entry(struct relaydb *db, const char *address)
{
	return db_fail(db, RELAYDB_NOENTRY, "the row of %s in %s is no entry: its value is no time",
	    address, db->path);
}

void db_fail_more(struct relaydb *db, const char *text)
{
	size_t used = strlen(db->error);

	snprintf(db->error + used, sizeof db->error - used, "%s", text);
}

int db_fail_errno(struct relaydb *db, const char *act, const char *suffix, int error)
{
	int code = RELAYDB_IO;
	char buf[128];

	if (error == EACCES || error == EPERM || error == EROFS)
		code = RELAYDB_PERM;
	else if (error == ENOMEM)
		code = RELAYDB_NOMEM;
	else if (error == ENOENT || error == ENOTDIR)
		code = RELAYDB_NOFILE;
	db_fail(db, code, "cannot %s %s%s: %s", act, db->path, suffix,
	    strerror_r(error, buf, sizeof buf));
	db->system_error = error;
	return code;
}

void db_notice(struct relaydb *db, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(db->notice, sizeof db->notice, format, args);
	va_end(args);
}
