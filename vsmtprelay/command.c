/* SPDX-License-Identifier: BSD-2-Clause
 *
 * command.c - how the commands of vsmtprelay read arguments, and what a result
 * means to a shell, see command.h
 */
#include "command.h"

#include <inttypes.h>
#include <sysexits.h>
#include <time.h>

#include "duration.h"

#define MINUTES_MAX (RELAYDB_STAMP_MAX / 60)

/* What each code of the library means to a shell. */
static const int status_of[] = {
	[RELAYDB_OK] = EX_OK,
	[RELAYDB_NOTFOUND] = EXIT_PARTLY,
	[RELAYDB_BADADDR] = EX_DATAERR, /* in a dump; arguments were checked before */
	[RELAYDB_BADSTAMP] = EX_DATAERR,
	[RELAYDB_NOFILE] = EX_NOINPUT,
	[RELAYDB_NOTDB] = EX_DATAERR,
	[RELAYDB_LOCKED] = EX_TEMPFAIL,
	[RELAYDB_PERM] = EX_NOPERM,
	[RELAYDB_IO] = EX_IOERR,
	[RELAYDB_NOMEM] = EX_OSERR,
	[RELAYDB_UNCERTAIN] = EX_IOERR,
	[RELAYDB_NOENTRY] = EX_OK,
};

int exit_status(int code)
{
	if (code < 0 || (size_t)code >= sizeof status_of / sizeof *status_of)
		return EX_SOFTWARE;
	return status_of[code];
}

int report_result(const struct relaydb *db, int code)
{
	if (code != RELAYDB_OK)
		log_say(LOG_ERR, "%s", relaydb_error(db));
	else if (relaydb_notice(db)[0] != '\0')
		log_say(LOG_NOTICE, "%s", relaydb_notice(db));
	return exit_status(code);
}

bool take_address(const char *command, const char *text, char address[RELAYDB_ADDRSTRLEN])
{
	if (relaydb_address(text, address) == RELAYDB_OK)
		return true;
	log_say(LOG_ERR,
	    "%s: \"%.64s\" is not the IP address of a client, such as 192.0.2.7 or 2001:db8::7",
	    command, text);
	return false;
}

/* TEXT as a length of time in seconds: a number counts minutes, as it always
 * has, and one with units is that time. */
static bool take_length(const char *text, int64_t *seconds)
{
	int64_t minutes;

	if (relaydb_stamp(text, &minutes) != RELAYDB_OK)
		return duration_parse(text, seconds);
	if (minutes > MINUTES_MAX)
		return false;
	*seconds = 60 * minutes;
	return true;
}

bool take_minutes(const char *command, int n, char **arg, int64_t *before)
{
	int64_t now = (int64_t)time(NULL), length;
	char address[RELAYDB_ADDRSTRLEN];

	*before = now + 1;
	if (n == 0)
		return true;
	if (!take_length(arg[0], &length)) {
		log_say(LOG_ERR,
		    "%s: \"%.64s\" is not a number of minutes, 0 to %" PRId64
		    ", nor a time such as 90m or 1h%s",
		    command, arg[0], MINUTES_MAX,
		    relaydb_address(arg[0], address) == RELAYDB_OK ? "; get shows an address" : "");
		return false;
	}
	*before = now > length ? now - length : 0;
	return true;
}
